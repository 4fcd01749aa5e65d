//! Reading a study as people write it, with every mistake and its line.

use std::fmt;

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use crate::Study;
use crate::study::FIELDS;

/// One mistake in a study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Line of the file, from 1; none for what is missing or came as JSON.
    pub line: Option<usize>,
    /// What is wrong, and what would be right.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl Study {
    /// Reads TOML. Each part of the study is read by itself, so that a mistake in one does not
    /// hide those in the others.
    ///
    /// # Errors
    /// Every [`Mistake`] that can be seen without the data and the network.
    pub fn from_toml(text: &str) -> Result<Self, Vec<Mistake>> {
        let root = DeTable::parse(text).map_err(|error| {
            vec![Mistake {
                line: error.span().map(|span| line_of(text, span.start)),
                what: one_line(error.message()),
            }]
        })?;
        let mut mistakes = Vec::new();
        for (key, _) in root.get_ref() {
            if !FIELDS.contains(&key.get_ref().as_ref()) {
                mistakes.push(Mistake {
                    line: Some(line_of(text, key.span().start)),
                    what: format!(
                        "unknown field `{}`, expected one of {}",
                        key.get_ref(),
                        FIELDS.join(", ")
                    ),
                });
            }
        }
        part::<sampling::Plan>(text, &root, "plan", &mut mistakes);
        part::<imagery::Source>(text, &root, "source", &mut mistakes);
        part::<imagery::Picture>(text, &root, "picture", &mut mistakes);
        part::<imagery::Limits>(text, &root, "limits", &mut mistakes);
        part::<measures::Filling>(text, &root, "filling", &mut mistakes);
        part::<Vec<measures::MeasureSpec>>(text, &root, "measures", &mut mistakes);
        if !mistakes.is_empty() {
            mistakes.sort_by_key(|mistake| mistake.line);
            return Err(mistakes);
        }
        let study: Self = toml::from_str(text).map_err(|error| {
            vec![Mistake {
                line: error
                    .span()
                    .filter(|span| span.end > 0)
                    .map(|span| line_of(text, span.start)),
                what: one_line(error.message()),
            }]
        })?;
        study.check().map_err(|mistakes| {
            mistakes
                .into_iter()
                .map(|(field, what)| Mistake {
                    line: find(text, &root, field),
                    what: format!("{field}: {what}"),
                })
                .collect::<Vec<_>>()
        })?;
        Ok(study)
    }

    /// Reads JSON, as an event carries it.
    ///
    /// # Errors
    /// The first mistake of form, or every other one.
    pub fn from_json(value: serde_json::Value) -> Result<Self, Vec<Mistake>> {
        let mistake = |what: String| Mistake { line: None, what };
        let study: Self =
            serde_json::from_value(value).map_err(|error| vec![mistake(error.to_string())])?;
        study.check().map_err(|mistakes| {
            mistakes
                .into_iter()
                .map(|(field, what)| mistake(format!("{field}: {what}")))
                .collect::<Vec<_>>()
        })?;
        Ok(study)
    }

    /// What is wrong though every field has its form: the part and what would be right.
    fn check(&self) -> Result<(), Vec<(&'static str, String)>> {
        let mut mistakes = Vec::new();
        let mut note = |part, problem: Option<String>| {
            mistakes.extend(problem.map(|what| (part, what)));
        };
        note(
            "name",
            self.name
                .trim()
                .is_empty()
                .then(|| "it is empty: give the study a name".to_owned()),
        );
        note("plan", self.plan.check().err().map(|e| e.to_string()));
        let source = self.source.check(&self.taken_picture());
        note("source", source.err().map(|e| e.to_string()));
        if let sampling::Plan::Chips(plan) = &self.plan {
            note("picture", chip_size(plan, &self.picture));
            let draws = self.source.draws_on_grids();
            note(
                "source",
                (!draws).then(|| {
                    let kind = self.source.kind();
                    format!("{kind} cannot draw on a given grid, expected another source for chips")
                }),
            );
        }
        note("limits", self.limits.check().err().map(|e| e.to_string()));
        let measures = measures::check(&self.measures);
        note("measures", measures.err().map(|e| e.to_string()));
        for (part, count) in [("batches", self.batches), ("batch_size", self.batch_size)] {
            note(
                part,
                (count == Some(0)).then(|| "it is 0: expected at least 1".to_owned()),
            );
        }
        let nothing = self.shards.is_some() && !self.taking().keeps_pictures();
        note(
            "shards",
            nothing.then(|| "there is nothing to pack: pictures are not kept".to_owned()),
        );
        let both = self.batches.is_some() && self.batch_size.is_some();
        note(
            "batch_size",
            both.then(|| "give either batches or batch_size, not both".to_owned()),
        );
        if mistakes.is_empty() {
            Ok(())
        } else {
            Err(mistakes)
        }
    }
}

