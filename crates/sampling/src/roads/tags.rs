//! Which ways are roads to walk, and what is kept of their tags.

use std::collections::HashMap;
use std::num::NonZeroU32;

use super::plan::Access;

/// Surfaces of tracks, not of streets.
const UNPAVED: [&str; 8] = [
    "sand", "mud", "dirt", "earth", "ground", "grass", "wood", "metal",
];

/// Keys that make a closed way an area: a car park or a square, not a road that ends where it began.
const OF_AREAS: [&str; 8] = [
    "amenity",
    "building",
    "landuse",
    "leisure",
    "natural",
    "public_transport",
    "shop",
    "tourism",
];

/// Values of `access` that close a way to the public.
const CLOSED: [&str; 9] = [
    "private",
    "no",
    "customers",
    "delivery",
    "permit",
    "residents",
    "military",
    "agricultural",
    "forestry",
];

/// Keys that open a closed way to those who pass, and the values that do.
const OPENING_KEYS: [&str; 4] = ["foot", "vehicle", "motor_vehicle", "bicycle"];
const OPENING: [&str; 4] = ["yes", "permissive", "designated", "public"];

/// Tags of OpenStreetMap, by key.
pub(crate) trait Tags {
    /// The value of a key; the first where there are several.
    fn tag(&self, key: &str) -> Option<&str>;

    /// The first value of a key that is one of those wanted, where there may be several.
    fn find(&self, key: &str, wanted: &dyn Fn(&str) -> bool) -> Option<&str> {
        self.tag(key).filter(|value| wanted(value))
    }
}

impl Tags for HashMap<&str, &str> {
    fn tag(&self, key: &str) -> Option<&str> {
        self.get(key).copied()
    }
}

/// Which ways are roads to walk.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Filter {
    highways: Vec<String>,
    exclude: Vec<Rule>,
    access: Access,
}

/// A tag whose ways are left out: `tunnel=yes`, `service=driveway,alley`, or a key alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) key: String,
    /// None for any value.
    values: Vec<String>,
}

impl Rule {
    /// `KEY`, `KEY=*`, `KEY=VALUE` or `KEY=VALUE,VALUE`.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let (key, values) = text.split_once('=').unwrap_or((text, "*"));
        let values: Vec<String> = values.split(',').map(|v| v.trim().to_owned()).collect();
        let key = key.trim();
        if key.is_empty() || values.iter().any(String::is_empty) {
            return None;
        }
        let any = values.iter().any(|value| value == "*");
        Some(Self {
            key: key.to_owned(),
            values: if any { Vec::new() } else { values },
        })
    }
}

impl Filter {
    pub(crate) fn of(highways: &[String], exclude: &[String], access: Access) -> Self {
        Self {
            highways: highways.to_vec(),
            exclude: exclude.iter().filter_map(|text| Rule::of(text)).collect(),
            access,
        }
    }

    /// Whether a way of this class is wanted.
    pub(crate) fn has_class(&self, highway: &str) -> bool {
        self.highways.iter().any(|wanted| wanted == highway)
    }

    pub(crate) fn access(&self) -> Access {
        self.access
    }

    pub(crate) fn excluded_keys(&self) -> impl Iterator<Item = &str> {
        self.exclude.iter().map(|rule| rule.key.as_str())
    }

    /// Why a way is no road to walk; the first reason where there are several. `classed` is whether
    /// the class of a way is known at all.
    pub(crate) fn refusal(&self, tags: &impl Tags, classed: bool) -> Option<String> {
        if classed
            && tags
                .find("highway", &|value| self.has_class(value))
                .is_none()
        {
            return Some(match tags.tag("highway") {
                Some(class) => format!("highway={class} is not one of the highways asked for"),
                None => "it has no highway".to_owned(),
            });
        }
        if let Some(junction) = tags.tag("junction") {
            return Some(format!("junction={junction}"));
        }
        if let Some(surface) = tags.find("surface", &|value| UNPAVED.contains(&value)) {
            return Some(format!("surface={surface}"));
        }
        if let Some(grade) = tags.tag("tracktype").filter(|grade| *grade != "grade1") {
            return Some(format!("tracktype={grade}"));
        }
        for rule in &self.exclude {
            let named =
                |value: &str| rule.values.is_empty() || rule.values.iter().any(|v| v == value);
            if let Some(value) = tags.find(&rule.key, &named) {
                return Some(format!("excluded by {}={value}", rule.key));
            }
        }
        if self.access == Access::Public {
            let closed = tags.find("access", &|value| CLOSED.contains(&value));
            let opened = OPENING_KEYS
                .iter()
                .any(|key| tags.find(key, &|value| OPENING.contains(&value)).is_some());
            if let Some(access) = closed.filter(|_| !opened) {
                return Some(format!("access={access}"));
            }
        }
        None
    }
}

