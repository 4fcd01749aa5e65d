//! `transect select`: which areas to visit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use contracts::{Fault, FaultName};
use serde_json::json;
use survey::selection::Method;
use survey::{Allocation, Selected, Selection, Shares};
use tables::{ReadOptions, Table};

use crate::files;
use crate::reading::Reading;

/// Draw areas from a table of clusters, or from any list of areas, with known probabilities. The result has a row for
/// each drawn area with its probability and its weight; `design_OUT.json` beside it says how it was drawn.
#[derive(Args)]
#[command(after_help = "Examples:
  transect select clusters_grid.parquet sample.parquet -n 30 --seed 1
  transect select ea_frame.csv sample.csv -n 12 --size households --strata province --reserve 3
  transect select frame.parquet sample.gpkg --allocate counts.csv --strata region,urban --size people

Columns that are added: psu_id, stratum, stratum_units, stratum_drawn, certainty, reserve_order and replaces (with reserves),
p_1 (the probability of this draw), p (of all draws) and weight (1 / p). A sample can be drawn from again: p_2 follows.")]
pub struct Select {
    /// Table of clusters, as `transect cluster` writes beside its result, or any list of areas
    input: PathBuf,
    /// Where the drawn areas go; the extension says the format
    output: PathBuf,
    /// Areas to draw in all
    #[arg(short, value_name = "N")]
    n: Option<usize>,
    /// How they are shared out over strata: proportional (to size; to units for srs), equal, power:P, neyman:COLUMN of
    /// standard deviations, or a CSV of stratum and n
    #[arg(long, default_value = "proportional", value_name = "RULE|FILE")]
    allocate: String,
    /// The fewest of a stratum
    #[arg(long, default_value_t = 2, value_name = "N")]
    min_per_stratum: usize,
    /// Columns whose values make the strata
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    strata: Vec<String>,
    /// Column of sizes [default: `cluster_weight`; none for srs]
    #[arg(long, value_name = "COLUMN")]
    size: Option<String>,
    /// Column of ids [default: `cluster_id`, `psu_id`, `ea_id`, `id`, or the first that ends in `_id`]
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
    /// Columns by which areas are put in order before a systematic draw (implicit strata) [default: the order of the table]
    #[arg(long, value_delimiter = ',', value_name = "COLUMN,...")]
    order_by: Vec<String>,
    /// Turn every second group of the order round, so that neighbours in the list are alike
    #[arg(long)]
    serpentine: bool,
    /// Reserves to draw too, in all
    #[arg(long, default_value_t = 0, value_name = "R")]
    reserve: usize,
    /// systematic, srs, pareto or sampford
    #[arg(long, default_value = "systematic")]
    method: String,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    reading: Reading,
    /// Write the joint probabilities of drawn pairs to this CSV, where the method has them
    #[arg(long, value_name = "FILE")]
    joint: Option<PathBuf>,
}

impl Select {
    pub fn run(self) -> Result<(), Fault> {
        files::check_output(&self.output)?;
        let frame = self.reading.open(&self.input)?;
        let settings = self.settings(&frame)?;
        let drawn = survey::select(&frame, &settings).map_err(|error| {
            Fault::from(error).named(&self.input, &self.input.to_string_lossy())
        })?;
        files::write_table(&self.output, &drawn.table)?;
        let design = self.design(&settings, &drawn);
        files::write_bytes(
            &design_path(&self.output),
            format!("{design:#}\n").as_bytes(),
        )?;
        if let Some(path) = &self.joint {
            let mut text = String::from("stratum,unit_a,unit_b,p\n");
            for pair in &drawn.joint {
                let quoted =
                    [&pair.stratum, &pair.unit_a, &pair.unit_b].map(|value| files::quoted(value));
                text.push_str(&format!("{},{}\n", quoted.join(","), pair.p));
            }
            files::write_bytes(path, text.as_bytes())?;
        }
        self.tell(&frame, &drawn);
        Ok(())
    }

    fn settings(&self, frame: &Table) -> Result<Selection, Fault> {
        Ok(Selection {
            n: self.n,
            shares: self.shares(frame)?,
            minimum: self.min_per_stratum,
            strata: self.strata.clone(),
            size: self.size.clone(),
            id: self.id.clone(),
            order_by: self.order_by.clone(),
            serpentine: self.serpentine,
            reserve: self.reserve,
            method: self.method.parse::<Method>()?,
            seed: self.seed,
            joint: self.joint.is_some(),
        })
    }

