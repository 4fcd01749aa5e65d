//! What the ledger says of samples: done, or failed in how many runs; and how failures are forgiven.

use std::collections::HashMap;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use store::Store;

use super::{JSON, QuotaRuns};
use crate::{Error, Keys, stored};

/// Parts of the ledger read at once.
const AT_ONCE: usize = 16;

/// What the ledger says of a sample.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Past {
    pub(super) done: bool,
    /// Runs in which it failed.
    pub(super) failures: u32,
    /// Those of them since failures were last forgiven.
    pub(super) counted: u32,
}

/// Up to which run failures are forgiven.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Retried {
    /// Number of a quota's run; the plan's own batches come before the first.
    until: u32,
}

pub(super) async fn past(keys: &Keys, store: &dyn Store) -> Result<HashMap<String, Past>, Error> {
    let retried: Option<Retried> = stored::json(store, &keys.retried()).await?;
    let parts = store.list_all(&keys.ledger()).await?;
    let parts: Vec<(u32, Vec<Option<String>>, Vec<Option<String>>)> = stream::iter(parts)
        .map(async |part| {
            let rows = stored::columns(store, &part.key, &["sample_id", "status"]).await?;
            let run = keys.quota_of(&part.key).unwrap_or(0);
            Ok::<_, Error>((run, rows.texts("sample_id")?, rows.texts("status")?))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let mut past: HashMap<String, Past> = HashMap::new();
    for (run, ids, statuses) in parts {
        let counts = retried.as_ref().is_none_or(|retried| run > retried.until);
        for (id, status) in ids.into_iter().zip(statuses) {
            let entry = past.entry(id.unwrap_or_default()).or_default();
            if status.as_deref() == Some(imagery::Status::Failed.name()) {
                entry.failures += 1;
                entry.counted += u32::from(counts);
            } else {
                entry.done = true;
            }
        }
    }
    Ok(past)
}

/// Forgives all failures so far: what rests as failed will be tried again, after what was never tried. Gives back how many samples
/// have failed and are not done.
///
/// # Errors
/// [`Error::NotPlanned`], or the storage's.
pub async fn retry(plan_id: &str, store: &Arc<dyn Store>) -> Result<u64, Error> {
    stored::study(store.as_ref(), plan_id).await?;
    let keys = Keys::of(plan_id);
    let runs = QuotaRuns::of_plan(plan_id, store.as_ref()).await?;
    let past = past(&keys, store.as_ref()).await?;
    let failed = past
        .values()
        .filter(|past| !past.done && past.counted > 0)
        .count();
    let retried = Retried { until: runs.last };
    let body = serde_json::to_vec(&retried).unwrap_or_default();
    store.put(&keys.retried(), body.into(), JSON).await?;
    Ok(failed as u64)
}
