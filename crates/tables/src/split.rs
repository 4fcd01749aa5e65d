//! One big Parquet file to one GeoParquet file for each value of a column, as a stream.
//!
//! Rows keep their order within a file. At any time there is in memory one batch of the input and, for each value met, the
//! rows that wait to become a row group; when those grow past a bound, the largest are written out.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{RecordBatch, UInt32Array};
use arrow_schema::{DataType, SchemaRef};
use bytes::Bytes;

use crate::geoparquet::{ParquetFile, RowGroupWriter};
use crate::table::PrimaryGeometry;
use crate::{Error, ReadOptions, Result};

/// Bytes of rows that may wait, over all values together.
const WAITING_BYTES: usize = 64 << 20;

/// A Parquet file to split.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file, read by ranges.
    Path(PathBuf),
    /// Bytes, and the name to use for them in messages.
    Bytes {
        /// For messages.
        name: String,
        /// The whole file.
        bytes: Bytes,
    },
}

/// What splitting made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SplitSummary {
    /// Files, one a value.
    pub files: usize,
    /// Rows in them together: those of the input.
    pub rows: usize,
}

/// Writes the rows of each value of `column` to a file of their own.
///
/// `open` is called once for each value, in the order in which values first get written, `None` standing for null; what it
/// gives is written to. When all is written, `close` takes it back, in the order of values, with the rows it got. Values are
/// compared as text: numbers and dates in their usual notation.
///
/// # Errors
/// As [`Table::open`](crate::Table::open) for the source; [`Error::MissingColumn`]; [`Error::ColumnType`] for a column without a text form; [`Error::Io`]
/// for what `open` and `close` report.
pub fn split_by_column<W: Write + Send>(
    source: Source,
    column: &str,
    mut open: impl FnMut(Option<&str>) -> std::io::Result<W>,
    mut close: impl FnMut(Option<&str>, W, usize) -> std::io::Result<()>,
) -> Result<SplitSummary> {
    let options = ReadOptions::default();
    let file = match source {
        Source::Path(path) => {
            let name = path.display().to_string();
            let input = File::open(&path).map_err(|error| Error::io(&name, error))?;
            ParquetFile::open(&name, input, &options)?
        }
        Source::Bytes { name, bytes } => ParquetFile::open(&name, bytes, &options)?,
    };
    let schema = Arc::clone(&file.schema);
    let primary = file.primary.clone();
    let Some((position, _)) = schema.column_with_name(column) else {
        let available = schema
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        return Err(Error::MissingColumn {
            column: column.to_owned(),
            available,
        });
    };
    let mut parts: BTreeMap<Option<String>, Part<W>> = BTreeMap::new();
    let mut waiting = 0;
    for batch in file {
        let batch = batch?;
        for (value, rows) in rows_by_value(&batch, position, column)? {
            let rows = arrow_select::take::take_record_batch(&batch, &rows)
                .map_err(|error| Error::column(column, error))?;
            waiting += rows.get_array_memory_size();
            let part = parts.entry(value).or_default();
            part.bytes += rows.get_array_memory_size();
            part.rows += rows.num_rows();
            part.waiting.push(rows);
        }
        while waiting > WAITING_BYTES {
            let Some((value, largest)) = parts.iter_mut().max_by_key(|(_, part)| part.bytes) else {
                break;
            };
            waiting -= largest.bytes;
            largest.write_row_group(value.as_deref(), &schema, primary.as_ref(), &mut open)?;
        }
    }
    let summary = SplitSummary {
        files: parts.len(),
        rows: parts.values().map(|part| part.rows).sum(),
    };
    for (value, mut part) in parts {
        part.write_row_group(value.as_deref(), &schema, primary.as_ref(), &mut open)?;
        if let Some(writer) = part.writer {
            let out = writer.finish()?;
            close(value.as_deref(), out, part.rows)
                .map_err(|error| Error::io(value.as_deref().unwrap_or("null"), error))?;
        }
    }
    Ok(summary)
}

/// The file of one value.
struct Part<W: Write + Send> {
    writer: Option<RowGroupWriter<W>>,
    waiting: Vec<RecordBatch>,
    bytes: usize,
    rows: usize,
}

impl<W: Write + Send> Default for Part<W> {
    fn default() -> Self {
        Self {
            writer: None,
            waiting: Vec::new(),
            bytes: 0,
            rows: 0,
        }
    }
}

impl<W: Write + Send> Part<W> {
    fn write_row_group(
        &mut self,
        value: Option<&str>,
        schema: &SchemaRef,
        primary: Option<&PrimaryGeometry>,
        open: &mut impl FnMut(Option<&str>) -> std::io::Result<W>,
    ) -> Result<()> {
        let Some(first) = self.waiting.first() else {
            return Ok(());
        };
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => {
                let out = open(value).map_err(|error| Error::io(value.unwrap_or("null"), error))?;
                self.writer
                    .insert(RowGroupWriter::new(out, schema, primary, first)?)
            }
        };
        for batch in self.waiting.drain(..) {
            writer.write(&batch)?;
        }
        self.bytes = 0;
        writer.end_row_group()
    }
}

/// The rows of each value of a batch, values in order.
fn rows_by_value(
    batch: &RecordBatch,
    position: usize,
    column: &str,
) -> Result<BTreeMap<Option<String>, UInt32Array>> {
    let values = batch.column(position);
    let texts = arrow_cast::cast(values, &DataType::Utf8).map_err(|_| Error::ColumnType {
        column: column.to_owned(),
        found: values.data_type().to_string(),
        expected: "values with a text form",
    })?;
    let mut rows: BTreeMap<Option<&str>, Vec<u32>> = BTreeMap::new();
    for (row, text) in (0..).zip(texts.as_string::<i32>().iter()) {
        rows.entry(text).or_default().push(row);
    }
    Ok(rows
        .into_iter()
        .map(|(text, rows)| (text.map(str::to_owned), UInt32Array::from(rows)))
        .collect())
}
