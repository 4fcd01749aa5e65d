//! `transect cluster`: survey clusters of one table.

use std::path::PathBuf;

use clap::Args;
use clustering::{Budget, Params, Setting, cluster_table};
use contracts::{Fault, FaultName};
use serde::de::DeserializeOwned;

use crate::cluster_files::write_clusters;
use crate::commands::word;
use crate::files;
use crate::reading::Reading;

/// Group the cells (or rooftops) of a table into survey clusters.
///
/// Reads GeoParquet, GeoPackage, GeoJSON, FlatGeobuf, Shapefile, KML or CSV; writes the same table,
/// in the format that the name of the output says, with `cluster_id`, `cluster_weight` and `cluster_pass`, and beside it
/// `clusters_NAME.parquet` (one row a cluster, with its hull) and `clusters_NAME.json` (the report).
#[derive(Args)]
#[command(
    after_help = "Example: transect cluster grid.parquet clustered_grid.parquet --weight population --target-weight 240 --target-radius 1000"
)]
pub struct Cluster {
    /// Table of points or polygons
    input: PathBuf,
    /// Where the clustered table goes
    output: PathBuf,
    /// Column of weights; without it `population` if there is one, else each row counts 1
    #[arg(long, value_name = "COLUMN")]
    weight: Option<String>,
    /// Weight a cluster should have [default: 240]
    #[arg(long, value_name = "W")]
    target_weight: Option<f64>,
    /// Radius in metres that a cluster should not pass [default: 1000]
    #[arg(long, value_name = "METRES")]
    target_radius: Option<f64>,
    /// Least weight [default: 0.75 of the target]
    #[arg(long, value_name = "W")]
    min_weight: Option<f64>,
    /// Greatest weight [default: 1.25 of the target]
    #[arg(long, value_name = "W")]
    max_weight: Option<f64>,
    /// EPSG code of the projection for distances [default: a local equal-area one]
    #[arg(long, value_name = "CODE")]
    projected_epsg: Option<u32>,
    #[command(flatten)]
    reading: Reading,
    /// balanced (connected, in range, compact) or tuned-kmeans (the published approach) [default: balanced]
    #[arg(long, value_parser = ["balanced", "tuned-kmeans"])]
    method: Option<String>,
    /// Seed of everything random [default: 1]
    #[arg(long)]
    seed: Option<u64>,
    /// Most starts of the balanced method [default: as many as pay]
    #[arg(long, value_name = "N")]
    starts: Option<u32>,
    /// Which places are neighbours [default: auto, what the places look like]
    #[arg(long, value_parser = ["auto", "lattice", "touching", "scattered"])]
    adjacency: Option<String>,
    /// Which limit holds where both cannot: weight keeps the range, radius the radius [default: weight]
    #[arg(long, value_name = "LIMIT", value_parser = ["weight", "radius"])]
    on_conflict: Option<String>,
    /// target: weights near the target, for up to two points of the weight in good clusters; good: as much as is found in good
    /// clusters [default: target]
    #[arg(long, value_parser = ["target", "good"])]
    prefer: Option<String>,
    /// Gaps over which pieces become neighbours, 0 for none [default: the target radius, where more than a tenth of the weight
    /// would lie in pieces that are too light]
    #[arg(long, value_name = "METRES")]
    bridge: Option<f64>,
    /// Column that clusters never cross (settlement type, district), or several with commas between
    #[arg(long, value_name = "COLUMN")]
    strata: Option<String>,
    /// Pieces of a stratum lighter than the least weight: keep them as clusters, or merge them with a neighbouring stratum's
    /// [default: keep]
    #[arg(long, value_name = "RULE", value_parser = ["keep", "merge"])]
    thin_pieces: Option<String>,
    /// Columns that the table of clusters has too, with the value of most of a cluster's weight
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    carry: Vec<String>,
    /// Most passes of tuned-kmeans, the first included [default: 10]
    #[arg(long, value_name = "N")]
    max_passes: Option<u32>,
    /// Trials of the first pass of tuned-kmeans [default: 100]
    #[arg(long, value_name = "N")]
    initial_max_trials: Option<u32>,
    /// Further settings as JSON, by the names of the `params` of an event
    #[arg(long, value_name = "JSON")]
    params: Option<String>,
    /// Replace cluster columns that the table has already
    #[arg(long)]
    overwrite: bool,
    /// Threads [default: one a processor]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Print the report as one JSON object on the last line of standard output
    #[arg(long)]
    json: bool,
}

