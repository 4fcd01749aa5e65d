//! `transect plan`: samples from a study, or from areas, chips or roads alone.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use contracts::{Fault, FaultName};
use sampling::{Batches, Order, Plan as SamplingPlan, Side};
use serde_json::{Map, Value, json};

use crate::commands::{check, run, word};

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
    Chips(Chips),
    Roads(Roads),
}

impl Plan {
    pub async fn run(self) -> Result<(), Fault> {
        match (self.kind, self.study) {
            (Some(Kind::Areas(areas)), _) => areas.run(),
            (Some(Kind::Chips(chips)), _) => chips.run(),
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
            (None, None) => Err(Fault::invalid_event(
                "expected a study, or areas, chips or roads",
            )),
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
        let planned = study::plan_only(&plan, self.seed, batches, Path::new(""), &self.out)?;
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

/// Overlapping image chips over labelled features; chips.svg shows the lattice.
#[derive(Args)]
struct Chips {
    /// Features: points, lines or polygons
    file: PathBuf,
    /// Only rows where COLUMN=VALUE
    #[arg(long, value_name = "COLUMN=VALUE")]
    select: Option<String>,
    /// Number of k-means folds
    #[arg(long, requires = "fold")]
    folds: Option<usize>,
    /// Which fold, from 0
    #[arg(long, requires = "folds")]
    fold: Option<usize>,
    /// Metres around the features
    #[arg(long)]
    margin_m: Option<f64>,
    /// Metres a pixel
    #[arg(long)]
    pixel_m: Option<f64>,
    /// Pixels a side
    #[arg(long)]
    chip_px: Option<u32>,
    /// Overlap of neighbouring chips, from 0 to below 1
    #[arg(long)]
    overlap: Option<f64>,
    /// Projected CRS of the lattice, such as EPSG:32631 [default: UTM]
    #[arg(long)]
    crs: Option<String>,
    /// Corner of any pixel of the source in that CRS: chips share its pixel edges
    #[arg(
        long,
        value_name = "X,Y",
        value_delimiter = ',',
        num_args = 2,
        allow_negative_numbers = true
    )]
    source_grid: Option<Vec<f64>>,
    /// Which chips are kept: window, disc or all [default: window]
    #[arg(long, value_name = "RULE")]
    keep: Option<String>,
    /// Least share of a chip that features cover
    #[arg(long, value_name = "SHARE")]
    min_label_share: Option<f64>,
    /// What the names of chips begin with [default: chip_]
    #[arg(long)]
    prefix: Option<String>,
    #[command(flatten)]
    common: Common,
}

impl Chips {
    fn run(self) -> Result<(), Fault> {
        let select = match self.select.as_deref().map(|text| text.split_once('=')) {
            None => Value::Null,
            Some(Some((column, value))) => json!({"column": column, "value": value}),
            Some(None) => {
                return Err(Fault::new(
                    FaultName::InvalidInput,
                    "--select: expected COLUMN=VALUE",
                ));
            }
        };
        let folds = match (self.folds, self.fold) {
            (Some(chunks), Some(index)) => json!({"chunks": chunks, "index": index}),
            _ => Value::Null,
        };
        let source_grid = match self.source_grid.as_deref() {
            Some([x, y]) => json!({"x": x, "y": y}),
            _ => Value::Null,
        };
        let settings = settings(
            "chips",
            &self.file,
            [
                ("select", select),
                ("folds", folds),
                ("margin_m", json!(self.margin_m)),
                ("pixel_m", json!(self.pixel_m)),
                ("chip_px", json!(self.chip_px)),
                ("overlap", json!(self.overlap)),
                ("crs", json!(self.crs)),
                ("source_grid", source_grid),
                ("keep", json!(self.keep)),
                ("min_label_share", json!(self.min_label_share)),
                ("prefix", json!(self.prefix)),
            ],
        );
        self.common.plan(settings.clone())?;
        if let Ok(SamplingPlan::Chips(plan)) = serde_json::from_value(settings) {
            let table = tables::Table::open(&self.file, &tables::ReadOptions::default())?;
            let svg = sampling::draw_chips(&table, &plan, self.common.seed)
                .map_err(study::Error::from)?;
            crate::files::write_bytes(&self.common.out.join("chips.svg"), svg.as_bytes())?;
        }
        Ok(())
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
        for side in &self.sides {
            word::<Side>("--sides", side)?;
        }
        word::<Order>("--order", &self.order)?;
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
