//! How a study names its measures: `"green"`, or `{kind = "green", min = -40, max = -5, name = "lawn"}`.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Blank, Brightness, Edge, Exg, Green};
use crate::{Error, Result};

/// One measure of a study: the name of its kind, or an object with its settings.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schemars(transform = or_the_name_of_a_kind)]
pub enum MeasureSpec {
    /// Vegetation by a* of CIE L*a*b*.
    Green(Green),
    /// Vegetation by the excess green index.
    Exg(Exg),
    /// Mean luma.
    Brightness(Brightness),
    /// Share of the commonest colour.
    Blank(Blank),
    /// Share of outlines.
    Edge(Edge),
}

/// The object form; [`MeasureSpec`] itself also reads a bare name.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Settings {
    Green(Green),
    Exg(Exg),
    Brightness(Brightness),
    Blank(Blank),
    Edge(Edge),
}

impl MeasureSpec {
    /// Every kind, by the name that a study gives it.
    pub const KINDS: [&str; 5] = ["green", "exg", "brightness", "blank", "edge"];

    /// The column of the ledger that its readings fill: its `name`, or else its kind.
    #[must_use]
    pub fn column(&self) -> &str {
        let (kind, name) = match self {
            Self::Green(Green { name, .. }) => ("green", name),
            Self::Exg(Exg { name, .. }) => ("exg", name),
            Self::Brightness(Brightness { name }) => ("brightness", name),
            Self::Blank(Blank { name }) => ("blank", name),
            Self::Edge(Edge { name, .. }) => ("edge", name),
        };
        name.as_deref().unwrap_or(kind)
    }

    fn check(&self) -> Result<()> {
        match self {
            Self::Green(green) => green.check(),
            Self::Exg(exg) => exg.check(),
            Self::Edge(edge) => edge.check(),
            Self::Brightness(_) | Self::Blank(_) => Ok(()),
        }
    }
}

/// The columns of some measures, in their order.
#[must_use]
pub fn columns(measures: &[MeasureSpec]) -> Vec<String> {
    measures
        .iter()
        .map(|spec| spec.column().to_owned())
        .collect()
}

/// Everything about a study's measures that can be wrong before there is a picture.
///
/// # Errors
/// [`Error::Setting`] for bounds that nothing can lie between, a name that is no column name, and two measures of one
/// column.
pub fn check(measures: &[MeasureSpec]) -> Result<()> {
    for (index, spec) in measures.iter().enumerate() {
        spec.check()?;
        let column = spec.column();
        let letters = column
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        if !letters || !column.starts_with(|first: char| first.is_ascii_lowercase()) {
            return Err(Error::Setting {
                setting: "name".to_owned(),
                problem: format!(
                    "{column:?} is not a column name, expected lower-case letters, digits and _"
                ),
            });
        }
        if measures[..index]
            .iter()
            .any(|earlier| earlier.column() == column)
        {
            return Err(Error::Setting {
                setting: "measures".to_owned(),
                problem: format!("two measures fill the column {column}, give one of them a name"),
            });
        }
    }
    Ok(())
}

impl FromStr for MeasureSpec {
    type Err = Error;

    fn from_str(kind: &str) -> Result<Self> {
        Ok(match kind {
            "green" => Self::Green(Green::default()),
            "exg" => Self::Exg(Exg::default()),
            "brightness" => Self::Brightness(Brightness::default()),
            "blank" => Self::Blank(Blank::default()),
            "edge" => Self::Edge(Edge::default()),
            _ => {
                return Err(Error::Setting {
                    setting: "measures".to_owned(),
                    problem: format!(
                        "no measure {kind:?}, expected one of {}",
                        Self::KINDS.join(", ")
                    ),
                });
            }
        })
    }
}

