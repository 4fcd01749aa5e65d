//! Which ways are roads to walk, and what is kept of their tags.

use std::collections::HashMap;
use std::num::NonZeroU32;

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

/// Tags of OpenStreetMap, by key.
pub(crate) trait Tags {
    /// The value of a key.
    fn tag(&self, key: &str) -> Option<&str>;
}

impl Tags for HashMap<&str, &str> {
    fn tag(&self, key: &str) -> Option<&str> {
        self.get(key).copied()
    }
}

/// Whether a way is a road to walk: one of `highways`, no junction, not unpaved, and at worst a
/// track of the first grade.
pub(crate) fn is_road(tags: &impl Tags, highways: &[String]) -> bool {
    tags.tag("highway")
        .is_some_and(|value| highways.iter().any(|highway| highway == value))
        && is_street(tags)
}

/// The conditions of [`is_road`] beside its `highway`.
pub(crate) fn is_street(tags: &impl Tags) -> bool {
    tags.tag("junction").is_none()
        && tags
            .tag("surface")
            .is_none_or(|surface| !UNPAVED.contains(&surface))
        && tags.tag("tracktype").is_none_or(|grade| grade == "grade1")
}

/// Whether a way with these tags is an area if it is closed.
pub(crate) fn is_area_if_closed(tags: &impl Tags) -> bool {
    match tags.tag("area") {
        Some(area) => area == "yes",
        None => OF_AREAS.iter().any(|key| tags.tag(key).is_some()),
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

/// One digit from 1 to 9; anything else says nothing certain.
pub(crate) fn lanes(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [digit @ b'1'..=b'9'] => Some(digit - b'0'),
        _ => None,
    }
}

/// Miles per hour: `30 mph` and `30mph` are 30; a plain number is kilometres per hour.
pub(crate) fn speed_limit_mph(text: &str) -> Option<u16> {
    const MILES_PER_KILOMETRE: f64 = 1.0 / 1.609_344;
    let text = text.trim();
    let (number, scale) = match text.strip_suffix("mph") {
        Some(number) => (number.trim_end(), 1.0),
        None => (text, MILES_PER_KILOMETRE),
    };
    let plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let speed = number.parse::<f64>().ok().filter(|_| plain)? * scale;
    // a limit beyond 65,535 is none
    (speed <= f64::from(u16::MAX)).then_some(speed.round() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roads_are_told_from_other_ways() {
        let highways = ["residential".to_owned(), "primary".to_owned()];
        let road = |tags: &[(&'static str, &'static str)]| {
            is_road(&tags.iter().copied().collect::<HashMap<_, _>>(), &highways)
        };
        assert!(road(&[("highway", "residential")]));
        assert!(road(&[("highway", "primary"), ("surface", "asphalt")]));
        assert!(road(&[("highway", "primary"), ("tracktype", "grade1")]));
        assert!(!road(&[("highway", "motorway")]));
        assert!(!road(&[("building", "residential")]));
        assert!(!road(&[
            ("highway", "residential"),
            ("junction", "roundabout")
        ]));
        assert!(!road(&[("highway", "primary"), ("tracktype", "grade2")]));
        for surface in UNPAVED {
            assert!(
                !road(&[("highway", "residential"), ("surface", surface)]),
                "{surface}"
            );
        }
    }

    #[test]
    fn closed_ways_are_roads_unless_they_are_areas() {
        let area = |tags: &[(&'static str, &'static str)]| {
            is_area_if_closed(&tags.iter().copied().collect::<HashMap<_, _>>())
        };
        assert!(area(&[("highway", "residential"), ("amenity", "parking")]));
        assert!(area(&[("highway", "residential"), ("area", "yes")]));
        assert!(!area(&[
            ("highway", "residential"),
            ("amenity", "parking"),
            ("area", "no")
        ]));
        assert!(!area(&[
            ("highway", "residential"),
            ("name", "Fingastrasse")
        ]));
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
            ("30 km/h", None),
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