    fn shares(&self, frame: &Table) -> Result<Shares, Fault> {
        let wrong = |problem: String| {
            Fault::new(
                FaultName::InvalidInput,
                format!("--allocate {}: {problem}", self.allocate),
            )
        };
        Ok(match self.allocate.split_once(':') {
            None if self.allocate == "proportional" => Shares::Rule(Allocation::Proportional),
            None if self.allocate == "equal" => Shares::Rule(Allocation::Equal),
            Some(("power", power)) => {
                let power = power.parse().map_err(|_| {
                    wrong("the power must be a number, such as power:0.5".to_owned())
                })?;
                Shares::Rule(Allocation::Power(power))
            }
            Some(("neyman", column)) => {
                Shares::Rule(Allocation::Neyman(self.deviations(frame, column)?))
            }
            _ if Path::new(&self.allocate).exists() => {
                Shares::Given(given(Path::new(&self.allocate))?)
            }
            _ => return Err(wrong(
                "expected proportional, equal, power:P, neyman:COLUMN or a file of stratum and n"
                    .to_owned(),
            )),
        })
    }

    /// The standard deviation of each stratum, in name order; one value in all rows of a stratum.
    fn deviations(&self, frame: &Table, column: &str) -> Result<Vec<f64>, Fault> {
        let values = frame.numbers(column)?;
        let mut parts: Vec<Vec<String>> = vec![Vec::new(); frame.rows()];
        for stratum in &self.strata {
            for (parts, value) in parts.iter_mut().zip(frame.texts(stratum)?) {
                parts.push(value.unwrap_or_default());
            }
        }
        let mut found: BTreeMap<String, f64> = BTreeMap::new();
        for (parts, value) in parts.iter().zip(values) {
            let name = parts.join(" / ");
            let value = value.unwrap_or(f64::NAN);
            let before = *found.entry(name.clone()).or_insert(value);
            if value.is_nan() || before != value {
                return Err(Fault::new(
                    FaultName::InvalidInput,
                    format!(
                        "column `{column}`: stratum {name} has {before} and {value}; one standard deviation a stratum is expected"
                    ),
                ));
            }
        }
        Ok(found.into_values().collect())
    }

    fn design(&self, settings: &Selection, drawn: &Selected) -> serde_json::Value {
        json!({
            "input": self.input.file_name().map(|name| name.to_string_lossy()),
            "method": settings.method.name(),
            "method_version": settings.method.version(),
            "seed": settings.seed,
            "n": drawn.strata.iter().map(|stratum| stratum.drawn).sum::<usize>(),
            "allocate": self.allocate,
            "min_per_stratum": self.min_per_stratum,
            "strata_columns": settings.strata,
            "size": drawn.size,
            "order_by": settings.order_by,
            "serpentine": settings.serpentine,
            "units_without_size": drawn.without_size,
            "strata": drawn.strata,
            "warnings": drawn.warnings,
        })
    }

    fn tell(&self, frame: &Table, drawn: &Selected) {
        if drawn.strata.len() > 1 {
            println!(
                "{:<24} {:>8} {:>14} {:>6} {:>8} {:>8}",
                "stratum", "areas", "size", "drawn", "certain", "reserves"
            );
            for stratum in &drawn.strata {
                println!(
                    "{:<24} {:>8} {:>14.1} {:>6} {:>8} {:>8}",
                    stratum.stratum,
                    stratum.units,
                    stratum.size,
                    stratum.drawn,
                    stratum.certain,
                    stratum.reserves
                );
            }
        }
        for warning in &drawn.warnings {
            eprintln!("warning: {warning}");
        }
        if drawn.without_size > 0 {
            eprintln!(
                "warning: {} areas have size 0 and cannot be drawn",
                drawn.without_size
            );
        }
        let n: usize = drawn.strata.iter().map(|stratum| stratum.drawn).sum();
        let reserves = drawn.table.rows() - n;
        let more = if reserves > 0 {
            format!(" and {reserves} reserves")
        } else {
            String::new()
        };
        println!(
            "{n} of {} areas{more} drawn ({}, seed {}), written to {}",
            frame.rows(),
            self.method,
            self.seed,
            self.output.display()
        );
    }
}

/// The file beside a sample that says how it was drawn.
pub fn design_path(sample: &Path) -> PathBuf {
    let stem = sample.file_stem().unwrap_or_default().to_string_lossy();
    sample.with_file_name(format!("design_{stem}.json"))
}

/// Units of each stratum from a table of two columns, `stratum` and `n`.
fn given(path: &Path) -> Result<BTreeMap<String, usize>, Fault> {
    let table = Table::open(path, &ReadOptions::default())?;
    let strata = table.texts("stratum")?;
    let counts = table.numbers("n")?;
    let mut given = BTreeMap::new();
    for (row, (stratum, n)) in strata.into_iter().zip(counts).enumerate() {
        let n = n.filter(|n| *n >= 0.0 && n.fract() == 0.0);
        let (Some(stratum), Some(n)) = (stratum, n) else {
            return Err(Fault::new(
                FaultName::InvalidInput,
                format!(
                    "{}, row {row}: a stratum and a whole number n are expected",
                    path.display()
                ),
            ));
        };
        if given.insert(stratum.clone(), n as usize).is_some() {
            return Err(Fault::new(
                FaultName::InvalidInput,
                format!(
                    "{}, row {row}: stratum {stratum} is named twice",
                    path.display()
                ),
            ));
        }
    }
    Ok(given)
}
