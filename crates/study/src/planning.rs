//! From a study to samples and batches.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use futures::future::BoxFuture;
use imagery::Source;
use sampling::{Batches, ChipPlan, Plan, Planned, RoadsInput, SourceGrid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Store, Stores};
use tables::{ReadOptions, Table, WriteOptions};
use tempfile::NamedTempFile;

use crate::inputs::{Input, Inputs, file_error};
use crate::seams::Ranges;
use crate::{Error, Keys, Study};

const PARQUET: &str = "application/vnd.apache.parquet";
const LINES: &str = "application/jsonl";
const JSON: &str = "application/json";

/// What came of planning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanReply {
    /// A hash of the study and its inputs: the same study on the same inputs is the same plan.
    pub plan_id: String,
    /// Key of the samples.
    pub samples: String,
    /// Key of the list of batches.
    pub batches: String,
    /// Samples planned.
    pub count: u64,
    /// Batches they are in.
    pub batch_count: u64,
    /// Places that could not be planned; the list says why.
    pub rejected: u64,
    /// Places that the plan's rules leave out; another list says by which rule.
    #[serde(default)]
    pub left_out: u64,
    /// What was taken otherwise than it might have been meant, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One line of the list of batches: what `scrape` is called with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchLine {
    /// The plan.
    pub plan_id: String,
    /// Number of the batch, from 0.
    pub batch: u32,
    /// The quota that the batch is of; none for a batch of the plan itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<u32>,
    /// Bucket of the plan and of what comes of it.
    pub output_bucket: String,
    /// Workers that share the source's rate.
    pub workers: u32,
}

/// The inputs of a plan, read and measured.
struct Read {
    main: Input,
    areas: Option<Input>,
    /// Roads that points look from.
    roads: Option<Input>,
    labels: Option<(Input, imagery::labels::Labels)>,
}

impl Read {
    /// Says which file a mistake is in, if it is in one.
    fn in_file(&self, error: sampling::Error) -> Error {
        use sampling::Error as E;
        let (input, source) = match error {
            E::Setting { .. } | E::TooManySamples { .. } | E::Osm { .. } => return error.into(),
            E::Areas(source) => (self.areas.as_ref().unwrap_or(&self.main), *source),
            source => (&self.main, source),
        };
        Error::Input {
            name: input.name.clone(),
            source,
        }
    }
}

/// Plans the study and writes the plan to `output`, the list of batches last: where that is, the
/// plan is whole. `bucket` is the name that batches carry for `output`; `workers` how many of them
/// will run at once; `stores` opens other buckets, for sources that lie in S3.
///
/// # Errors
/// What is wrong with the study or its inputs, or the storage's.
pub fn plan<'a>(
    study: &'a Study,
    inputs: &'a Inputs,
    output: &'a dyn Store,
    bucket: &'a str,
    workers: u32,
    stores: &'a Stores,
) -> BoxFuture<'a, Result<PlanReply, Error>> {
    Box::pin(async move {
        let mut settled = study.clone();
        if let Plan::Chips(chips) = &study.plan {
            settled.plan = Plan::Chips(on_source(chips, &study.source, stores).await?);
        }
        let read = Read {
            main: inputs.bring(study.plan.file()).await?,
            areas: match study.plan.areas_file() {
                Some(file) => Some(inputs.bring(file).await?),
                None => None,
            },
            roads: match study.plan.roads_file() {
                Some(file) => Some(inputs.bring(file).await?),
                None => None,
            },
            labels: match &study.picture.labels {
                Some(labels) => Some((inputs.bring(&labels.layer).await?, labels.clone())),
                None => None,
            },
        };
        let work = settled;
        let (plan_id, made, samples) = tokio::task::spawn_blocking(move || {
            let plan_id = plan_id(&work, &read)?;
            let made = Made::from(&work.plan, work.seed, work.batching(), &read)?;
            let samples = made.samples_in(&std::env::temp_dir())?;
            Ok::<_, Error>((plan_id, made, samples))
        })
        .await??;

        let keys = Keys::of(&plan_id);
        let study_json = serde_json::to_vec_pretty(study).map_err(|error| Error::Stored {
            location: keys.study(),
            problem: error.to_string(),
        })?;
        output.put(&keys.study(), study_json.into(), JSON).await?;
        made.write(&samples, output, &keys).await?;
        let lines = made.batch_lines(&plan_id, bucket, workers);
        output.put(&keys.batches(), lines.into(), LINES).await?;
        Ok(PlanReply {
            samples: keys.samples(),
            batches: keys.batches(),
            count: made.planned.samples.len() as u64,
            batch_count: made.planned.batches.len() as u64,
            rejected: made.planned.rejected.len() as u64,
            left_out: made.planned.left_out.len() as u64,
            notes: made.planned.notes.clone(),
            plan_id,
        })
    })
}

