//! `transect plan`: samples from a study, or from areas, chips or roads alone.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use contracts::{Fault, FaultName};
use sampling::{Access, Batches, Border, Order, Plan as SamplingPlan, Side, Spacing};
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
    Points(Points),
    Roads(Roads),
}

impl Plan {
    pub async fn run(self) -> Result<(), Fault> {
        match (self.kind, self.study) {
            (Some(Kind::Areas(areas)), _) => areas.run(),
            (Some(Kind::Chips(chips)), _) => chips.run(),
            (Some(Kind::Points(points)), _) => points.run(),
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
                if reply.left_out > 0 {
                    eprintln!(
                        "{} left out by the plan's rules: left_out.jsonl",
                        reply.left_out
                    );
                }
                for note in &reply.notes {
                    eprintln!("note: {note}");
                }
                Ok(())
            }
            (None, None) => Err(Fault::invalid_event(
                "expected a study, or areas, chips, points or roads",
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
        tell(&planned);
        Ok(())
    }
}

/// Most towns, and most reasons, that are listed one by one.
const LISTED: usize = 20;

/// What a planner found on the way: what it left out, points a kilometre by town, and its notes.
pub fn tell(planned: &sampling::Planned) {
    let reasons = sampling::count_reasons(&planned.left_out);
    for (reason, count) in reasons.iter().take(LISTED) {
        eprintln!("left out: {count} by {reason}");
    }
    if reasons.len() > LISTED {
        eprintln!(
            "left out: {} more reasons in left_out.jsonl",
            reasons.len() - LISTED
        );
    }
    let towns = planned.network.iter().flat_map(|network| &network.towns);
    for town in towns.clone().take(LISTED) {
        if let (Some(length_m), Some(density)) = (town.length_m, town.points_per_km()) {
            eprintln!(
                "{}: {} points on {:.1} km, {density:.1} a km",
                town.town.as_deref().unwrap_or("all roads"),
                town.points,
                length_m / 1e3
            );
        }
    }
    if towns.clone().count() > LISTED {
        eprintln!("and {} towns more", towns.count() - LISTED);
    }
    for note in &planned.notes {
        eprintln!("note: {note}");
    }
}

/// A number that is one: neither NaN nor infinite.
fn finite(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "expected a number".to_owned())?;
    match number.is_finite() {
        true => Ok(number),
        false => Err("expected a finite number".to_owned()),
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
    #[arg(long, value_name = "DENSITY", value_parser = finite)]
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
    /// Which fold, from 0, or all
    #[arg(long, requires = "folds", value_name = "INDEX|all")]
    fold: Option<String>,
    /// Chips that meet features of several folds: drop or keep [default: drop]
    #[arg(long, requires = "folds", value_name = "RULE")]
    border: Option<String>,
    /// Metres around the features
    #[arg(long, value_parser = finite)]
    margin_m: Option<f64>,
    /// Metres a pixel
    #[arg(long, value_parser = finite)]
    pixel_m: Option<f64>,
    /// Pixels a side
    #[arg(long)]
    chip_px: Option<u32>,
    /// Overlap of neighbouring chips, from 0 to below 1
    #[arg(long, value_parser = finite)]
    overlap: Option<f64>,
    /// Projected CRS of the lattice, such as EPSG:32631 [default: UTM]
    #[arg(long)]
    crs: Option<String>,
    /// Corner of any pixel of the source in that CRS: chips share its pixel edges
    #[arg(
        long,
        value_name = "X,Y",
        value_parser = finite,
        value_delimiter = ',',
        num_args = 2,
        allow_negative_numbers = true
    )]
    source_grid: Option<Vec<f64>>,
    /// Which chips are kept: window, disc or all [default: window]
    #[arg(long, value_name = "RULE")]
    keep: Option<String>,
    /// Least share of a chip that features cover
    #[arg(long, value_name = "SHARE", value_parser = finite)]
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
        let folds = match (self.folds, self.fold.as_deref()) {
            (Some(chunks), Some(index)) => {
                let index = match index.parse::<usize>() {
                    Ok(number) => json!(number),
                    Err(_) if index == "all" => json!(index),
                    Err(_) => {
                        let problem = "--fold: expected a number from 0, or all";
                        return Err(Fault::new(FaultName::InvalidInput, problem));
                    }
                };
                let border = self.border.as_deref().unwrap_or("drop");
                word::<Border>("--border", border)?;
                json!({"chunks": chunks, "index": index, "border": border})
            }
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

/// A list that was given; an empty one was not.
fn given<T: serde::Serialize>(list: &[T]) -> Value {
    match list.is_empty() {
        true => Value::Null,
        false => json!(list),
    }
}

/// Points of one's own: a picture at each, or one for each direction to look.
///
/// Example: transect plan points places.csv --id code --headings 0,60,120,180,240,300 --out plan
#[derive(Args)]
struct Points {
    /// Points: CSV with longitude and latitude, GeoParquet, GeoJSON or another table
    file: PathBuf,
    /// Column of names, unique [default: the number of the row]
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
    /// Column of dates, carried into the samples
    #[arg(long, value_name = "COLUMN")]
    date: Option<String>,
    /// Degrees clockwise from north, or road: sides of the nearest road
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "DEGREES|road",
        allow_negative_numbers = true
    )]
    headings: Vec<String>,
    /// Degrees above the horizon for each heading [default: 0]
    #[arg(long, value_delimiter = ',', value_name = "DEGREES", value_parser = finite, allow_negative_numbers = true)]
    pitches: Vec<f64>,
    /// With --headings road: sides of the road [default: left,right]
    #[arg(long, value_delimiter = ',')]
    sides: Vec<String>,
    /// With --headings road: OpenStreetMap or a table of lines
    #[arg(long, value_name = "FILE")]
    roads: Option<PathBuf>,
    /// Metres within which the nearest road lies [default: 50]
    #[arg(long, value_name = "METRES", value_parser = finite)]
    road_m: Option<f64>,
    /// Column of strata, carried into the samples
    #[arg(long, value_name = "COLUMN")]
    stratum: Option<String>,
    #[command(flatten)]
    common: Common,
}

