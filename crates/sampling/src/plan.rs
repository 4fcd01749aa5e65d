//! What a study says about where to look.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AreaPlan, ChipPlan, PointPlan, Result, RoadPlan};

/// Where a study looks: the `plan` of a study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Plan {
    /// Random points in polygons, uniform over the ground.
    Areas(AreaPlan),
    /// A grid of image chips over labelled features.
    Chips(ChipPlan),
    /// Points of a user's own.
    Points(PointPlan),
    /// Points along roads, with directions to look and an order to visit them.
    Roads(RoadPlan),
}

impl Plan {
    /// Checks everything that can be known without the data.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) names the first field that cannot stand.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::Areas(plan) => plan.check(),
            Self::Chips(plan) => plan.check(),
            Self::Points(plan) => plan.check(),
            Self::Roads(plan) => plan.check(),
        }
    }

    /// The input that is sampled: a path or an object key.
    #[must_use]
    pub fn file(&self) -> &str {
        match self {
            Self::Areas(plan) => &plan.file,
            Self::Chips(plan) => &plan.file,
            Self::Points(plan) => &plan.file,
            Self::Roads(plan) => &plan.file,
        }
    }

    /// The polygons that roads are cut to, where a plan names them.
    #[must_use]
    pub fn areas_file(&self) -> Option<&str> {
        match self {
            Self::Roads(plan) => plan.areas.as_deref(),
            Self::Areas(_) | Self::Chips(_) | Self::Points(_) => None,
        }
    }

    /// The roads that points look from, where a plan names them.
    #[must_use]
    pub fn roads_file(&self) -> Option<&str> {
        match self {
            Self::Points(plan) => plan.roads.as_deref(),
            Self::Areas(_) | Self::Chips(_) | Self::Roads(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> std::result::Result<Plan, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_plan_is_told_by_its_kind() {
        let plan = parse(
            r#"{"kind": "areas", "file": "tracts.geojson", "id": "geoid10", "per_area": 10}"#,
        );
        let plan = plan.unwrap();
        assert!(matches!(&plan, Plan::Areas(areas) if areas.per_area == Some(10)));
        assert_eq!(plan.file(), "tracts.geojson");
        plan.check().unwrap();
        let again: Plan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
        assert_eq!(again, plan);
    }

    #[test]
    fn a_misspelt_field_is_named() {
        let error =
            parse(r#"{"kind": "areas", "file": "t", "id": "g", "per_aera": 10}"#).unwrap_err();
        assert!(
            error.contains("per_aera") && error.contains("per_area"),
            "{error}"
        );
        let error = parse(r#"{"kind": "lakes", "file": "t"}"#).unwrap_err();
        assert!(
            error.contains("lakes") && error.contains("roads"),
            "{error}"
        );
    }

    #[test]
    fn the_schema_lists_the_kinds_and_refuses_other_fields() {
        let schema = serde_json::to_string(&schemars::schema_for!(Plan)).unwrap();
        for word in [
            "areas",
            "chips",
            "roads",
            "per_km2",
            "overlap",
            "interval_m",
        ] {
            assert!(schema.contains(word), "{word}");
        }
        assert!(
            schema.contains(r#""additionalProperties":false"#)
                || schema.contains("unevaluatedProperties"),
            "{schema}"
        );
    }
}
