//! Reading a plan back: its study, its tables, the samples of one batch.

use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::Store;
use tables::{ReadOptions, RowGroupReader, Table};

use crate::ranged::Ranged;
use crate::{Error, Keys, Study};

/// The study of a plan.
pub(crate) async fn study(store: &dyn Store, plan_id: &str) -> Result<Study, Error> {
    let key = Keys::of(plan_id).study();
    match json::<Value>(store, &key).await? {
        Some(study) => Study::from_json(study).map_err(Error::Study),
        None => Err(Error::NotPlanned {
            plan_id: plan_id.to_owned(),
            location: store.locate(&key),
        }),
    }
}

/// A small file of ours in JSON, or `None` where there is none.
pub(crate) async fn json<T: DeserializeOwned>(
    store: &dyn Store,
    key: &str,
) -> Result<Option<T>, Error> {
    let Some(body) = store.get_if_there(key).await? else {
        return Ok(None);
    };
    let value = serde_json::from_slice(&body).map_err(|error| Error::Stored {
        location: store.locate(key),
        problem: error.to_string(),
    })?;
    Ok(Some(value))
}

/// A table of samples under `key` that is read batch by batch, each a row group of its own: the memory of a reader does not grow
/// with the plan.
pub(crate) async fn by_batch(
    store: &Arc<dyn Store>,
    key: &str,
    columns: Option<&[&str]>,
) -> Result<RowGroupReader<Ranged>, Error> {
    let Some(object) = store.head(key).await? else {
        let location = store.locate(key);
        return Err(store::Error::NotFound { location }.into());
    };
    let reader = Ranged::new(Arc::clone(store), key.to_owned(), object.size);
    let (location, options) = (store.locate(key), options(columns));
    let opened =
        tokio::task::spawn_blocking(move || RowGroupReader::open(&location, reader, options));
    Ok(opened.await??)
}

/// The samples of one batch.
pub(crate) async fn samples(store: &Arc<dyn Store>, key: &str, batch: u32) -> Result<Table, Error> {
    let batches = by_batch(store, key, None).await?;
    Ok(tokio::task::spawn_blocking(move || batches.read(batch as usize)).await??)
}

/// How many lines a list has.
pub(crate) async fn lines(store: &dyn Store, key: &str) -> Result<u32, Error> {
    let list = store.get(key).await?;
    let lines = list.iter().filter(|byte| **byte == b'\n').count();
    Ok(u32::try_from(lines).unwrap_or(u32::MAX))
}

/// All of a stored table.
pub(crate) async fn table(store: &dyn Store, key: &str) -> Result<Table, Error> {
    let body = store.get(key).await?;
    read(store.locate(key), body, options(None)).await
}

/// All of a stored table, or `None` where there is none.
pub(crate) async fn table_if_there(store: &dyn Store, key: &str) -> Result<Option<Table>, Error> {
    match store.get_if_there(key).await? {
        Some(body) => Ok(Some(read(store.locate(key), body, options(None)).await?)),
        None => Ok(None),
    }
}

/// Some columns of a stored table.
pub(crate) async fn columns(store: &dyn Store, key: &str, names: &[&str]) -> Result<Table, Error> {
    let body = store.get(key).await?;
    read(store.locate(key), body, options(Some(names))).await
}

fn options(columns: Option<&[&str]>) -> ReadOptions {
    ReadOptions {
        columns: columns.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
        ..ReadOptions::default()
    }
}

async fn read(name: String, body: Bytes, options: ReadOptions) -> Result<Table, Error> {
    let read = tokio::task::spawn_blocking(move || Table::from_bytes(&name, body, &options));
    Ok(read.await??)
}
