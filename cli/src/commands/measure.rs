//! `transect measure`: what pictures at hand say.

use std::path::PathBuf;

use clap::Args;
use contracts::{Fault, FaultName};
use measures::MeasureSpec;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde_json::{Map, Value};

/// Measure pictures: PNG, JPEG, WebP or TIFF.
///
/// Example: transect measure green,blank first.png second.png --json
#[derive(Args)]
pub struct Measure {
    /// What to measure: green, exg, brightness, blank or edge; several with commas
    measures: String,
    /// Pictures
    #[arg(required = true)]
    pictures: Vec<PathBuf>,
    /// One JSON object a picture
    #[arg(long)]
    json: bool,
}

impl Measure {
    pub fn run(self) -> Result<(), Fault> {
        let specs = self
            .measures
            .split(',')
            .map(|name| name.trim().parse::<MeasureSpec>())
            .collect::<Result<Vec<_>, _>>()
            .map_err(study::Error::from)?;
        measures::check(&specs).map_err(study::Error::from)?;
        let lines: Vec<Result<Value, Fault>> = self
            .pictures
            .par_iter()
            .map(|path| reading(path, &specs))
            .collect();
        let mut failures = 0;
        for line in lines {
            let line = line?;
            failures += usize::from(line.get("status").is_some_and(|status| status != "ok"));
            if self.json {
                println!("{line}");
            } else {
                println!("{}", sentence(&line));
            }
        }
        if failures > 0 {
            return Err(Fault::new(
                FaultName::InvalidInput,
                format!(
                    "{failures} of {} pictures gave no reading",
                    self.pictures.len()
                ),
            ));
        }
        Ok(())
    }
}

fn reading(path: &std::path::Path, specs: &[MeasureSpec]) -> Result<Value, Fault> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|source| tables::Error::Io {
        name: name.clone(),
        source,
    })?;
    let readings = measures::measure_bytes(&bytes, specs);
    let mut line = Map::new();
    line.insert("picture".into(), name.into());
    if let Value::Object(fields) =
        serde_json::to_value(&readings).map_err(|error| Fault::internal(&error))?
    {
        line.extend(fields);
    }
    Ok(Value::Object(line))
}

fn sentence(line: &Value) -> String {
    let fields = line.as_object().into_iter().flatten();
    let parts: Vec<String> = fields
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| match (name.as_str(), value) {
            ("picture" | "status" | "reason", Value::String(text)) => text.clone(),
            (name, value) => format!("{name} {value}"),
        })
        .collect();
    parts.join("  ")
}
