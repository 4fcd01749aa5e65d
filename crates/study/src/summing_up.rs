//! The end of a study: one ledger, a table an area or town, maps, and a report.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{StreamExt, TryStreamExt, stream};
use imagery::{Status, ledger};
use report::{CollectReport, Thumbnail, TownReport};
use sampling::Plan;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Store;
use tables::{Table, WriteOptions};

use crate::chip_set::ChipSet;
use crate::{Error, Keys, Study, stored};

const PARQUET: &str = "application/vnd.apache.parquet";
const GEOJSON: &str = "application/geo+json";
const HTML: &str = "text/html";
/// A style of QGIS, XML of its own.
const QML: &str = "application/xml";

/// Most pictures in the report's gallery.
const GALLERY: usize = 60;

/// Parts of the ledger read at once.
const AT_ONCE: usize = 16;

/// What a summary wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SummaryReply {
    /// The plan.
    pub plan_id: String,
    /// Samples of the plan.
    pub samples: u64,
    /// Samples with a row in the ledger.
    pub done: u64,
    /// Samples with a picture.
    #[serde(default)]
    pub pictures: u64,
    /// Places without imagery, and pictures of one flat colour.
    #[serde(default)]
    pub without: u64,
    /// Samples that failed.
    #[serde(default)]
    pub failed: u64,
    /// Samples that are still to be done.
    #[serde(default)]
    pub left: u64,
    /// Why samples failed, the commonest reasons first, with how many each.
    #[serde(default)]
    pub reasons: Vec<(String, u64)>,
    /// Keys of tables.
    pub tables: Vec<String>,
    /// Keys of maps.
    pub geojson: Vec<String>,
    /// Key of the report.
    pub report: Option<String>,
}

/// Reasons that a summary tells.
const REASONS: usize = 5;

impl SummaryReply {
    fn count(&mut self, gathered: &Gathered) -> Result<(), Error> {
        let statuses = gathered.ledger.texts("status")?;
        let reasons = gathered.ledger.texts("reason")?;
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for (status, reason) in statuses.into_iter().zip(reasons) {
            match status.as_deref().and_then(Status::named) {
                Some(Status::Ok | Status::Exists) => self.pictures += 1,
                Some(Status::NoImagery | Status::Blank) => self.without += 1,
                Some(Status::Failed) | None => {
                    self.failed += 1;
                    *counts.entry(reason.unwrap_or_default()).or_default() += 1;
                }
            }
        }
        self.left = self.samples.saturating_sub(self.done);
        let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts.truncate(REASONS);
        self.reasons = counts;
        Ok(())
    }
}

/// What a summary is made of.
pub(crate) struct Gathered {
    pub(crate) study: Study,
    pub(crate) samples: Table,
    pub(crate) ledger: Table,
    areas: Option<Table>,
    connections: Option<Vec<(i64, i64)>>,
    roads: Option<Table>,
}

/// A file of the summary: its key, its bytes and what they are.
struct Output {
    key: String,
    bytes: Vec<u8>,
    media_type: &'static str,
}

/// Sums up what there is of a plan, finished or not.
///
/// # Errors
/// [`Error::NotPlanned`], or the storage's.
pub fn sum_up<'a>(
    plan_id: &'a str,
    store: &'a Arc<dyn Store>,
) -> BoxFuture<'a, Result<SummaryReply, Error>> {
    Box::pin(async move {
        let keys = Keys::of(plan_id);
        let gathered = gather(&keys, plan_id, store.as_ref()).await?;
        let mut reply = SummaryReply {
            plan_id: plan_id.to_owned(),
            samples: gathered.samples.rows() as u64,
            done: gathered.ledger.rows() as u64,
            ..SummaryReply::default()
        };
        reply.count(&gathered)?;
        let (gathered, summed) = tokio::task::spawn_blocking({
            let keys = keys.clone();
            move || {
                let summed = Summed::of(&keys, &gathered)?;
                Ok::<_, Error>((gathered, summed))
            }
        })
        .await??;
        let pictures = pictures(&summed, store.as_ref()).await?;
        let data_set = ChipSet::of(plan_id, &gathered, store.as_ref()).await?;
        let (outputs, page) = tokio::task::spawn_blocking({
            let plan_id = plan_id.to_owned();
            move || {
                let page = page(&plan_id, &gathered, &summed, &pictures)?;
                Ok::<_, Error>((summed.outputs, page))
            }
        })
        .await??;
        for output in outputs {
            match output.media_type {
                GEOJSON => reply.geojson.push(output.key.clone()),
                PARQUET => reply.tables.push(output.key.clone()),
                _ => {}
            }
            store
                .put(&output.key, output.bytes.into(), output.media_type)
                .await?;
        }
        store.put(&keys.report(), page.into(), HTML).await?;
        if let Some(data_set) = data_set {
            data_set.publish(&keys, store.as_ref()).await?;
        }
        reply.report = Some(keys.report());
        Ok(reply)
    })
}

