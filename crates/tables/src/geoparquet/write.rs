//! Writing GeoParquet 1.1, a row group at a time.

use std::collections::{BTreeSet, HashSet};
use std::io::{ErrorKind, Write};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow_schema::{DataType, Schema, SchemaRef};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::arrow::{ARROW_SCHEMA_META_KEY, ArrowWriter, encode_arrow_schema};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::FORMAT;
use super::metadata::{describe, wkb_columns};
use crate::column::BLOCK_ROWS;
use crate::geometry::{Extent, WkbBlock};
use crate::table::PrimaryGeometry;
use crate::{Error, Result, Table};

/// How a table is written.
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    /// How rows are grouped; a reader takes a row group at a time.
    pub row_groups: RowGroups,
}

/// How rows are cut into the row groups of a Parquet file.
#[derive(Clone, Debug)]
pub enum RowGroups {
    /// Groups of so many rows, and a last one with the rest.
    Rows(usize),
    /// Groups of exactly these sizes, which must add up to the table's rows; empty ones are left out.
    Exactly(Vec<usize>),
}

impl Default for RowGroups {
    fn default() -> Self {
        Self::Rows(BLOCK_ROWS)
    }
}

impl RowGroups {
    fn sizes(&self, rows: usize) -> Result<Vec<usize>> {
        match self {
            Self::Rows(size) => {
                let size = (*size).max(1);
                Ok((0..rows)
                    .step_by(size)
                    .map(|from| size.min(rows - from))
                    .collect())
            }
            Self::Exactly(sizes) => {
                let found = sizes
                    .iter()
                    .fold(0_usize, |sum, &size| sum.saturating_add(size));
                if found != rows {
                    return Err(Error::RowGroups {
                        found,
                        expected: rows,
                    });
                }
                Ok(sizes.clone())
            }
        }
    }
}

impl Table {
    /// Writes the table as GeoParquet 1.1: WKB as it is, every column, extent and geometry types computed anew, the metadata
    /// of pandas kept. Without a geometry it is plain Parquet.
    ///
    /// # Errors
    /// [`Error::RowGroups`]; [`Error::Geometry`] for malformed geometries; [`Error::Write`] when `out` fails.
    pub fn write_geoparquet<W: Write + Send>(&self, out: W, options: &WriteOptions) -> Result<()> {
        let mut writer = self.begin(out)?;
        let mut from = 0;
        for rows in options.row_groups.sizes(self.rows)? {
            self.write_row_group(&mut writer, from, rows)?;
            from += rows;
        }
        writer.finish().map(drop)
    }

    /// As [`Table::write_geoparquet`], into memory.
    ///
    /// # Errors
    /// The same.
    pub fn to_geoparquet(&self, options: &WriteOptions) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.write_geoparquet(&mut bytes, options)?;
        Ok(bytes)
    }

    fn begin<W: Write + Send>(&self, out: W) -> Result<RowGroupWriter<W>> {
        let schema = self.schema();
        let sample = self.batch(0, self.rows.min(BLOCK_ROWS), &schema)?;
        RowGroupWriter::new(out, &schema, self.primary.as_deref(), &sample)
    }

    fn write_row_group<W: Write + Send>(
        &self,
        writer: &mut RowGroupWriter<W>,
        from: usize,
        rows: usize,
    ) -> Result<()> {
        let schema = self.schema();
        for start in (from..from + rows).step_by(BLOCK_ROWS) {
            writer.write(&self.batch(start, BLOCK_ROWS.min(from + rows - start), &schema)?)?;
        }
        writer.end_row_group()
    }
}

/// A GeoParquet file written a row group at a time, for tables that are never in memory as a whole.
///
/// ```
/// # use tables::{Coord, Crs, GeoParquetWriter, Table};
/// let mut writer = GeoParquetWriter::new(Vec::new());
/// for batch in 0..3 {
///     let place = Coord { x: f64::from(batch), y: 0.0 };
///     writer.write(&Table::new(Vec::new())?.with_points("geometry", &[place], Crs::wgs84())?)?;
/// }
/// let file = writer.finish()?;
/// # Ok::<(), tables::Error>(())
/// ```
pub struct GeoParquetWriter<W: Write + Send> {
    state: State<W>,
}

