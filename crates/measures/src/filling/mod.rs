//! Roads: completing the samples that have no reading from those that have one.
//!
//! A *lane* is one camera side of one way of one town, its samples in sequence order. Between two readings of a lane
//! the missing ones are interpolated; a lane without any reading can borrow from the other side of its way and from
//! connected ways; or the whole town is predicted by kriging. A reading is never changed.

mod along_lane;
mod borrowing;
mod connections;
mod ground;
mod kriging;
mod lane;
mod roads;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::Coord;

pub(crate) use roads::RoadColumns;
pub use roads::fill_roads;

/// How to fill the samples of roads that have no reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Filling {
    /// How a missing reading is found.
    pub method: Method,
    /// What interpolation measures nearness by.
    pub distance: Distance,
    /// Where interpolation turns for a way and side without any reading.
    pub fallback: Fallback,
}

/// How a missing reading is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Straight between the readings before and after it on the same way and side; the nearest one beyond both ends.
    #[default]
    Interpolate,
    /// By all readings near the place that the camera looks at, weighted by how alike such places are. It fills every
    /// sample of a town that has one reading.
    Kriging,
}

/// What interpolation measures nearness by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Distance {
    /// Metres along the road.
    #[default]
    Road,
    /// Positions in the list of samples, whatever their spacing.
    Index,
}

/// Where interpolation turns for a way and side without any reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fallback {
    /// Nowhere: its samples stay without a value.
    #[default]
    None,
    /// To the other side of the same way.
    OtherSide,
    /// To the other side, and then to the ways that share a node with it, and to theirs.
    Connected,
    /// To all of these, and last to the nearest reading of the town, so that every sample of a town with a reading is filled.
    Nearest,
}

/// Where and how a sample of a road is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RoadSample<'a> {
    /// Its town; samples of other towns never help to fill it.
    pub town: Option<&'a str>,
    /// The way that it lies on.
    pub way: i64,
    /// Camera direction: `left`, `right`, `leftup`, `rightup` or any other.
    pub side: &'a str,
    /// Position on the way; only the order counts.
    pub sequence: i64,
    /// Longitude and latitude, WGS 84.
    pub place: Coord,
    /// Where the camera looks, degrees clockwise from north; kriging works it out for left and right where it is not
    /// known.
    pub heading: Option<f64>,
    /// Metres along the way; the straight distances between the samples are added up where it is not known.
    pub distance_m: Option<f64>,
}

/// A sample's value after filling.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Filled {
    /// Its own reading, unchanged, or what was predicted.
    pub value: Option<f64>,
    /// Where the value comes from; `None` where there is none.
    pub from: Option<FilledFrom>,
    /// Metres to the nearest reading that the value rests on: 0 for a reading, along the road where it was
    /// interpolated, straight elsewhere.
    pub support_m: Option<f64>,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FilledFrom {
    /// It is the sample's own reading.
    Reading,
    /// Interpolated along its way and side.
    Way,
    /// From the other side of its way.
    OtherSide,
    /// From connected ways.
    Connected,
    /// From the readings near, or the nearest one.
    Nearby,
}

impl FilledFrom {
    /// As it stands in a table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Way => "way",
            Self::OtherSide => "other_side",
            Self::Connected => "connected",
            Self::Nearby => "nearby",
        }
    }
}

/// Fills the samples of roads whose reading is missing; one result a sample, in their order.
///
/// `readings` stand beside `samples`; NaN counts as missing and negative readings as 0 wherever they help to fill
/// others. `connections` are pairs of ways that share a node, for [`Fallback::Connected`]; where they are not known,
/// ways of a town are taken as connected whose samples come within two spacings of each other.
#[must_use]
pub fn fill(
    samples: &[RoadSample<'_>],
    readings: &[Option<f64>],
    filling: &Filling,
    connections: Option<&[(i64, i64)]>,
) -> Vec<Filled> {
    let readings: Vec<Option<f64>> = readings
        .iter()
        .map(|reading| reading.filter(|value| !value.is_nan()))
        .collect();
    let mut filled: Vec<Filled> = readings
        .iter()
        .map(|reading| match reading {
            Some(value) => Filled {
                value: Some(*value),
                from: Some(FilledFrom::Reading),
                support_m: Some(0.0),
            },
            None => Filled::default(),
        })
        .collect();
    filled.resize(samples.len(), Filled::default());
    let mut towns: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (row, sample) in samples.iter().enumerate() {
        towns.entry(sample.town).or_default().push(row);
    }
    for rows in towns.into_values() {
        let town = lane::Town::new(samples, &rows);
        match filling.method {
            Method::Kriging => kriging::fill(&town, &mut filled),
            Method::Interpolate => {
                along_lane::fill(&town, filling.distance, &mut filled);
                if filling.fallback != Fallback::None {
                    borrowing::from_other_side(&town, &mut filled);
                }
                if matches!(filling.fallback, Fallback::Connected | Fallback::Nearest) {
                    borrowing::from_connected(&town, connections, &mut filled);
                }
                if filling.fallback == Fallback::Nearest {
                    borrowing::from_nearest(&town, &mut filled);
                }
            }
        }
    }
    filled
}

/// A reading as it counts for others.
fn counted(value: f64) -> f64 {
    value.max(0.0)
}