impl Points {
    fn run(self) -> Result<(), Fault> {
        for side in &self.sides {
            word::<Side>("--sides", side)?;
        }
        let headings = match &self.headings[..] {
            [] => Value::Null,
            [road] if road == "road" => json!(road),
            degrees => {
                let degrees: Result<Vec<f64>, String> =
                    degrees.iter().map(|text| finite(text)).collect();
                json!(degrees.map_err(|problem| {
                    let problem = format!("--headings: {problem}, or road alone");
                    Fault::new(FaultName::InvalidInput, problem)
                })?)
            }
        };
        let roads = self.roads.as_ref().map(|path| path.to_string_lossy());
        self.common.plan(settings(
            "points",
            &self.file,
            [
                ("id", json!(self.id)),
                ("date", json!(self.date)),
                ("headings", headings),
                ("pitches", given(&self.pitches)),
                ("sides", given(&self.sides)),
                ("roads", json!(roads)),
                ("road_m", json!(self.road_m)),
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
    /// OpenStreetMap (.osm.pbf, .osm, .osm.gz, .osm.bz2), a table of lines, or a CSV of points
    file: PathBuf,
    /// Metres between points
    #[arg(long, default_value_t = 10.0, value_name = "METRES", value_parser = finite)]
    interval: f64,
    /// way: every way by itself; carry: what is left of a way goes to the next
    #[arg(long, default_value = "way")]
    spacing: String,
    /// left, right, leftup, rightup, up, ahead [default: left,right]
    #[arg(long, value_delimiter = ',')]
    sides: Vec<String>,
    /// Degrees clockwise from north, instead of sides or beside them
    #[arg(long, value_delimiter = ',', value_name = "DEGREES", value_parser = finite, allow_negative_numbers = true)]
    headings: Vec<f64>,
    /// Degrees above the horizon for each heading [default: 0]
    #[arg(long, value_delimiter = ',', value_name = "DEGREES", value_parser = finite, allow_negative_numbers = true)]
    pitches: Vec<f64>,
    /// Classes of roads [default: primary,secondary,tertiary,unclassified,residential]
    #[arg(long, value_delimiter = ',', value_name = "CLASSES")]
    highways: Vec<String>,
    /// Leave ways with this tag out: tunnel=yes, service=driveway,alley, or a key; several times
    #[arg(long, value_name = "KEY=VALUE")]
    exclude: Vec<String>,
    /// any: all ways; public: none that is closed to the public
    #[arg(long, default_value = "any")]
    access: String,
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
        word::<Spacing>("--spacing", &self.spacing)?;
        word::<Access>("--access", &self.access)?;
        let areas = self.areas.as_ref().map(|path| path.to_string_lossy());
        self.common.plan(settings(
            "roads",
            &self.file,
            [
                ("interval_m", json!(self.interval)),
                ("spacing", json!(self.spacing)),
                ("sides", given(&self.sides)),
                ("headings", given(&self.headings)),
                ("pitches", given(&self.pitches)),
                ("highways", given(&self.highways)),
                ("exclude", given(&self.exclude)),
                ("access", json!(self.access)),
                ("areas", json!(areas)),
                ("area_name", json!(self.area_name)),
                ("order", json!(self.order)),
                ("join_ways", json!(self.join_ways)),
                ("compat", json!(self.compat)),
            ],
        ))
    }
}