/// Pictures for the report's gallery: sample, reading and the picture as it is stored.
type Pictures = Vec<(String, Option<f64>, Bytes)>;

/// Fetches a few stored pictures, spread over the readings.
async fn pictures(summed: &Summed, store: &dyn Store) -> Result<Pictures, Error> {
    let table = &summed.readings;
    let measure = summed.names.first().map(String::as_str);
    let rows = report::gallery_samples(table, measure, GALLERY)?;
    let (ids, keys) = (table.texts("sample_id")?, table.texts("key")?);
    let readings = measure.map(|name| table.numbers(name)).transpose()?;
    let chosen = rows.into_iter().filter_map(|row| {
        let text = |column: &[Option<String>]| column.get(row).cloned().flatten();
        let reading = readings
            .as_ref()
            .and_then(|column| column.get(row).copied().flatten());
        Some((text(&ids)?, reading, text(&keys)?))
    });
    stream::iter(chosen)
        .map(async |(id, reading, key)| {
            let picture = store.get_if_there(&key).await?;
            Ok::<_, Error>(picture.map(|picture| (id, reading, picture)))
        })
        .buffered(AT_ONCE)
        .try_filter_map(|picture| std::future::ready(Ok(picture)))
        .try_collect()
        .await
}

fn page(
    plan_id: &str,
    gathered: &Gathered,
    summed: &Summed,
    pictures: &Pictures,
) -> Result<String, Error> {
    let thumbnails: Vec<Thumbnail> = pictures
        .iter()
        .filter_map(|(id, reading, picture)| {
            Some(Thumbnail {
                sample_id: id.clone(),
                reading: *reading,
                jpeg: report::thumbnail(picture)?,
            })
        })
        .collect();
    let page = report::collect_page(&CollectReport {
        name: &gathered.study.name,
        plan_id,
        source: gathered.study.source.kind(),
        attribution: gathered.study.source.attribution(),
        readings: &summed.readings,
        measures: &summed.names,
        areas: summed.areas.as_ref(),
        towns: summed.towns.as_ref(),
        town_pages: &summed.town_pages,
        thumbnails: &thumbnails,
    })?;
    Ok(page)
}

async fn gather(keys: &Keys, plan_id: &str, store: &dyn Store) -> Result<Gathered, Error> {
    let study = stored::study(store, plan_id).await?;
    let samples = stored::table(store, &keys.samples()).await?;
    let parts = store.list_all(&keys.ledger()).await?;
    let parts: Vec<Table> = stream::iter(parts)
        .filter(|object| std::future::ready(object.key.ends_with(".parquet")))
        .map(async |object| stored::table(store, &object.key).await)
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let ledger = if parts.is_empty() {
        ledger::to_table(&[], &measures::columns(&study.measures))?
    } else {
        ledger::merge(&parts)?
    };
    let areas = stored::table_if_there(store, &keys.areas()).await?;
    let connections = stored::json(store, &keys.connections()).await?;
    let roads = stored::table_if_there(store, &keys.roads()).await?;
    Ok(Gathered {
        study,
        samples,
        ledger,
        areas,
        connections,
        roads,
    })
}

/// What a plan came to.
struct Summed {
    names: Vec<String>,
    /// Every sample with what became of it; completed along roads.
    readings: Table,
    areas: Option<Table>,
    towns: Option<Table>,
    /// Where the page of each town is, seen from the report.
    town_pages: BTreeMap<String, String>,
    outputs: Vec<Output>,
}

impl Summed {
    fn of(keys: &Keys, gathered: &Gathered) -> Result<Self, Error> {
        let names = ledger::measure_columns(&gathered.ledger);
        let mut summed = Self {
            readings: measures::with_readings(&gathered.samples, &gathered.ledger, &names)?,
            names,
            areas: None,
            towns: None,
            town_pages: BTreeMap::new(),
            outputs: vec![table(keys, "ledger", &gathered.ledger)?],
        };
        match &gathered.study.plan {
            Plan::Areas(plan) => summed.add_areas(keys, gathered, &plan.id)?,
            Plan::Chips(_) => summed.outputs.push(table(keys, "chips", &summed.readings)?),
            Plan::Points(_) => summed.add_points(keys)?,
            Plan::Roads(plan) => summed.add_towns(keys, gathered, plan.area_name.as_deref())?,
        }
        Ok(summed)
    }