enum State<W: Write + Send> {
    Waiting(W),
    Writing {
        writer: Box<RowGroupWriter<W>>,
        first: Table,
    },
    Failed,
}

impl<W: Write + Send> GeoParquetWriter<W> {
    /// Begins a file; columns and reference system will be those of the first table.
    pub fn new(out: W) -> Self {
        Self {
            state: State::Waiting(out),
        }
    }

    /// Appends a table as one row group.
    ///
    /// # Errors
    /// [`Error::Mismatch`] when columns, types or reference system are not those of the first table; as
    /// [`Table::write_geoparquet`]. Nothing can be written after an error.
    pub fn write(&mut self, rows: &Table) -> Result<()> {
        let (mut writer, first) = match std::mem::replace(&mut self.state, State::Failed) {
            State::Waiting(out) => (Box::new(rows.begin(out)?), rows.take(&[])?),
            State::Writing { writer, first } => (writer, first),
            State::Failed => return Err(Error::encode(FORMAT, "an earlier row group failed")),
        };
        rows.check_same_columns(&first)?;
        rows.write_row_group(&mut writer, 0, rows.rows)?;
        self.state = State::Writing { writer, first };
        Ok(())
    }

    /// Writes the metadata, the extent of all row groups in it, and gives back what was written to.
    ///
    /// # Errors
    /// [`Error::Encode`] when no table was written or an earlier one failed; [`Error::Write`] when `out` fails.
    pub fn finish(self) -> Result<W> {
        match self.state {
            State::Writing { writer, .. } => writer.finish(),
            State::Waiting(_) => Err(Error::encode(
                FORMAT,
                "no table was given, so the columns are not known",
            )),
            State::Failed => Err(Error::encode(FORMAT, "an earlier row group failed")),
        }
    }
}

/// A GeoParquet file being written from batches of one schema.
pub(crate) struct RowGroupWriter<W: Write + Send> {
    writer: ArrowWriter<Output<W>>,
    failure: Failure,
    schema: SchemaRef,
    primary: Option<PrimaryGeometry>,
    /// What has been written of each WKB column.
    extents: Vec<(String, Extent)>,
    rows_written: usize,
}

impl<W: Write + Send> RowGroupWriter<W> {
    /// Begins a file; `sample` is typical of the rows to come and decides how columns are encoded.
    pub fn new(
        out: W,
        schema: &SchemaRef,
        primary: Option<&PrimaryGeometry>,
        sample: &RecordBatch,
    ) -> Result<Self> {
        let names = schema.fields().iter().map(|field| field.name().as_str());
        let geometries = primary
            .map(|primary| wkb_columns(primary, names))
            .unwrap_or_default();
        let options = ArrowWriterOptions::new()
            .with_properties(properties(schema, &geometries, sample)?)
            // written at the end, with the `geo` metadata that is only known then
            .with_skip_arrow_metadata(true);
        let extents = geometries
            .into_iter()
            .map(|name| (name.to_owned(), Extent::default()))
            .collect();
        let failure = Failure::default();
        let out = Output {
            out,
            failure: failure.clone(),
        };
        let writer = ArrowWriter::try_new_with_options(out, Arc::clone(schema), options)
            .map_err(|error| failure.told(error))?;
        Ok(Self {
            writer,
            failure,
            schema: Arc::clone(schema),
            primary: primary.cloned(),
            extents,
            rows_written: 0,
        })
    }

