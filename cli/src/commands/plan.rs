//! `transect plan`: samples from a study, or from areas or roads alone.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use lambda_shell::{Fault, FaultName};
use sampling::{Batches, Plan as SamplingPlan};
use serde_json::{Map, Value, json};

use crate::commands::{check, run};

/// Plan where to look: samples.parquet, its batches, and what was rejected and why
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Plan {
    #[command(subcommand)]
    kind: Option<Kind>,
    /// Study, TOML
    #[arg(required = true)]
    study: Option<PathBuf>,
    /// Folder for the plan and all that follows
    #[arg(long, default_value = "transect-out")]
    out: PathBuf,
}

#[derive(Subcommand)]
enum Kind {
    Areas(Areas),
    Roads(Roads),
}

impl Plan {
    pub async fn run(self) -> Result<(), Fault> {
        match (self.kind, self.study) {
            (Some(Kind::Areas(areas)), _) => areas.run(),
            (Some(Kind::Roads(roads)), _) => roads.run(),
            (None, Some(path)) => {
                let study = check::read(&path)?;
                let reply = run::plan(&study, &path, &self.out).await?;
                println!(
                    "{} samples in {} batches, {} rejected; plan {} in {}",
                    reply.count,
                    reply.batch_count,
                    reply.rejected,
                    reply.plan_id,
                    self.out.display()
                );
                Ok(())
            }
            (None, None) => Err(Fault::invalid_event("expected a study, or areas or roads")),
        }
    }
}

/// What every planner without a study takes.
#[derive(Args)]
struct Common {
    /// Seed of everything random
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of batches
    #[arg(long, default_value_t = 50, conflicts_with = "batch_size")]
    batches: usize,
    /// Samples in a batch
    #[arg(long)]
    batch_size: Option<usize>,
    /// Folder for samples.parquet and rejected.jsonl
    #[arg(long)]
    out: PathBuf,
}

impl Common {
    /// The settings go the way a study's do, so that both say the same of a mistake.
    fn plan(&self, settings: Value) -> Result<(), Fault> {
        let plan: SamplingPlan = serde_json::from_value(settings)
            .map_err(|error| Fault::new(FaultName::InvalidInput, error.to_string()))?;
        let batches = self
            .batch_size
            .map_or(Batches::Count(self.batches), Batches::Size);
        let planned = study::plan_only(&plan, self.seed, batches, Path::new("."), &self.out)?;
        let rejected = planned.rejected.len();
        println!(
            "{} samples in {} batches, {rejected} rejected; {}",
            planned.samples.len(),
            planned.batches.len(),
            self.out.join("samples.parquet").display()
        );
        for place in planned.rejected.iter().take(3) {
            let id = place.id.as_deref().unwrap_or("no id");
            eprintln!("rejected: row {} ({id}): {}", place.row, place.reason);
        }
        if rejected > 3 {
            eprintln!("rejected: {} more in rejected.jsonl", rejected - 3);
        }
        Ok(())
    }
}

/// Settings that were given, under the names of a study.
fn settings<const N: usize>(kind: &str, file: &Path, given: [(&str, Value); N]) -> Value {
    let mut settings = Map::new();
    settings.insert("kind".into(), kind.into());
    settings.insert("file".into(), file.to_string_lossy().into());
    for (name, value) in given {
        if !value.is_null() {
            settings.insert(name.into(), value);
        }
    }
    Value::Object(settings)
}

/// Random points in every polygon, uniform over the ground.
///
/// Example: transect plan areas tracts.geojson --id geoid10 --per-area 10 --seed 7 --out plan
#[derive(Args)]
struct Areas {
    /// Polygons: GeoParquet, GeoJSON, FlatGeobuf or Shapefile
    file: PathBuf,
    /// Column of names, unique
    #[arg(long, value_name = "COLUMN")]
    id: String,
    /// Points in each area
    #[arg(long, value_name = "N")]
    per_area: Option<u32>,
    /// Points a square kilometre
    #[arg(long, value_name = "DENSITY")]
    per_km2: Option<f64>,
    /// Column that says how many points
    #[arg(long, value_name = "COLUMN")]
    per_area_column: Option<String>,
    /// Column of strata, carried into the samples
    #[arg(long, value_name = "COLUMN")]
    stratum: Option<String>,
    #[command(flatten)]
    common: Common,
}

impl Areas {
    fn run(self) -> Result<(), Fault> {
        self.common.plan(settings(
            "areas",
            &self.file,
            [
                ("id", json!(self.id)),
                ("per_area", json!(self.per_area)),
                ("per_km2", json!(self.per_km2)),
                ("per_area_column", json!(self.per_area_column)),
                ("stratum", json!(self.stratum)),
            ],
        ))
    }
}

/// A point every so many metres along every road, with directions to look and an order to visit.
///
/// Example: transect plan roads town.osm.pbf --interval 10 --sides left,right --out plan
#[derive(Args)]
struct Roads {
    /// OSM PBF, GeoJSON or GeoParquet lines, or a CSV of points
    file: PathBuf,
    /// Metres between points
    #[arg(long, default_value_t = 10.0, value_name = "METRES")]
    interval: f64,
    /// left, right, leftup, rightup, up, ahead
    #[arg(long, value_delimiter = ',', default_value = "left,right")]
    sides: Vec<String>,
    /// Polygons of towns; points in none are dropped
    #[arg(long, value_name = "FILE")]
    areas: Option<PathBuf>,
    /// Column of the towns' names
    #[arg(long, value_name = "COLUMN", requires = "areas")]
    area_name: Option<String>,
    /// Visiting order: fold or gap
    #[arg(long, default_value = "fold")]
    order: String,
    /// Join ways of one name
    #[arg(long)]
    join_ways: bool,
    /// Spacing of an original study: ons-2017
    #[arg(long)]
    compat: Option<String>,
    #[command(flatten)]
    common: Common,
}

impl Roads {
    fn run(self) -> Result<(), Fault> {
        let areas = self.areas.as_ref().map(|path| path.to_string_lossy());
        self.common.plan(settings(
            "roads",
            &self.file,
            [
                ("interval_m", json!(self.interval)),
                ("sides", json!(self.sides)),
                ("areas", json!(areas)),
                ("area_name", json!(self.area_name)),
                ("order", json!(self.order)),
                ("join_ways", json!(self.join_ways)),
                ("compat", json!(self.compat)),
            ],
        ))
    }
}