impl Cluster {
    pub fn run(self) -> Result<(), Fault> {
        use_threads(self.threads)?;
        let params = self.params()?;
        files::check_output(&self.output)?;
        let table = self.reading.open(&self.input)?;
        let clustered = cluster_table(&table, &params, &Budget::unlimited()).map_err(|error| {
            Fault::from(error).named(&self.input, &self.input.to_string_lossy())
        })?;
        write_clusters(&clustered, &self.output)?;
        let report = &clustered.report;
        for warning in &report.warnings {
            eprintln!("warning: {warning}");
        }
        if self.json {
            println!(
                "{}",
                serde_json::to_string(report).map_err(|e| Fault::internal(&e))?
            );
        } else {
            print!("{report}");
            println!("written to {}", self.output.display());
        }
        Ok(())
    }

    fn params(&self) -> Result<Params, Fault> {
        let mut params: Params = match &self.params {
            None => Params::default(),
            Some(text) => serde_json::from_str(text)
                .map_err(|error| Fault::invalid_event(format!("--params: {error}")))?,
        };
        // Only what was given: a default here must not replace what --params says.
        set_word(&mut params.method, "--method", self.method.as_ref())?;
        set_word(
            &mut params.adjacency,
            "--adjacency",
            self.adjacency.as_ref(),
        )?;
        set_word(
            &mut params.on_conflict,
            "--on-conflict",
            self.on_conflict.as_ref(),
        )?;
        set_word(&mut params.prefer, "--prefer", self.prefer.as_ref())?;
        set_word(
            &mut params.thin_pieces,
            "--thin-pieces",
            self.thin_pieces.as_ref(),
        )?;
        set(&mut params.seed, self.seed);
        set_some(&mut params.bridge, self.bridge);
        params.carry.extend(self.carry.iter().cloned());
        params.overwrite |= self.overwrite;
        let fixed = |value: Option<f64>| value.map(Setting::Fixed);
        set(
            &mut params.desired_cluster_weight,
            fixed(self.target_weight),
        );
        set(
            &mut params.desired_cluster_radius,
            fixed(self.target_radius),
        );
        set_some(&mut params.min_weight, fixed(self.min_weight));
        set_some(&mut params.max_cluster_weight, fixed(self.max_weight));
        set(&mut params.max_passes, self.max_passes.map(Setting::Fixed));
        set(
            &mut params.initial_max_trials,
            self.initial_max_trials.map(Setting::Fixed),
        );
        set_some(&mut params.weight_column, self.weight.clone());
        set_some(&mut params.projected_epsg, self.projected_epsg);
        set_some(&mut params.starts, self.starts);
        set_some(&mut params.strata, self.strata.clone());
        Ok(params)
    }
}

fn set_word<T: DeserializeOwned>(
    field: &mut T,
    flag: &str,
    value: Option<&String>,
) -> Result<(), Fault> {
    if let Some(value) = value {
        *field = word(flag, value)?;
    }
    Ok(())
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

fn set_some<T>(field: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *field = value;
    }
}

/// Sets the size of the pool that all computing runs on.
fn use_threads(threads: Option<usize>) -> Result<(), Fault> {
    let Some(threads) = threads else {
        return Ok(());
    };
    if threads == 0 {
        return Err(Fault::new(
            FaultName::InvalidInput,
            "--threads is 0: expected at least 1",
        ));
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .map_err(|error| Fault::internal(&error))
}