/// The tag that makes a closed way an area and no road that ends where it began.
pub(crate) fn area_if_closed(tags: &impl Tags) -> Option<String> {
    match tags.tag("area") {
        Some("yes") => Some("area=yes".to_owned()),
        Some(_) => None,
        None => OF_AREAS
            .iter()
            .find_map(|key| tags.tag(key).map(|value| format!("{key}={value}")))
            .map(|tag| format!("it is closed and has {tag}: an area, not a road")),
    }
}

/// A text of many roads, held once: its place among the texts, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Name(NonZeroU32);

/// The texts of the attributes of roads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    texts: Vec<String>,
    codes: HashMap<String, Name>,
}

impl Names {
    /// The name of a text; none of an empty one.
    pub(crate) fn name(&mut self, text: &str) -> Option<Name> {
        if text.is_empty() {
            return None;
        }
        if let Some(&name) = self.codes.get(text) {
            return Some(name);
        }
        self.texts.push(text.to_owned());
        let name = u32::try_from(self.texts.len())
            .ok()
            .and_then(NonZeroU32::new);
        let name = Name(name?);
        self.codes.insert(text.to_owned(), name);
        Some(name)
    }

    /// The text of a name.
    pub(crate) fn text(&self, name: Name) -> &str {
        self.texts
            .get(name.0.get() as usize - 1)
            .map_or("", String::as_str)
    }
}

/// What is kept of the tags of a road.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Attributes {
    pub(crate) road_name: Option<Name>,
    pub(crate) road_type: Option<Name>,
    pub(crate) sidewalk: Option<Name>,
    pub(crate) abutters: Option<Name>,
    pub(crate) lighting: Option<Name>,
    pub(crate) surface: Option<Name>,
    pub(crate) lanes: Option<u8>,
    /// Miles per hour.
    pub(crate) speed_limit: Option<u16>,
}

impl Attributes {
    /// The attributes in the tags of OpenStreetMap.
    pub(crate) fn of(tags: &impl Tags, names: &mut Names) -> Self {
        let mut name = |key| tags.tag(key).and_then(|text| names.name(text));
        Self {
            road_name: name("name"),
            road_type: name("highway"),
            sidewalk: name("sidewalk"),
            abutters: name("abutters"),
            lighting: name("lit"),
            surface: name("surface"),
            lanes: tags.tag("lanes").and_then(lanes),
            speed_limit: tags.tag("maxspeed").and_then(speed_limit_mph),
        }
    }
}

/// One digit from 1 to 9, as tables may write it (`2.0`); anything else says nothing certain.
pub(crate) fn lanes(text: &str) -> Option<u8> {
    match text.strip_suffix(".0").unwrap_or(text).as_bytes() {
        [digit @ b'1'..=b'9'] => Some(digit - b'0'),
        _ => None,
    }
}

