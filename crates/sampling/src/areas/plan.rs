//! Settings of a plan of areas.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Random points in each polygon of a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AreaPlan {
    /// The areas: a path or an object key of GeoParquet, GeoJSON, FlatGeobuf or Shapefile.
    pub file: String,
    /// Column with the id of each area; ids are unique.
    pub id: String,
    /// Points in each area.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_area: Option<u32>,
    /// Points per square kilometre of ground, rounded, and at least one in each area.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_km2: Option<f64>,
    /// Column with the number of points of each area.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_area_column: Option<String>,
    /// Column with the stratum of each area; becomes the column `stratum` of the samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stratum: Option<String>,
    /// Further columns of the areas that their samples keep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carry: Vec<String>,
}

/// How many points an area gets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Allocation<'a> {
    PerArea(u32),
    PerKm2(f64),
    Column(&'a str),
}

impl AreaPlan {
    /// Checks everything that can be known without the data.
    ///
    /// # Errors
    /// [`Error::Setting`] names the field.
    pub fn check(&self) -> Result<()> {
        if self.file.is_empty() {
            return Err(Error::setting("file", "names no input"));
        }
        if self.id.is_empty() {
            return Err(Error::setting("id", "names no column"));
        }
        self.allocation().map(|_| ())
    }

    /// The one of the three ways to say how many points.
    pub(crate) fn allocation(&self) -> Result<Allocation<'_>> {
        match (self.per_area, self.per_km2, &self.per_area_column) {
            (Some(0), None, None) => Err(Error::setting("per_area", "is 0; at least 1 point")),
            (Some(n), None, None) => Ok(Allocation::PerArea(n)),
            (None, Some(density), None) if density > 0.0 && density.is_finite() => {
                Ok(Allocation::PerKm2(density))
            }
            (None, Some(density), None) => Err(Error::setting(
                "per_km2",
                format!("is {density}; a number above 0"),
            )),
            (None, None, Some(column)) => Ok(Allocation::Column(column)),
            _ => Err(Error::setting(
                "per_area",
                "exactly one of per_area, per_km2 and per_area_column says how many points",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_way_to_say_how_many() {
        let plan = AreaPlan {
            file: "tracts.geojson".into(),
            id: "geoid10".into(),
            ..AreaPlan::default()
        };
        assert!(plan.check().is_err());
        let fixed = AreaPlan {
            per_area: Some(10),
            ..plan.clone()
        };
        assert!(fixed.check().is_ok());
        let two = AreaPlan {
            per_km2: Some(1.0),
            ..fixed
        };
        assert!(two.check().is_err());
        for (per_area, per_km2) in [(Some(0), None), (None, Some(0.0)), (None, Some(f64::NAN))] {
            let none = AreaPlan {
                per_area,
                per_km2,
                ..plan.clone()
            };
            assert!(none.check().is_err());
        }
    }
}