/// A plan of chips on the pixels of its source, where that states them.
async fn on_source(plan: &ChipPlan, source: &Source, stores: &Stores) -> Result<ChipPlan, Error> {
    let transport = Arc::new(imagery::HttpTransport::of(source)?);
    let ranges = Arc::new(Ranges::new(stores.clone()));
    let clock = Arc::new(imagery::SystemClock);
    let grid = source.native_grid(plan.pixel_m, transport, ranges, clock);
    Ok(match grid.await? {
        Some(grid) => {
            let (x, y) = grid.corner;
            plan.on_pixels_of(&grid.crs, grid.pixel, SourceGrid { x, y })
        }
        None => plan.clone(),
    })
}

/// What the raster of a source says of itself; none for sources that are no raster.
///
/// # Errors
/// Why it cannot be read.
pub async fn raster_facts(
    source: &Source,
    stores: &Stores,
) -> Result<Option<imagery::RasterFacts>, Error> {
    let transport = Arc::new(imagery::HttpTransport::of(source)?);
    let ranges = Arc::new(Ranges::new(stores.clone()));
    let clock = Arc::new(imagery::SystemClock);
    Ok(source.raster_facts(transport, ranges, clock).await?)
}

/// Plans without a study: `samples.parquet`, `rejected.jsonl` and `left_out.jsonl` in a folder of this machine.
/// Files that the plan names count from the folder `base`.
///
/// # Errors
/// As [`plan`].
pub fn plan_only(
    plan: &Plan,
    seed: u64,
    batches: Batches,
    base: &Path,
    folder: &Path,
) -> Result<Planned, Error> {
    plan.check()?;
    let here = |file: &str| Input::here(base, file);
    let read = Read {
        main: here(plan.file()),
        areas: plan.areas_file().map(here),
        roads: plan.roads_file().map(here),
        labels: None,
    };
    let made = Made::from(plan, seed, batches, &read)?;
    let is_new = !folder.exists();
    std::fs::create_dir_all(folder).map_err(|e| file_error(folder, e))?;
    let written = made.write_here(folder);
    if is_new && written.is_err() {
        // Fails where something is in it; the error that is reported is the one that stopped the writing.
        let _ = std::fs::remove_dir(folder);
    }
    written?;
    Ok(made.planned)
}

/// A hash of what decides the samples and their pictures: not of the limits, so that a plan can
/// be gone on with under others.
fn plan_id(study: &Study, read: &Read) -> Result<String, Error> {
    let mut study = study.clone();
    study.limits = imagery::Limits::default();
    let mut digest = Sha256::new();
    digest.update(serde_json::to_vec(&study).unwrap_or_default());
    let labels = read.labels.iter().map(|(input, _)| input);
    let beside = read.areas.iter().chain(&read.roads);
    for input in std::iter::once(&read.main).chain(beside).chain(labels) {
        digest.update([0]);
        input.digest(&mut digest)?;
    }
    Ok(short_hash(&digest.finalize()))
}