/// Miles per hour: `30 mph` and `30mph` are 30; a number alone is kilometres per hour, as
/// OpenStreetMap has it, and so is `50 km/h`; `10 knots` are 12.
pub(crate) fn speed_limit_mph(text: &str) -> Option<u16> {
    const METRES_A_MILE: f64 = 1609.344;
    const UNITS: [(&str, f64); 6] = [
        ("mph", METRES_A_MILE),
        ("km/h", 1000.0),
        ("kmh", 1000.0),
        ("kph", 1000.0),
        ("knots", 1852.0),
        ("", 1000.0),
    ];
    let text = text.trim();
    let (number, metres) = UNITS
        .iter()
        .find_map(|(unit, metres)| Some((text.strip_suffix(unit)?.trim_end(), metres)))?;
    let plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let speed = number.parse::<f64>().ok().filter(|_| plain)? * metres / METRES_A_MILE;
    // a limit beyond 65,535 is none
    (speed <= f64::from(u16::MAX)).then_some(speed.round() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(filter: &Filter, tags: &[(&'static str, &'static str)]) -> Option<String> {
        filter.refusal(&tags.iter().copied().collect::<HashMap<_, _>>(), true)
    }

    #[test]
    fn roads_are_told_from_other_ways_with_one_reason_each() {
        let highways = ["residential".to_owned(), "primary".to_owned()];
        let filter = Filter::of(&highways, &[], Access::Any);
        let reason = |tags: &[(&'static str, &'static str)]| super::tests::reason(&filter, tags);
        assert_eq!(
            reason(&[("highway", "residential"), ("access", "private")]),
            None
        );
        assert_eq!(
            reason(&[("highway", "primary"), ("surface", "asphalt")]),
            None
        );
        assert_eq!(
            reason(&[("highway", "primary"), ("tracktype", "grade1")]),
            None
        );
        assert_eq!(
            reason(&[("highway", "motorway"), ("junction", "yes")]).unwrap(),
            "highway=motorway is not one of the highways asked for"
        );
        assert_eq!(
            reason(&[("building", "residential")]).unwrap(),
            "it has no highway"
        );
        assert_eq!(
            reason(&[("highway", "residential"), ("junction", "roundabout")]).unwrap(),
            "junction=roundabout"
        );
        assert_eq!(
            reason(&[("highway", "primary"), ("tracktype", "grade2")]).unwrap(),
            "tracktype=grade2"
        );
        for surface in UNPAVED {
            let tags = [("highway", "residential"), ("surface", surface)];
            assert_eq!(reason(&tags).unwrap(), format!("surface={surface}"));
        }
    }

    #[test]
    fn ways_are_excluded_by_tags_and_by_access() {
        let highways = ["residential".to_owned()];
        let rules = [
            "tunnel=yes".to_owned(),
            "service=driveway,alley".to_owned(),
            "toll".to_owned(),
        ];
        let filter = Filter::of(&highways, &rules, Access::Public);
        let with = |key, value| reason(&filter, &[("highway", "residential"), (key, value)]);
        assert_eq!(with("tunnel", "yes").unwrap(), "excluded by tunnel=yes");
        assert_eq!(with("tunnel", "building_passage"), None);
        assert_eq!(
            with("service", "alley").unwrap(),
            "excluded by service=alley"
        );
        assert_eq!(
            with("toll", "anything").unwrap(),
            "excluded by toll=anything"
        );
        assert_eq!(with("access", "private").unwrap(), "access=private");
        assert_eq!(with("access", "permissive"), None);
        let walked = [
            ("highway", "residential"),
            ("access", "no"),
            ("foot", "designated"),
        ];
        assert_eq!(reason(&filter, &walked), None);
        for wrong in ["", "=yes", "tunnel=", "tunnel=yes,"] {
            assert_eq!(Rule::of(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn closed_ways_are_roads_unless_they_are_areas() {
        let area = |tags: &[(&'static str, &'static str)]| {
            area_if_closed(&tags.iter().copied().collect::<HashMap<_, _>>())
        };
        let parking = area(&[("highway", "residential"), ("amenity", "parking")]);
        assert!(parking.unwrap().contains("amenity=parking"));
        assert!(area(&[("highway", "residential"), ("area", "yes")]).is_some());
        let not_area = [
            ("highway", "residential"),
            ("amenity", "parking"),
            ("area", "no"),
        ];
        assert_eq!(area(&not_area), None);
        assert_eq!(
            area(&[("highway", "residential"), ("name", "Fingastrasse")]),
            None
        );
    }

    #[test]
    fn speed_limits_are_miles_per_hour() {
        let table = [
            ("30 mph", Some(30)),
            ("30mph", Some(30)),
            (" 20 mph ", Some(20)),
            ("50", Some(31)),
            ("48", Some(30)),
            ("112", Some(70)),
            ("0", Some(0)),
            ("7.5 mph", Some(8)),
            ("none", None),
            ("walk", None),
            ("", None),
            ("mph", None),
            ("-30", None),
            ("1e3", None),
            ("inf", None),
            ("30;50", None),
            ("30 km/h", Some(19)),
            ("30kmh", Some(19)),
            ("10 knots", Some(12)),
            ("30.0", Some(19)),
            ("999999999999", None),
        ];
        for (text, expected) in table {
            assert_eq!(speed_limit_mph(text), expected, "{text:?}");
        }
    }

    #[test]
    fn lanes_are_one_digit() {
        let table = [
            ("2", Some(2)),
            ("9", Some(9)),
            ("0", None),
            ("12", None),
            ("2;3", None),
            ("", None),
            ("1.5", None),
            ("2.0", Some(2)),
        ];
        for (text, expected) in table {
            assert_eq!(lanes(text), expected, "{text:?}");
        }
    }

    #[test]
    fn attributes_share_their_texts() {
        let mut names = Names::default();
        let tags: HashMap<&str, &str> = [
            ("highway", "residential"),
            ("name", "Hawke Close"),
            ("lit", "yes"),
            ("lanes", "2"),
        ]
        .into();
        let first = Attributes::of(&tags, &mut names);
        let second = Attributes::of(&tags, &mut names);
        assert_eq!(first, second);
        assert_eq!(
            first.road_name.map(|name| names.text(name)),
            Some("Hawke Close")
        );
        assert_eq!((first.lanes, first.sidewalk), (Some(2), None));
    }
}
