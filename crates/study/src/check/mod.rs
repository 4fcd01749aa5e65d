//! Reading a study as people write it, with every mistake and its line.

mod document;
mod form;

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::document::Document;
use crate::Study;

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
    /// Reads TOML.
    ///
    /// # Errors
    /// Every [`Mistake`] that can be seen without the data and the network.
    pub fn from_toml(text: &str) -> Result<Self, Vec<Mistake>> {
        let document = Document::of_toml(text)?;
        let text = document::without_mark(text);
        Self::read(&document, || {
            toml::from_str(text).map_err(|error| one_line(error.message()))
        })
    }

    /// Reads JSON, as an event carries it.
    ///
    /// # Errors
    /// Every [`Mistake`], without lines.
    pub fn from_json(value: Value) -> Result<Self, Vec<Mistake>> {
        let document = Document::of_json(&value);
        Self::read(&document, || {
            serde_json::from_value(value).map_err(|error| error.to_string())
        })
    }

    /// First the form of everything, then the sense of each part whose form is right.
    fn read(
        document: &Document,
        parse: impl FnOnce() -> Result<Self, String>,
    ) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = form::mistakes(document);
        if mistakes.is_empty() {
            let study = parse().map_err(|problem| vec![document.mistake("study", problem)])?;
            mistakes = study.check(document);
            if mistakes.is_empty() {
                return Ok(study);
            }
        } else {
            mistakes.extend(parts_by_themselves(document));
        }
        mistakes.sort_by_key(|mistake| (mistake.line.is_none(), mistake.line));
        mistakes.dedup();
        Err(mistakes)
    }

    /// What is wrong though every field has its form.
    fn check(&self, document: &Document) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        let mut note = |part: &str, problem: Option<String>| {
            mistakes.extend(problem.map(|what| document.mistake(part, what)));
        };
        note(
            "name",
            self.name
                .trim()
                .is_empty()
                .then(|| "it is empty: give the study a name".to_owned()),
        );
        note("plan", self.plan.check().err().map(|e| of_plan(&e)));
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
        for problem in self.limits.problems() {
            note("limits", Some(problem.to_string()));
        }
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
        mistakes
    }
}

/// The sense of those parts that can be read though others cannot.
fn parts_by_themselves(document: &Document) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    if let Some(plan) = part::<sampling::Plan>(document, "plan") {
        let problem = plan.check().err();
        mistakes.extend(problem.map(|e| document.mistake("plan", of_plan(&e))));
    }
    if let Some(limits) = part::<imagery::Limits>(document, "limits") {
        let problems = limits.problems().into_iter();
        mistakes.extend(problems.map(|e| document.mistake("limits", e.to_string())));
    }
    if let Some(measures) = part::<Vec<measures::MeasureSpec>>(document, "measures") {
        let problem = measures::check(&measures).err();
        mistakes.extend(problem.map(|e| document.mistake("measures", e.to_string())));
    }
    let picture = part::<imagery::Picture>(document, "picture");
    let source = part::<imagery::Source>(document, "source");
    if let (Some(picture), Some(source)) = (picture, source) {
        let problem = source.check(&picture).err();
        mistakes.extend(problem.map(|e| document.mistake("source", e.to_string())));
    }
    mistakes
}

fn part<T: DeserializeOwned>(document: &Document, name: &str) -> Option<T> {
    serde_json::from_value(document.json(name)?).ok()
}

/// What is wrong with a plan, beginning with its setting.
fn of_plan(error: &sampling::Error) -> String {
    match error {
        sampling::Error::Setting { field, problem } => format!("plan.{field}: {problem}"),
        other => other.to_string(),
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
        assert!(
            found[0].1.contains("key sead: did you mean seed?"),
            "{found:?}"
        );
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
