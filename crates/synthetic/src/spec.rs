//! Which town is wished for.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// The largest town that is made. Ten million cells take a few seconds and 300 MB.
pub const MOST_CELLS: usize = 20_000_000;

/// How a town lies in its land.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// A round mainland with a town, villages, lakes and empty land, and two islands off it; the
    /// second is a small islet with fewer people than a survey cluster needs.
    Town,
    /// A long strip along a wavy shore, densest at the water, and two islands.
    Coast,
    /// Two winding valleys that meet; nobody lives on the ridge between them.
    TwoValleys,
    /// One core that holds most of the people, and thinly settled land around it.
    DenseCore,
    /// Up to twenty-four islands, the largest many times the smallest.
    ManyIslands,
    /// Scattered building footprints as polygons in hamlets and single farms, without any weight.
    Rooftops,
}

impl Shape {
    /// Every shape there is.
    pub const ALL: [Self; 6] = [
        Self::Town,
        Self::Coast,
        Self::TwoValleys,
        Self::DenseCore,
        Self::ManyIslands,
        Self::Rooftops,
    ];

    /// The name in settings and on the command line, such as `two-valleys`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Town => "town",
            Self::Coast => "coast",
            Self::TwoValleys => "two-valleys",
            Self::DenseCore => "dense-core",
            Self::ManyIslands => "many-islands",
            Self::Rooftops => "rooftops",
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Shape {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|shape| shape.name() == name)
            .ok_or_else(|| Error::UnknownShape {
                found: name.to_owned(),
                known: Self::ALL.map(Self::name).join(", "),
            })
    }
}

/// A wish for a town: the same wish always gives the same town.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TownSpec {
    /// How the town lies in its land.
    pub shape: Shape,
    /// Number of rows: inhabited lattice cells, or footprints for rooftops.
    pub cells: usize,
    /// Everything random follows from this number.
    pub seed: u64,
    /// Longitude of the town's middle, degrees.
    #[serde(default = "TownSpec::default_lon")]
    pub centre_lon: f64,
    /// Latitude of the town's middle, degrees, -70 to 70.
    #[serde(default = "TownSpec::default_lat")]
    pub centre_lat: f64,
    /// Mean number of people in a cell; does not concern rooftops.
    #[serde(default = "TownSpec::default_people_per_cell")]
    pub people_per_cell: f64,
}

impl TownSpec {
    /// A town at the default place, on Mindanao, with a quarter of a person in a cell on average,
    /// as the gridded populations of that province have it.
    #[must_use]
    pub fn new(shape: Shape, cells: usize, seed: u64) -> Self {
        Self {
            shape,
            cells,
            seed,
            centre_lon: Self::default_lon(),
            centre_lat: Self::default_lat(),
            people_per_cell: Self::default_people_per_cell(),
        }
    }

    /// The same town somewhere else.
    #[must_use]
    pub fn at(self, centre_lon: f64, centre_lat: f64) -> Self {
        Self {
            centre_lon,
            centre_lat,
            ..self
        }
    }

    fn default_lon() -> f64 {
        125.5
    }

    fn default_lat() -> f64 {
        7.9
    }

    fn default_people_per_cell() -> f64 {
        0.25
    }

    /// Checks what the numbers must hold to.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.cells > MOST_CELLS {
            return Err(Error::TooManyCells {
                cells: self.cells,
                most: MOST_CELLS,
            });
        }
        let (lon, lat) = (self.centre_lon, self.centre_lat);
        if !(-180.0..=180.0).contains(&lon) || !(-70.0..=70.0).contains(&lat) {
            return Err(Error::CentreOutOfRange { lon, lat });
        }
        if !self.people_per_cell.is_finite() || self.people_per_cell < 0.0 {
            return Err(Error::PeoplePerCell {
                found: self.people_per_cell,
            });
        }
        Ok(())
    }
}
