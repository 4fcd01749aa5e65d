//! Settings of a plan of points.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::roads::{View, views};
use crate::{Error, Result, Side};

/// Points of a user's own, a picture centred on each; at street level one for each direction to look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PointPlan {
    /// The points: a path or an object key of CSV with longitudes and latitudes, or of any other table
    /// of points.
    pub file: String,
    /// Column with the id of each point, unique; the number of the row, from 1, when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Column with a date of each point, which becomes the column `date` of the samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Directions to look: degrees clockwise from north, or `"road"` for sides of the nearest road.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headings: Option<Headings>,
    /// Degrees above the horizon for each heading; 0 where not given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pitches: Vec<f64>,
    /// With `headings = "road"`: directions seen from the road; left and right where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sides: Option<Vec<Side>>,
    /// With `headings = "road"`: the roads, an OpenStreetMap extract or a table of lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roads: Option<String>,
    /// Metres within which the nearest road of a point lies.
    #[serde(default = "default_road_m")]
    pub road_m: f64,
    /// Column with the stratum of each point; becomes the column `stratum` of the samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stratum: Option<String>,
    /// Further columns of the points that their samples keep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carry: Vec<String>,
}

/// Directions to look from points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Headings {
    /// Degrees clockwise from north.
    Degrees(Vec<f64>),
    /// Sides of the nearest road.
    Road(ToRoad),
}

/// The word for headings from the nearest road.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToRoad {
    /// `"road"`.
    Road,
}

fn default_road_m() -> f64 {
    50.0
}

/// Farthest nearest road.
const MOST_ROAD_M: f64 = 1000.0;

impl PointPlan {
    /// A plan for `file` with the default for everything else.
    #[must_use]
    pub fn of(file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            id: None,
            date: None,
            headings: None,
            pitches: Vec::new(),
            sides: None,
            roads: None,
            road_m: default_road_m(),
            stratum: None,
            carry: Vec::new(),
        }
    }

    /// Whether headings come from the nearest road.
    pub(crate) fn looks_from_roads(&self) -> bool {
        matches!(self.headings, Some(Headings::Road(_)))
    }

    /// The directions to look from every point; none for pictures from above.
    pub(crate) fn views(&self) -> Result<Vec<View>> {
        match &self.headings {
            None if self.pitches.is_empty() => Ok(Vec::new()),
            None => Err(Error::setting(
                "pitches",
                "go with headings, which are missing",
            )),
            Some(Headings::Degrees(degrees)) => {
                if degrees.is_empty() {
                    return Err(Error::setting(
                        "headings",
                        "is empty; for instance [0, 90, 180, 270]",
                    ));
                }
                views(&[], degrees, &self.pitches)
            }
            Some(Headings::Road(_)) if self.pitches.is_empty() => {
                let default = vec![Side::Left, Side::Right];
                views(self.sides.as_ref().unwrap_or(&default), &[], &[])
            }
            Some(Headings::Road(_)) => Err(Error::setting(
                "pitches",
                "go with headings in degrees; sides have theirs, for instance leftup",
            )),
        }
    }

    /// Checks everything that can be known without the data.
    ///
    /// # Errors
    /// [`Error::Setting`] names the field.
    pub fn check(&self) -> Result<()> {
        if self.file.is_empty() {
            return Err(Error::setting("file", "names no input"));
        }
        if !(self.road_m > 0.0 && self.road_m <= MOST_ROAD_M) {
            let problem = format!(
                "is {}; more than 0 and at most {MOST_ROAD_M} metres",
                self.road_m
            );
            return Err(Error::setting("road_m", problem));
        }
        self.views()?;
        match (self.looks_from_roads(), &self.roads, &self.sides) {
            (true, None, _) => Err(Error::setting(
                "roads",
                "is missing; headings = \"road\" needs an OpenStreetMap extract or a table of lines",
            )),
            (false, Some(_), _) => Err(Error::setting("roads", "needs headings = \"road\"")),
            (false, _, Some(_)) => Err(Error::setting("sides", "need headings = \"road\"")),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_degrees_or_the_word_road() {
        let plan = |json: &str| -> PointPlan { serde_json::from_str(json).unwrap() };
        let treepedia = plan(
            r#"{"file": "p.csv", "headings": [0, 60, 120, 180, 240, 300], "pitches": [-45, 0, 45]}"#,
        );
        treepedia.check().unwrap();
        assert_eq!(treepedia.views().unwrap().len(), 18);
        let road = plan(r#"{"file": "p.csv", "headings": "road", "roads": "t.osm.pbf"}"#);
        road.check().unwrap();
        let names: Vec<String> = road
            .views()
            .unwrap()
            .into_iter()
            .map(|view| view.name)
            .collect();
        assert_eq!(names, ["left", "right"]);
        assert_eq!(plan(r#"{"file": "p.csv"}"#).views().unwrap(), []);
    }

    #[test]
    fn settings_at_odds_are_named() {
        let field = |json: &str| {
            let plan: PointPlan = serde_json::from_str(json).unwrap();
            match plan.check() {
                Err(Error::Setting { field, .. }) => field,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(field(r#"{"file": ""}"#), "file");
        assert_eq!(field(r#"{"file": "p", "headings": "road"}"#), "roads");
        assert_eq!(field(r#"{"file": "p", "roads": "t"}"#), "roads");
        assert_eq!(field(r#"{"file": "p", "sides": ["left"]}"#), "sides");
        assert_eq!(field(r#"{"file": "p", "headings": []}"#), "headings");
        assert_eq!(field(r#"{"file": "p", "pitches": [45]}"#), "pitches");
        assert_eq!(field(r#"{"file": "p", "road_m": 5000}"#), "road_m");
    }
}
