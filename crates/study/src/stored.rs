//! Reading a plan back: its study, its tables, the samples of one batch.

use std::sync::Arc;

use serde_json::Value;
use store::Store;
use tables::{ReadOptions, Table};

use crate::ranged::Ranged;
use crate::{Error, Keys, Study};

/// The study of a plan.
pub(crate) async fn study(store: &dyn Store, plan_id: &str) -> Result<Study, Error> {
    let key = Keys::of(plan_id).study();
    let body = store.get(&key).await.map_err(|error| match error {
        store::Error::NotFound { location } => Error::NotPlanned {
            plan_id: plan_id.to_owned(),
            location,
        },
        error => error.into(),
    })?;
    let value: Value = serde_json::from_slice(&body).map_err(|error| Error::Stored {
        location: store.locate(&key),
        problem: error.to_string(),
    })?;
    Study::from_json(value).map_err(Error::Study)
}

/// The samples of one batch: its row group alone of the table under `key`, so that the memory of a worker does not grow with
/// the plan.
pub(crate) async fn samples(store: &Arc<dyn Store>, key: &str, batch: u32) -> Result<Table, Error> {
    let reader = ranged(store, key).await?;
    let location = store.locate(key);
    let read = tokio::task::spawn_blocking(move || {
        let group = usize::try_from(batch).unwrap_or(usize::MAX);
        Table::open_row_group(&location, reader, group, &ReadOptions::default())
    });
    Ok(read.await??)
}

/// A table that is read by ranges.
pub(crate) async fn ranged(store: &Arc<dyn Store>, key: &str) -> Result<Ranged, Error> {
    let Some(object) = store.head(key).await? else {
        let location = store.locate(key);
        return Err(store::Error::NotFound { location }.into());
    };
    Ok(Ranged::new(Arc::clone(store), key.to_owned(), object.size))
}

/// How many lines a list has.
pub(crate) async fn lines(store: &dyn Store, key: &str) -> Result<u32, Error> {
    let list = store.get(key).await?;
    let lines = list.iter().filter(|byte| **byte == b'\n').count();
    Ok(u32::try_from(lines).unwrap_or(u32::MAX))
}

/// All of a stored table.
pub(crate) async fn table(store: &dyn Store, key: &str) -> Result<Table, Error> {
    read(store, key, ReadOptions::default()).await
}

/// Some columns of a stored table.
pub(crate) async fn columns(store: &dyn Store, key: &str, names: &[&str]) -> Result<Table, Error> {
    let columns = names.iter().map(|name| (*name).to_owned()).collect();
    let options = ReadOptions {
        columns: Some(columns),
        ..ReadOptions::default()
    };
    read(store, key, options).await
}

async fn read(store: &dyn Store, key: &str, options: ReadOptions) -> Result<Table, Error> {
    let body = store.get(key).await?;
    let name = store.locate(key);
    let read = tokio::task::spawn_blocking(move || Table::from_bytes(&name, body, &options));
    Ok(read.await??)
}
