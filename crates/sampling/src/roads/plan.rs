//! Settings of a plan of roads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tags::Rule;
use super::views::{View, views};
use crate::{Error, Result};

/// A point every so many metres along roads, directions to look from it, and an order to visit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoadPlan {
    /// The roads: a path or an object key of an OpenStreetMap extract (`.osm.pbf`, `.osm`, `.osm.gz`,
    /// `.osm.bz2`), of a table of lines, or of a CSV of road points with their bearing.
    pub file: String,
    /// The towns: polygons that the points are cut to; every point is kept when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub areas: Option<String>,
    /// Column with the name of each town.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area_name: Option<String>,
    /// Metres between the points of a road.
    #[serde(default = "default_interval_m")]
    pub interval_m: f64,
    /// How the points of different ways follow each other.
    #[serde(default, skip_serializing_if = "Spacing::is_default")]
    pub spacing: Spacing,
    /// Directions to look, seen from the way, one sample each. Left and right where neither this nor
    /// `headings` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sides: Option<Vec<Side>>,
    /// Directions to look, degrees clockwise from north, one sample each for each of `pitches`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headings: Vec<f64>,
    /// Degrees above the horizon for `headings`; 0 where not given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pitches: Vec<f64>,
    /// Values of OpenStreetMap's `highway` that are roads to walk.
    #[serde(default = "default_highways")]
    pub highways: Vec<String>,
    /// Tags whose ways are left out: `tunnel=yes`, `service=driveway,alley`, or a key alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Whether ways are left out that are closed to the public.
    #[serde(default, skip_serializing_if = "Access::is_default")]
    pub access: Access,
    /// Order of the visits.
    #[serde(default)]
    pub order: Order,
    /// Joins ways of one name that meet end to end into one road, which then has the id of its first way.
    #[serde(default)]
    pub join_ways: bool,
    /// Reproduces the spacing of an earlier study.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compat: Option<Compat>,
}

fn default_interval_m() -> f64 {
    10.0
}

fn default_highways() -> Vec<String> {
    [
        "primary",
        "secondary",
        "tertiary",
        "unclassified",
        "residential",
    ]
    .map(String::from)
    .to_vec()
}

/// A direction to look from a point of a road.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// To the left of the way's direction.
    Left,
    /// To the right.
    Right,
    /// To the left, 45 degrees up.
    Leftup,
    /// To the right, 45 degrees up.
    Rightup,
    /// Straight up.
    Up,
    /// Along the way.
    Ahead,
}

impl Side {
    /// The name in plans, samples and ids.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Leftup => "leftup",
            Self::Rightup => "rightup",
            Self::Up => "up",
            Self::Ahead => "ahead",
        }
    }

    /// The side with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [
            Self::Left,
            Self::Right,
            Self::Leftup,
            Self::Rightup,
            Self::Up,
            Self::Ahead,
        ]
        .into_iter()
        .find(|side| side.name() == name)
    }

    /// Heading of the camera, degrees clockwise from north in `[0, 360)` with two decimals, where
    /// the way goes to `bearing`.
    #[must_use]
    pub fn heading(self, bearing: f64) -> f64 {
        self.heading_of(hundredths(bearing))
    }

    /// The same from a bearing in hundredths of a degree.
    pub(crate) fn heading_of(self, bearing: u16) -> f64 {
        let turn = match self {
            Self::Left | Self::Leftup => 27_000,
            Self::Right | Self::Rightup => 9_000,
            Self::Up | Self::Ahead => 0,
        };
        f64::from((u32::from(bearing) + turn) % 36_000) / 100.0
    }

    /// Degrees above the horizon.
    #[must_use]
    pub fn pitch(self) -> f64 {
        match self {
            Self::Left | Self::Right | Self::Ahead => 0.0,
            Self::Leftup | Self::Rightup => 45.0,
            Self::Up => 90.0,
        }
    }
}

/// A direction in hundredths of a degree, 0 to 35,999: two decimals that never print 360.00.
pub(crate) fn hundredths(degrees: f64) -> u16 {
    let rounded = (degrees.rem_euclid(360.0) * 100.0).round();
    // at most 36 000 by construction; NaN becomes 0
    (rounded as u16) % 36_000
}

/// How the points of different ways follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Spacing {
    /// Every way by itself: the first point one interval from its start, none on the rest, one in the
    /// middle of a way no longer than the interval.
    #[default]
    Way,
    /// What is left at the end of a way is carried on to the way that continues the street, and from
    /// the end of a street to the next: as many points as the network holds intervals.
    Carry,
}

impl Spacing {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Which ways are walked by who may use them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// All of them.
    #[default]
    Any,
    /// Not those with `access` private, no, customers, delivery, permit, residents, military,
    /// agricultural or forestry, unless `foot`, `vehicle`, `motor_vehicle` or `bicycle` opens them.
    Public,
}

impl Access {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Order of the visits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Every road is folded in half again and again: first all middles, then the middles of the halves.
    #[default]
    Fold,
    /// The longest stretch of the town without a sample comes next.
    Gap,
}

/// An earlier study whose spacing is reproduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Compat {
    /// Distances as if latitude and longitude were swapped, as the Office for National Statistics
    /// measured the streets of 112 towns in 2017: 10 m are 6.3 m on British east-west streets.
    #[serde(rename = "ons-2017")]
    Ons2017,
}