/// What is wrong with the size of a picture that has another one by the plan.
fn chip_size(plan: &sampling::ChipPlan, picture: &imagery::Picture) -> Option<String> {
    let other_px = picture.size_px.is_some_and(|px| px != plan.chip_px);
    let other_m = picture.pixel_m.is_some_and(|metres| metres != plan.pixel_m);
    (other_px || other_m || picture.size_m.is_some()).then(|| {
        format!(
            "a chip has the plan's size, {} pixels of {} m: leave size_px, size_m and pixel_m out",
            plan.chip_px, plan.pixel_m
        )
    })
}

/// Reads one part of the study by itself and notes its first mistake.
fn part<T: DeserializeOwned>(
    text: &str,
    root: &toml::Spanned<DeTable<'_>>,
    field: &str,
    mistakes: &mut Vec<Mistake>,
) {
    let Some((key, value)) = root.get_ref().get_key_value(field) else {
        return;
    };
    let span = value.span();
    let read = T::deserialize(toml::de::ValueDeserializer::from(value.clone()));
    if let Err(error) = read {
        // A mistake inside the value has its own place; a missing field stands at the part.
        let at = error
            .span()
            .filter(|at| !at.is_empty() && *at != span)
            .map(|at| at.start)
            .or_else(|| named_key(value.get_ref(), error.message()))
            .unwrap_or(key.span().start);
        mistakes.push(Mistake {
            line: Some(line_of(text, at)),
            what: format!("{field}: {}", one_line(error.message())),
        });
    }
}

/// Where the field stands that a message names: a choice by `kind` loses the place of what is
/// unknown within it.
fn named_key(value: &DeValue<'_>, message: &str) -> Option<usize> {
    let DeValue::Table(table) = value else {
        return None;
    };
    let name = message.split('`').nth(1)?;
    let (key, _) = table.get_key_value(name)?;
    Some(key.span().start)
}

/// The line on which a part of the study begins.
fn find(text: &str, root: &toml::Spanned<DeTable<'_>>, field: &str) -> Option<usize> {
    let (key, value) = root.get_ref().get_key_value(field)?;
    let start = match value.get_ref() {
        DeValue::Table(_) => key.span().start,
        _ => value.span().start,
    };
    Some(line_of(text, start))
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text
        .bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
}

fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const STUDY: &str = r#"
name = "Chicago"
seed = 7
batches = 50
measures = ["green"]

[plan]
kind = "areas"
file = "tracts.geojson"
id = "geoid10"
per_area = 10

[source]
kind = "cog"
url = "s3://town/picture.tif"

[picture]
size_m = 50
pixel_m = 0.5
"#;

    fn mistakes(text: &str) -> Vec<(Option<usize>, String)> {
        let found = Study::from_toml(text).unwrap_err();
        found.into_iter().map(|m| (m.line, m.what)).collect()
    }

    #[test]
    fn a_whole_study_is_read() {
        let study = Study::from_toml(STUDY).unwrap();
        assert_eq!((study.name.as_str(), study.seed), ("Chicago", 7));
        let json = serde_json::to_value(&study).unwrap();
        let again = Study::from_json(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&again).unwrap(), json);
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let text = STUDY
            .replace("seed = 7", "sead = 7")
            .replace("per_area = 10", "per_aria = 10")
            .replace("size_m = 50", "size_m = \"fifty\"");
        let found = mistakes(&text);
        let lines: Vec<_> = found.iter().map(|(line, _)| line.unwrap()).collect();
        assert_eq!(lines, [3, 11, 18], "{found:?}");
        assert!(found[0].1.contains("`sead`"), "{found:?}");
        assert!(found[1].1.contains("per_aria"), "{found:?}");
    }

    #[test]
    fn a_chip_has_the_size_of_the_plan_and_a_source_that_keeps_to_grids() {
        let chips = r#"
name = "fields"
[plan]
kind = "chips"
file = "fields.geojson"
chip_px = 128
[source]
kind = "cog"
url = "s3://town/picture.tif"
[picture]
format = "tiff"
"#;
        let taken = Study::from_toml(chips).unwrap().taking().picture;
        assert_eq!((taken.size_px, taken.pixel_m), (Some(128), Some(4.77)));
        let found = mistakes(&format!("{chips}size_px = 256\n"));
        assert_eq!(found[0].0, Some(10), "{found:?}");
        assert!(found[0].1.contains("128 pixels of 4.77 m"), "{found:?}");
        let mapbox = "kind = \"mapbox\"\nkey = \"env:TOKEN\"";
        let cog = "kind = \"cog\"\nurl = \"s3://town/picture.tif\"";
        let found = mistakes(&chips.replace(cog, mapbox).replace("tiff", "png"));
        assert!(
            found[0].1.contains("mapbox cannot draw on a given grid"),
            "{found:?}"
        );
    }

    #[test]
    fn broken_toml_is_one_mistake_at_its_place() {
        let found = mistakes("name = \"x\"\nseed = = 3\n");
        assert_eq!(found[0].0, Some(2), "{found:?}");
    }

    #[test]
    fn what_is_right_in_form_may_still_be_wrong() {
        let found = mistakes(&STUDY.replace("batches = 50", "batches = 0"));
        assert_eq!(found[0].0, Some(4), "{found:?}");
        assert!(found[0].1.contains("at least 1"), "{found:?}");
    }
}