impl<'de> Deserialize<'de> for MeasureSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct NameOrSettings;

        impl<'de> Visitor<'de> for NameOrSettings {
            type Value = MeasureSpec;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter
                    .write_str("the name of a measure, or an object with its kind and settings")
            }

            fn visit_str<E: serde::de::Error>(
                self,
                kind: &str,
            ) -> std::result::Result<MeasureSpec, E> {
                kind.parse().map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(
                self,
                map: A,
            ) -> std::result::Result<MeasureSpec, A::Error> {
                Ok(
                    match Settings::deserialize(MapAccessDeserializer::new(map))? {
                        Settings::Green(green) => MeasureSpec::Green(green),
                        Settings::Exg(exg) => MeasureSpec::Exg(exg),
                        Settings::Brightness(brightness) => MeasureSpec::Brightness(brightness),
                        Settings::Blank(blank) => MeasureSpec::Blank(blank),
                        Settings::Edge(edge) => MeasureSpec::Edge(edge),
                    },
                )
            }
        }

        deserializer.deserialize_any(NameOrSettings)
    }
}

/// A bare name is as good as an object.
fn or_the_name_of_a_kind(schema: &mut Schema) {
    let settings = std::mem::take(schema);
    *schema =
        json_schema!({ "anyOf": [{ "type": "string", "enum": MeasureSpec::KINDS }, settings] });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Study {
        measures: Vec<MeasureSpec>,
    }

    fn read(toml: &str) -> std::result::Result<Vec<MeasureSpec>, String> {
        toml::from_str::<Study>(toml)
            .map(|study| study.measures)
            .map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_measure_is_a_name_or_an_object_with_settings() {
        let measures = read(r#"measures = ["green", {kind = "green", name = "lawn", min = -60, max = -20}, "edge"]"#).unwrap();
        let lawn = Green {
            name: Some("lawn".to_owned()),
            min: -60,
            max: -20,
        };
        assert_eq!(measures[0], MeasureSpec::Green(Green::default()));
        assert_eq!(measures[1], MeasureSpec::Green(lawn));
        assert_eq!(columns(&measures), ["green", "lawn", "edge"]);
        check(&measures).unwrap();
        let json = serde_json::to_string(&measures).unwrap();
        assert_eq!(
            serde_json::from_str::<Vec<MeasureSpec>>(&json).unwrap(),
            measures
        );
    }

    #[test]
    fn every_kind_has_its_own_name_as_column() {
        for kind in MeasureSpec::KINDS {
            assert_eq!(kind.parse::<MeasureSpec>().unwrap().column(), kind);
        }
    }

    #[test]
    fn mistakes_are_named() {
        let cases = [
            (
                r#"measures = ["grean"]"#,
                "no measure \"grean\", expected one of green, exg",
            ),
            (
                r#"measures = [{kind = "green", low = -3}]"#,
                "unknown field `low`, expected one of `name`, `min`, `max`",
            ),
            (r#"measures = [{kind = "onnx"}]"#, "unknown variant `onnx`"),
            (r"measures = [7]", "expected the name of a measure"),
        ];
        for (toml, expected) in cases {
            let error = read(toml).unwrap_err();
            assert!(error.contains(expected), "{toml}: {error}");
        }
    }

    #[test]
    fn settings_that_no_picture_can_satisfy_are_refused() {
        let cases = [
            (
                r#"measures = [{kind = "green", min = -5, max = -30}]"#,
                "green: nothing lies between min and max",
            ),
            (
                r#"measures = [{kind = "exg", min = 3.0}]"#,
                "exg.min: 3 is not within -1 and 2",
            ),
            (
                r#"measures = [{kind = "edge", min = -1.0}]"#,
                "edge.min: -1 is not within 0 and 1443",
            ),
            (
                r#"measures = ["blank", "blank"]"#,
                "measures: two measures fill the column blank, give one of them a name",
            ),
            (
                r#"measures = [{kind = "blank", name = "Flat area"}]"#,
                "name: \"Flat area\" is not a column name",
            ),
        ];
        for (toml, expected) in cases {
            let error = check(&read(toml).unwrap()).unwrap_err().to_string();
            assert!(error.contains(expected), "{toml}: {error}");
        }
    }

    #[test]
    fn the_schema_allows_a_bare_name() {
        let schema = schemars::schema_for!(MeasureSpec).to_value();
        assert_eq!(schema["anyOf"][0]["enum"][0], "green");
        assert_eq!(
            schema["anyOf"][1]["oneOf"].as_array().map(Vec::len),
            Some(5)
        );
    }
}
