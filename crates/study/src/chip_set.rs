//! The folder of chips as a data set: its card and its STAC catalogue, beside the pictures.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use imagery::card::{self, BandFacts, DataSet};
use imagery::{LedgerRow, Picture, ledger};
use sampling::Plan;
use serde_json::Value;
use store::Store;

use crate::summing_up::Gathered;
use crate::{Error, Keys, Study};

const JSON: &str = "application/json";
const GEOJSON: &str = "application/geo+json";

/// Items written at once.
const AT_ONCE: usize = 32;

/// What the card and the catalogue are made of.
pub(crate) struct ChipSet {
    id: String,
    study: Study,
    picture: Picture,
    rows: Vec<LedgerRow>,
    folds: BTreeMap<String, u64>,
    bands: Vec<BandFacts>,
}

impl ChipSet {
    /// The data set of a plan of chips; none for other plans.
    pub(crate) async fn of(
        plan_id: &str,
        gathered: &Gathered,
        store: &dyn Store,
    ) -> Result<Option<Self>, Error> {
        let Plan::Chips(plan) = &gathered.study.plan else {
            return Ok(None);
        };
        let rows = ledger::from_table(&gathered.ledger)?;
        let picture = gathered.study.taken_picture();
        let bands = bands(&rows, &picture, store).await?;
        let mut folds = BTreeMap::new();
        if plan.folds.is_some() {
            for fold in gathered.samples.numbers("fold")?.into_iter().flatten() {
                *folds.entry(fold.to_string()).or_default() += 1;
            }
        }
        Ok(Some(Self {
            id: plan_id.to_owned(),
            study: gathered.study.clone(),
            picture,
            rows,
            folds,
            bands,
        }))
    }

    /// Writes `dataset.json`, `collection.json` and an item for each picture.
    pub(crate) async fn publish(&self, keys: &Keys, store: &dyn Store) -> Result<(), Error> {
        let set = DataSet {
            name: &self.study.name,
            id: &self.id,
            source: &self.study.source,
            picture: &self.picture,
            rows: &self.rows,
            folds: &self.folds,
            bands: &self.bands,
        };
        let items: Vec<(String, Value)> = self
            .rows
            .iter()
            .filter_map(|row| {
                let file = row.key.as_deref()?.rsplit('/').next()?;
                Some((format!("{}.json", row.sample_id), set.item(row, file)?))
            })
            .collect();
        let names: Vec<String> = items.iter().map(|(name, _)| name.clone()).collect();
        stream::iter(items)
            .map(async |(name, item)| put(keys, store, &name, &item, GEOJSON).await)
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
        if let Some(collection) = set.collection(&names) {
            put(keys, store, "collection.json", &collection, JSON).await?;
        }
        put(keys, store, "dataset.json", &set.card(), JSON).await
    }
}

async fn put(
    keys: &Keys,
    store: &dyn Store,
    name: &str,
    value: &Value,
    media_type: &str,
) -> Result<(), Error> {
    let body = format!("{value:#}\n");
    let key = keys.beside_pictures(name);
    Ok(store.put(&key, body.into(), media_type).await?)
}

/// The bands of the first picture that is there.
async fn bands(
    rows: &[LedgerRow],
    picture: &Picture,
    store: &dyn Store,
) -> Result<Vec<BandFacts>, Error> {
    let stored = rows.iter().filter(|row| row.status.has_picture());
    for key in stored.filter_map(|row| row.key.as_deref()) {
        if let Some(bytes) = store.get_if_there(key).await? {
            return Ok(card::bands(&bytes, picture)?);
        }
    }
    Ok(Vec::new())
}