/// The first sixteen hexadecimal digits of a hash, by which plans are named.
pub(crate) fn short_hash(digest: &[u8]) -> String {
    let bytes = digest.iter().take(8);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// What planning made, before it is written.
struct Made {
    planned: Planned,
    /// Areas or towns: id and outline, for the summary; points: id and place.
    areas: Option<Table>,
    /// Labels: outline and value, for the pictures.
    labels: Option<Table>,
}

impl Made {
    fn from(plan: &Plan, seed: u64, batches: Batches, read: &Read) -> Result<Self, Error> {
        let open = |input: &Input| Table::open(&input.path, &ReadOptions::default());
        let labels = match &read.labels {
            Some((input, labels)) => Some(label_layer(&open(input)?, labels)?),
            None => None,
        };
        let (planned, areas) = match plan {
            Plan::Areas(plan) => {
                let table = open(&read.main)?;
                let planned = sampling::plan_areas(&table, plan, seed, batches)
                    .map_err(|error| read.in_file(error))?;
                (planned, Some(with_column(&table, Some(&plan.id))?))
            }
            Plan::Chips(plan) => {
                let features = open(&read.main)?;
                let planned = sampling::plan_chips(&features, plan, seed, batches)
                    .map_err(|error| read.in_file(error))?;
                (planned, None)
            }
            Plan::Points(plan) => {
                let table = open(&read.main)?;
                let planned = match &read.roads {
                    None => sampling::plan_points(&table, None, plan, batches),
                    Some(roads) => with_roads(roads, |roads| {
                        sampling::plan_points(&table, Some(roads), plan, batches)
                    })?,
                };
                (planned.map_err(|error| read.in_file(error))?, None)
            }
            Plan::Roads(plan) => {
                let towns = read.areas.as_ref().map(open).transpose()?;
                let planned = with_roads(&read.main, |roads| {
                    sampling::plan_roads(roads, towns.as_ref(), plan, batches)
                })?;
                let outlines = match (&towns, &plan.area_name) {
                    (Some(towns), Some(name)) => Some(with_column(towns, Some(name))?),
                    _ => None,
                };
                (planned.map_err(|error| read.in_file(error))?, outlines)
            }
        };
        Ok(Self {
            planned,
            areas,
            labels,
        })
    }

    /// Writes what a plan without a study is: the samples and what was rejected, both whole before either has its name.
    fn write_here(&self, folder: &Path) -> Result<(), Error> {
        let failed = |e| file_error(folder, e);
        let samples = self.samples_in(folder)?;
        let listed = |rows: &[sampling::Rejected]| {
            let mut list = new_file(folder)?;
            list.as_file_mut().write_all(lines(rows).as_bytes())?;
            Ok(list)
        };
        let rejected = listed(&self.planned.rejected).map_err(failed)?;
        let left_out = listed(&self.planned.left_out).map_err(failed)?;
        for (file, name) in [
            (samples, "samples.parquet"),
            (rejected, "rejected.jsonl"),
            (left_out, "left_out.jsonl"),
        ] {
            let path = folder.join(name);
            file.persist(&path)
                .map_err(|e| file_error(&path, e.error))?;
        }
        Ok(())
    }

    /// Writes all but the list of batches; the samples lie on disk already.
    async fn write(
        &self,
        samples: &NamedTempFile,
        output: &dyn Store,
        keys: &Keys,
    ) -> Result<(), Error> {
        output
            .put_file(&keys.samples(), samples.path(), PARQUET)
            .await?;
        output
            .put(
                &keys.rejected(),
                lines(&self.planned.rejected).into(),
                LINES,
            )
            .await?;
        output
            .put(
                &keys.left_out(),
                lines(&self.planned.left_out).into(),
                LINES,
            )
            .await?;
        if let Some(areas) = &self.areas {
            let bytes = areas.to_geoparquet(&WriteOptions::default())?;
            output.put(&keys.areas(), bytes.into(), PARQUET).await?;
        }
        if let Some(labels) = &self.labels {
            let bytes = labels.to_geoparquet(&WriteOptions::default())?;
            output.put(&keys.labels(), bytes.into(), PARQUET).await?;
        }
        if let Some(network) = &self.planned.network {
            let connections = serde_json::to_vec(&network.connections).unwrap_or_default();
            output
                .put(&keys.connections(), connections.into(), JSON)
                .await?;
            if let Some(roads) = &network.roads {
                let bytes = roads.to_geoparquet(&WriteOptions::default())?;
                output.put(&keys.roads(), bytes.into(), PARQUET).await?;
            }
        }
        Ok(())
    }

    /// The samples on disk: they may be too many for memory.
    fn samples_in(&self, folder: &Path) -> Result<NamedTempFile, Error> {
        let failed = |e| file_error(folder, e);
        let file = new_file(folder).map_err(failed)?;
        let out = self
            .planned
            .write_geoparquet(BufWriter::new(file))
            .map_err(|error| match error {
                sampling::Error::Table(error) => {
                    Error::Tables(error.in_output(&folder.to_string_lossy()))
                }
                error => error.into(),
            })?;
        out.into_inner().map_err(|e| failed(e.into_error()))
    }

    fn batch_lines(&self, plan_id: &str, bucket: &str, workers: u32) -> String {
        let batches: Vec<BatchLine> = (0u32..)
            .zip(&self.planned.batches)
            .map(|(batch, _)| BatchLine {
                plan_id: plan_id.to_owned(),
                batch,
                quota: None,
                output_bucket: bucket.to_owned(),
                workers,
            })
            .collect();
        lines(&batches)
    }
}

/// Calls `work` with the roads of a file: an extract of OpenStreetMap, or a table.
fn with_roads<T>(input: &Input, work: impl FnOnce(RoadsInput<'_>) -> T) -> Result<T, Error> {
    if sampling::is_osm_name(&input.path) {
        return Ok(work(RoadsInput::OsmFile(&input.path)));
    }
    let table = Table::open(&input.path, &ReadOptions::default())?;
    Ok(work(RoadsInput::Table(&table)))
}

/// A file that becomes a result: open to the readers that the system grants, not private as temporary
/// files are.
fn new_file(folder: &Path) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    // Not with the name of the temporary file, which says nothing to anybody.
    builder.tempfile_in(folder).map_err(|e| e.kind().into())
}

/// The layer that is burnt into pictures, found fit for it.
fn label_layer(table: &Table, labels: &imagery::labels::Labels) -> Result<Table, Error> {
    let column = labels.column.as_deref();
    imagery::labels::LabelLayer::from_table(table, column).map_err(imagery::Error::from)?;
    Ok(with_column(table, column)?)
}

/// A table with its geometry and one other column, or none.
fn with_column(table: &Table, kept: Option<&str>) -> Result<Table, tables::Error> {
    let others: Vec<String> = table
        .column_names()
        .filter(|name| Some(*name) != kept && Some(*name) != table.geometry_column())
        .map(str::to_owned)
        .collect();
    others
        .iter()
        .try_fold(table.clone(), |table, name| table.without_column(name))
}

pub(crate) fn lines<T: Serialize>(items: &[T]) -> String {
    let mut lines = String::new();
    for item in items {
        // Plain structs of text and numbers always serialise.
        lines.push_str(&serde_json::to_string(item).unwrap_or_default());
        lines.push('\n');
    }
    lines
}

/// How many workers a run of `batches` batches should have: as many as may run at once, and as
/// the source's own limit leaves at least one request to.
#[must_use]
pub fn workers(source: &Source, limits: &imagery::Limits, batches: u32, at_once: u32) -> u32 {
    let most = at_once.min(batches).max(1);
    (1..=most)
        .rev()
        .find(|workers| limits.share(source, *workers).is_ok())
        .unwrap_or(1)
}
