//! Streams the table into one file per value, then stores them in a folder named like the table.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use contracts::events::{self, SplitEvent, SplitReply};
use contracts::{Fault, FaultName};
use lambda::{Metrics, Unit};
use serde_json::Value;
use store::Stores;
use tables::split::{Source, split_by_column};

/// Name of the file of rows without a value.
const NULL_NAME: &str = "__null__";

pub async fn handle(
    payload: Value,
    stores: &Stores,
    metrics: &mut Metrics,
) -> Result<SplitReply, Fault> {
    let event: SplitEvent = events::parse(payload)?;
    let folder = tempfile::tempdir().map_err(|e| Fault::internal(&e))?;
    let path = folder.path().join("input");
    stores
        .bucket(&event.input_bucket)
        .get_file(&event.filename, &path)
        .await?;

    let parts = folder.path().join("parts");
    std::fs::create_dir(&parts).map_err(|e| Fault::internal(&e))?;
    let (source, column) = (path.clone(), event.column.clone());
    let (files, rows) = tokio::task::spawn_blocking(move || split(&source, &column, &parts))
        .await
        .map_err(|e| Fault::internal(&e))?
        .map_err(|fault| fault.named(&path, &event.filename))?;

    let stem = event
        .filename
        .rsplit_once('.')
        .map_or(event.filename.as_str(), |(stem, _)| stem);
    let output = stores.bucket(&event.output_bucket);
    for (name, file) in &files {
        let key = format!("{stem}/{name}.parquet");
        output
            .put_file(&key, file, "application/vnd.apache.parquet")
            .await?;
    }
    let reply = SplitReply {
        files: files.len() as u64,
        rows: rows as u64,
    };
    #[expect(clippy::cast_precision_loss, reason = "a figure for a metric")]
    metrics.add("rows", reply.rows as f64, Unit::Count);
    Ok(reply)
}

/// Splits into files of `folder`, numbered on disk; the map goes by the name each will have.
fn split(
    source: &Path,
    column: &str,
    folder: &Path,
) -> Result<(BTreeMap<String, PathBuf>, usize), Fault> {
    let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
    let summary = split_by_column(
        Source::Path(source.to_owned()),
        column,
        |value| {
            let path = folder.join(files.len().to_string());
            let file = File::create(&path)?;
            let name = value.map_or_else(|| NULL_NAME.to_owned(), sampling::slug);
            match files.insert(name, path) {
                None => Ok(BufWriter::new(file)),
                Some(_) => Err(std::io::Error::other(format!(
                    "two values of column `{column}` would share one file name"
                ))),
            }
        },
        |_, mut out, _| out.flush(),
    );
    match summary {
        Ok(summary) => Ok((files, summary.rows)),
        Err(tables::Error::Io { name, source }) if source.kind() == std::io::ErrorKind::Other => {
            Err(Fault::new(
                FaultName::InvalidInput,
                format!("{name}: {source}"),
            ))
        }
        Err(error) => Err(error.into()),
    }
}