    fn add_areas(&mut self, keys: &Keys, gathered: &Gathered, id: &str) -> Result<(), Error> {
        let outlines = gathered.areas.as_ref().map(|areas| (areas, id));
        let areas = measures::summarise_areas(&self.readings, outlines, &self.names)?;
        self.outputs.push(table(keys, "areas", &areas)?);
        if areas.geometry_column().is_some() {
            self.outputs.push(map(keys, "areas", &areas)?);
        }
        self.areas = Some(areas);
        Ok(())
    }

    /// A row a sample, and a row a point with the mean over its directions.
    fn add_points(&mut self, keys: &Keys) -> Result<(), Error> {
        self.outputs.push(table(keys, "samples", &self.readings)?);
        let points = measures::summarise_points(&self.readings, &self.names)?;
        self.outputs.push(table(keys, "points", &points)?);
        self.outputs.push(map(keys, "points", &points)?);
        Ok(())
    }

    fn add_towns(
        &mut self,
        keys: &Keys,
        gathered: &Gathered,
        area_name: Option<&str>,
    ) -> Result<(), Error> {
        let connections = gathered.connections.as_deref();
        let filling = &gathered.study.filling;
        self.readings = measures::fill_roads(&self.readings, &self.names, filling, connections)?;
        let outlines = gathered.areas.as_ref().zip(area_name);
        let towns = measures::summarise_towns(&self.readings, outlines, &self.names)?;
        self.outputs.push(table(keys, "towns", &towns)?);
        if towns.geometry_column().is_some() {
            self.outputs.push(map(keys, "towns", &towns)?);
        }
        self.towns = Some(towns);
        let roads =
            measures::summarise_roads(&self.readings, gathered.roads.as_ref(), &self.names)?;
        self.outputs.push(table(keys, "roads", &roads)?);
        if roads.geometry_column().is_some() {
            self.outputs.push(map(keys, "roads", &roads)?);
            self.add_style(keys, "roads", false);
        }
        for (town, town_table) in measures::town_tables(&self.readings)? {
            let slug = sampling::slug(town.as_deref().unwrap_or("no town"));
            let name = format!("towns/{slug}");
            self.outputs.push(table(keys, &name, &town_table)?);
            if let Some(measure) = self.names.first() {
                let mut bytes = Vec::new();
                measures::write_road_geojson(&town_table, &self.names, &mut bytes)?;
                self.outputs.push(Output {
                    key: keys.table(&format!("{name}.geojson")),
                    bytes,
                    media_type: GEOJSON,
                });
                let page = report::town_page(&TownReport {
                    town: town.as_deref(),
                    study: &gathered.study.name,
                    study_page: "../index.html",
                    attribution: gathered.study.source.attribution(),
                    samples: &town_table,
                    measure,
                })?;
                self.add_style(keys, &name, true);
                self.outputs.push(Output {
                    key: keys.town_report(&slug),
                    bytes: page.into_bytes(),
                    media_type: HTML,
                });
                let town = town.unwrap_or_default();
                self.town_pages.insert(town, format!("{name}.html"));
            }
        }
        Ok(())
    }

    /// A style for QGIS beside a map, by the first measure.
    fn add_style(&mut self, keys: &Keys, name: &str, of_points: bool) {
        let Some(measure) = self.names.first() else {
            return;
        };
        let (column, kind) = match of_points {
            true => (measure.clone(), measures::Drawn::Points),
            false => (format!("{measure}_mean"), measures::Drawn::Lines),
        };
        self.outputs.push(Output {
            key: keys.table(&format!("{name}.qml")),
            bytes: measures::qgis_style(&column, kind).into_bytes(),
            media_type: QML,
        });
    }
}

fn table(keys: &Keys, name: &str, table: &Table) -> Result<Output, Error> {
    Ok(Output {
        key: keys.table(&format!("{name}.parquet")),
        bytes: table.to_geoparquet(&WriteOptions::default())?,
        media_type: PARQUET,
    })
}

fn map(keys: &Keys, name: &str, table: &Table) -> Result<Output, Error> {
    let mut bytes = Vec::new();
    table.write_geojson(&mut bytes)?;
    Ok(Output {
        key: keys.table(&format!("{name}.geojson")),
        bytes,
        media_type: GEOJSON,
    })
}
