//! Stored pictures of one batch, measured again.

use std::sync::Arc;

use futures::future::BoxFuture;
use futures::{StreamExt, TryStreamExt, stream};
use imagery::{LedgerRow, ledger};
use measures::{MeasureSpec, ReadingStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Store;
use tables::WriteOptions;

use crate::{Error, stored};

/// Pictures read at once.
const AT_ONCE: usize = 16;

/// What came of measuring a batch again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeasureReply {
    /// Pictures with a reading.
    pub read: u64,
    /// Pictures that could not be read.
    pub unreadable: u64,
    /// Samples without a stored picture.
    pub without_picture: u64,
    /// Key of the batch's part of the ledger.
    pub ledger: String,
}

/// Measures the stored pictures of one part of a ledger; the readings replace those of the same name in it, other
/// readings stay.
///
/// # Errors
/// A part that is not there, a mistake in `specs`, or the storage's.
pub fn measure<'a>(
    part: &'a str,
    specs: &'a [MeasureSpec],
    store: &'a Arc<dyn Store>,
) -> BoxFuture<'a, Result<MeasureReply, Error>> {
    Box::pin(async move {
        measures::check(specs)?;
        let key = part;
        let part = stored::table(store.as_ref(), key).await?;
        let mut names = ledger::measure_columns(&part);
        for name in measures::columns(specs) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let specs: Arc<[MeasureSpec]> = specs.into();
        let rows = ledger::from_table(&part)?;
        let measured: Vec<(LedgerRow, Option<ReadingStatus>)> = stream::iter(rows)
            .map(|row| read(row, store.as_ref(), Arc::clone(&specs)))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let count = |wanted: fn(Option<ReadingStatus>) -> bool| {
            measured
                .iter()
                .filter(|(_, status)| wanted(*status))
                .count() as u64
        };
        let reply = MeasureReply {
            read: count(|status| status == Some(ReadingStatus::Ok)),
            unreadable: count(|status| !matches!(status, None | Some(ReadingStatus::Ok))),
            without_picture: count(|status| status.is_none()),
            ledger: key.to_owned(),
        };
        let rows: Vec<LedgerRow> = measured.into_iter().map(|(row, _)| row).collect();
        let bytes = ledger::to_table(&rows, &names)?.to_geoparquet(&WriteOptions::default())?;
        store
            .put(key, bytes.into(), "application/vnd.apache.parquet")
            .await?;
        Ok(reply)
    })
}

/// Reads one picture and puts what it says into its row.
async fn read(
    mut row: LedgerRow,
    store: &dyn Store,
    specs: Arc<[MeasureSpec]>,
) -> Result<(LedgerRow, Option<ReadingStatus>), Error> {
    let Some(key) = row.key.as_ref().filter(|_| row.status.has_picture()) else {
        return Ok((row, None));
    };
    let Some(picture) = store.get_if_there(key).await? else {
        return Ok((row, None));
    };
    let readings =
        tokio::task::spawn_blocking(move || measures::measure_bytes(&picture, &specs)).await?;
    for (name, value) in readings.values {
        match row.measures.iter_mut().find(|(known, _)| *known == name) {
            Some((_, reading)) => *reading = value,
            None => row.measures.push((name, value)),
        }
    }
    Ok((row, Some(readings.status)))
}