impl RoadPlan {
    /// A plan for `file` with the default for everything else.
    #[must_use]
    pub fn of(file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            areas: None,
            area_name: None,
            interval_m: default_interval_m(),
            spacing: Spacing::default(),
            sides: None,
            headings: Vec::new(),
            pitches: Vec::new(),
            highways: default_highways(),
            exclude: Vec::new(),
            access: Access::default(),
            order: Order::default(),
            join_ways: false,
            compat: None,
        }
    }

    /// The directions to look from every point.
    pub(crate) fn views(&self) -> Result<Vec<View>> {
        let default: &[Side] = &[Side::Left, Side::Right];
        let sides = match &self.sides {
            Some(sides) => sides,
            None if self.headings.is_empty() => default,
            None => &[],
        };
        views(sides, &self.headings, &self.pitches)
    }

    /// Checks everything that can be known without the data.
    ///
    /// # Errors
    /// [`Error::Setting`] names the field.
    pub fn check(&self) -> Result<()> {
        if self.file.is_empty() {
            return Err(Error::setting("file", "names no input"));
        }
        // below a decimetre a map has nothing to tell apart, and the count has no end
        if !(self.interval_m >= 0.1 && self.interval_m.is_finite()) {
            return Err(Error::setting(
                "interval_m",
                format!("is {}; at least 0.1", self.interval_m),
            ));
        }
        self.views()?;
        if self.spacing == Spacing::Carry && self.compat.is_some() {
            return Err(Error::setting(
                "spacing",
                "is carry, yet the study that compat names walked every way by itself",
            ));
        }
        if let Some(rule) = self.exclude.iter().find(|rule| Rule::of(rule).is_none()) {
            return Err(Error::setting(
                "exclude",
                format!("has {rule:?}; KEY, KEY=VALUE or KEY=VALUE,VALUE, for instance tunnel=yes"),
            ));
        }
        if self.highways.is_empty() {
            return Err(Error::setting(
                "highways",
                "is empty; for instance residential",
            ));
        }
        match (&self.areas, &self.area_name) {
            (Some(_), None) => Err(Error::setting(
                "area_name",
                "is missing; the column of areas with the name of each town",
            )),
            (None, Some(_)) => Err(Error::setting(
                "areas",
                "is missing, yet area_name is given",
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_and_pitches_of_the_sides() {
        let table = [
            (Side::Left, 46.48, 316.48, 0.0),
            (Side::Right, 46.48, 136.48, 0.0),
            (Side::Left, 0.0, 270.0, 0.0),
            (Side::Left, 90.0, 0.0, 0.0),
            (Side::Right, 270.0, 0.0, 0.0),
            (Side::Right, 350.25, 80.25, 0.0),
            (Side::Leftup, 100.0, 10.0, 45.0),
            (Side::Rightup, 100.0, 190.0, 45.0),
            (Side::Up, 100.0, 100.0, 90.0),
            (Side::Ahead, 100.0, 100.0, 0.0),
        ];
        for (side, bearing, heading, pitch) in table {
            assert_eq!(side.heading(bearing), heading, "{side:?} {bearing}");
            assert_eq!(side.pitch(), pitch);
            assert_eq!(Side::named(side.name()), Some(side));
        }
    }

    #[test]
    fn a_direction_never_prints_360() {
        for degrees in [359.995, 359.999_999, 360.0, -0.0, -0.004, 720.0] {
            assert_eq!(
                format!("{:.2}", Side::Ahead.heading(degrees)),
                "0.00",
                "{degrees}"
            );
        }
        assert_eq!(Side::Ahead.heading(359.994), 359.99);
        assert_eq!(Side::Ahead.heading(-90.0), 270.0);
    }

    #[test]
    fn settings_at_odds_are_named() {
        let plan = RoadPlan::of("town.osm.pbf");
        assert!(plan.check().is_ok());
        let field = |plan: RoadPlan| match plan.check() {
            Err(Error::Setting { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            field(RoadPlan {
                interval_m: 0.0,
                ..plan.clone()
            }),
            "interval_m"
        );
        assert_eq!(
            field(RoadPlan {
                interval_m: f64::NAN,
                ..plan.clone()
            }),
            "interval_m"
        );
        assert_eq!(
            field(RoadPlan {
                sides: Some(vec![]),
                ..plan.clone()
            }),
            "sides"
        );
        for exclude in [vec!["=yes".to_owned()], vec!["tunnel=".to_owned()]] {
            assert_eq!(
                field(RoadPlan {
                    exclude,
                    ..plan.clone()
                }),
                "exclude"
            );
        }
        let compat = Some(Compat::Ons2017);
        let spacing = Spacing::Carry;
        assert_eq!(
            field(RoadPlan {
                compat,
                spacing,
                ..plan.clone()
            }),
            "spacing"
        );
        let twice = Some(vec![Side::Left, Side::Left]);
        assert_eq!(
            field(RoadPlan {
                sides: twice,
                ..plan.clone()
            }),
            "sides"
        );
        assert_eq!(
            field(RoadPlan {
                areas: Some("towns".into()),
                ..plan.clone()
            }),
            "area_name"
        );
        assert_eq!(
            field(RoadPlan {
                area_name: Some("name".into()),
                ..plan
            }),
            "areas"
        );
    }

    #[test]
    fn the_compat_name_is_that_of_the_study() {
        let plan: RoadPlan = serde_json::from_str(
            r#"{"file": "gb.osm.pbf", "compat": "ons-2017", "sides": ["left", "up"]}"#,
        )
        .unwrap();
        assert_eq!(plan.compat, Some(Compat::Ons2017));
        assert_eq!(plan.sides, Some(vec![Side::Left, Side::Up]));
        assert_eq!(plan.interval_m, 10.0);
    }
}