    /// Adds rows to the current row group.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        for (name, extent) in &mut self.extents {
            if let Some(array) = batch.column_by_name(name) {
                extent.add_block(name, self.rows_written, &WkbBlock::new(name, array)?)?;
            }
        }
        self.rows_written += batch.num_rows();
        let written = self.writer.write(batch);
        written.map_err(|error| self.failure.told(error))
    }

    /// Ends the current row group; none begins until rows are written.
    pub fn end_row_group(&mut self) -> Result<()> {
        let written = self.writer.flush();
        written.map_err(|error| self.failure.told(error))
    }

    /// Writes the metadata and gives back what was written to.
    pub fn finish(mut self) -> Result<W> {
        let mut metadata = self.schema.metadata().clone();
        if let Some(primary) = &self.primary {
            let columns: BTreeSet<_> = self
                .schema
                .fields()
                .iter()
                .map(|field| field.name().as_str())
                .collect();
            metadata.insert(
                "geo".to_owned(),
                describe(primary, &columns, &self.extents)?.to_string(),
            );
        }
        // both places: older readers look into the Arrow schema only, others into the footer only
        let schema = Schema::new_with_metadata(self.schema.fields().clone(), metadata.clone());
        metadata.insert(
            ARROW_SCHEMA_META_KEY.to_owned(),
            encode_arrow_schema(&schema),
        );
        let mut metadata: Vec<_> = metadata.into_iter().collect();
        metadata.sort();
        for (key, value) in metadata {
            self.writer
                .append_key_value_metadata(KeyValue::new(key, value));
        }
        let written = self.writer.into_inner();
        let output = written.map_err(|error| self.failure.told(error))?;
        Ok(output.out)
    }
}

/// What is written to; why it failed is kept, for the writer of Parquet makes mere text of it.
struct Output<W> {
    out: W,
    failure: Failure,
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes);
        written.map_err(|error| self.failure.keep(error))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let flushed = self.out.flush();
        flushed.map_err(|error| self.failure.keep(error))
    }
}

/// Why an output failed, if it did.
#[derive(Clone, Default)]
struct Failure(Arc<Mutex<Option<std::io::Error>>>);

impl Failure {
    fn keep(&self, error: std::io::Error) -> std::io::Error {
        let kind = error.kind();
        if kind != ErrorKind::Interrupted {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
        kind.into()
    }

    /// The error of the output behind one of the writer of Parquet, or that one.
    fn told(&self, error: ParquetError) -> Error {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.take() {
            Some(source) => Error::write(FORMAT, source),
            None => encode(error),
        }
    }
}

fn encode(error: ParquetError) -> Error {
    Error::encode(FORMAT, error)
}

fn properties(
    schema: &Schema,
    geometries: &[&str],
    sample: &RecordBatch,
) -> Result<WriterProperties> {
    let level = ZstdLevel::try_new(1).map_err(encode)?;
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_dictionary_enabled(false)
        .set_max_row_group_row_count(None);
    for (field, values) in schema.fields().iter().zip(sample.columns()) {
        let path = ColumnPath::new(vec![field.name().clone()]);
        if geometries.contains(&field.name().as_str()) {
            properties = properties.set_column_statistics_enabled(path, EnabledStatistics::None);
        } else if repeats(values) {
            properties = properties.set_column_dictionary_enabled(path, true);
        }
    }
    Ok(properties.build())
}

/// How many values are looked at to see whether a dictionary would help.
const SAMPLED: usize = 2048;

/// Whether values come again so often that a dictionary makes the column smaller and quicker to write.
fn repeats(values: &ArrayRef) -> bool {
    if matches!(values.data_type(), DataType::Dictionary(..)) {
        return true;
    }
    let step = (values.len() / SAMPLED).max(1);
    let rows: UInt32Array = (0..values.len())
        .step_by(step)
        .filter_map(|row| u32::try_from(row).ok())
        .map(Some)
        .collect();
    let Ok(sampled) = arrow_select::take::take(values, &rows, None) else {
        return false;
    };
    let Ok(texts) = arrow_cast::cast(&sampled, &DataType::Utf8) else {
        return false;
    };
    let Some(texts) = texts.as_any().downcast_ref::<arrow_array::StringArray>() else {
        return false;
    };
    let distinct: HashSet<_> = texts.iter().collect();
    distinct.len() * 4 <= texts.len()
}
