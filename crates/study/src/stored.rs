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

/// The samples of one batch: its row group alone, so that the memory of a worker does not grow with the plan.
pub(crate) async fn samples(
    store: &Arc<dyn Store>,
    plan_id: &str,
    batch: u32,
) -> Result<Table, Error> {
    let key = Keys::of(plan_id).samples();
    let location = store.locate(&key);
    let Some(object) = store.head(&key).await? else {
        return Err(Error::NotPlanned {
            plan_id: plan_id.to_owned(),
            location,
        });
    };
    let reader = Ranged::new(Arc::clone(store), key, object.size);
    let read = tokio::task::spawn_blocking(move || {
        let group = usize::try_from(batch).unwrap_or(usize::MAX);
        Table::open_row_group(&location, reader, group, &ReadOptions::default())
    });
    Ok(read.await??)
}

/// All of a stored table.
pub(crate) async fn table(store: &dyn Store, key: &str) -> Result<Table, Error> {
    let body = store.get(key).await?;
    let name = store.locate(key);
    let read = tokio::task::spawn_blocking(move || {
        Table::from_bytes(&name, body, &ReadOptions::default())
    });
    Ok(read.await??)
}
