//! Reading (Geo)Parquet by ranges: rows are decoded straight from the file, which is never held as a whole.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use geoarrow_array::GeoArrowArray;
use geoarrow_array::array::from_arrow_array;
use geoarrow_array::cast::to_wkb;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{ChunkReader, Length};

use super::FORMAT;
use super::claims;
use super::logical;
use super::metadata::GeoMetadata;
use super::sizes;
use crate::column::BLOCK_ROWS;
use crate::options::Limits;
use crate::pandas::Pandas;
use crate::table::PrimaryGeometry;
use crate::{Error, ReadOptions, Result, Table, coordinates, guard};

/// A Parquet file being read: what it says of itself, and its rows to come.
pub(crate) struct ParquetFile {
    name: String,
    batches: ParquetRecordBatchReader,
    /// What is read, the primary geometry as WKB.
    pub schema: SchemaRef,
    /// The primary geometry column, if the file names one.
    pub primary: Option<PrimaryGeometry>,
    /// The primary geometry column where the file has it in a native encoding: its position, and how to read it.
    native: Option<(usize, Field)>,
    /// The most bytes that its rows may take together.
    most_bytes: u64,
}

/// A place that is read through more than one hand.
struct Shared<R>(Arc<R>);

impl<R: ChunkReader> Length for Shared<R> {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl<R: ChunkReader> ChunkReader for Shared<R> {
    type T = R::T;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        self.0.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<bytes::Bytes> {
        self.0.get_bytes(start, length)
    }
}

/// A Parquet file in a place whose ranges can be read, one row group at a time: a worker takes its share of a large file and no
/// more. What the file says of itself is read once.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::Int32Array;
/// use tables::{ReadOptions, RowGroupReader, RowGroups, Table, WriteOptions};
///
/// let table = Table::new(vec![("n".to_owned(), Arc::new(Int32Array::from(vec![1, 2, 3])) as _)])?;
/// let row_groups = RowGroups::Exactly(vec![2, 1]);
/// let bytes = table.to_geoparquet(&WriteOptions { row_groups })?;
/// let groups = RowGroupReader::open("n.parquet", bytes::Bytes::from(bytes), ReadOptions::default())?;
/// assert_eq!((groups.count(), groups.read(1)?.rows()), (2, 1));
/// # Ok::<(), tables::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RowGroupReader<R> {
    name: String,
    input: R,
    metadata: ArrowReaderMetadata,
    options: ReadOptions,
}

impl<R: ChunkReader + Clone + 'static> RowGroupReader<R> {
    /// Opens a file that messages call `name`.
    ///
    /// # Errors
    /// [`Error::Malformed`] for what is no Parquet file.
    pub fn open(name: &str, input: R, options: ReadOptions) -> Result<Self> {
        Ok(Self {
            metadata: guard::reading(name, FORMAT, || load(name, &input))?,
            name: name.to_owned(),
            input,
            options,
        })
    }

    /// How many row groups the file has.
    #[must_use]
    pub fn count(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    /// The rows of the row group at a position.
    ///
    /// # Errors
    /// [`Error::NoSuchRowGroup`]; as [`Table::open`].
    pub fn read(&self, group: usize) -> Result<Table> {
        let groups = self.count();
        if group >= groups {
            return Err(Error::NoSuchRowGroup { group, groups });
        }
        let (input, metadata) = (self.input.clone(), self.metadata.clone());
        guard::reading(&self.name, FORMAT, || {
            let file =
                ParquetFile::of_groups(&self.name, input, metadata, vec![group], &self.options)?;
            coordinates::find_named(&self.name, file.into_table()?, &self.options)
        })
    }
}

/// What a file says of itself, once its claims are checked.
fn load(name: &str, input: &impl ChunkReader) -> Result<ArrowReaderMetadata> {
    claims::check_footer(input).map_err(|problem| Error::malformed(name, FORMAT, problem))?;
    ArrowReaderMetadata::load(input, ArrowReaderOptions::new())
        .map_err(|error| Error::malformed(name, FORMAT, error))
}

/// A file as a table.
pub(crate) fn read(
    name: &str,
    input: impl ChunkReader + 'static,
    options: &ReadOptions,
) -> Result<Table> {
    let metadata = load(name, &input)?;
    let groups = (0..metadata.metadata().num_row_groups()).collect();
    let mut options = options.clone();
    if let Some(mut columns) = options.columns.take() {
        // a table without a geometry may have one in its columns
        let fields = metadata.schema().fields();
        let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
        let source = coordinates::source(&names, &options, |_| true)?;
        let needed = source.iter().flat_map(coordinates::Source::columns);
        let needed: Vec<String> = needed.map(str::to_owned).collect();
        if geo_metadata(name, &metadata)?.is_none() || options.lon_column.is_some() {
            for column in needed {
                if !columns.contains(&column) {
                    columns.push(column);
                }
            }
        }
        options.columns = Some(columns);
    }
    ParquetFile::of_groups(name, input, metadata, groups, &options)?.into_table()
}

impl ParquetFile {
    /// Opens a file: checks what it claims and reads its metadata, but no rows.
    pub fn open(
        name: &str,
        input: impl ChunkReader + 'static,
        options: &ReadOptions,
    ) -> Result<Self> {
        let metadata = load(name, &input)?;
        let groups = (0..metadata.metadata().num_row_groups()).collect();
        Self::of_groups(name, input, metadata, groups, options)
    }

    fn of_groups(
        name: &str,
        input: impl ChunkReader + 'static,
        metadata: ArrowReaderMetadata,
        mut groups: Vec<usize>,
        options: &ReadOptions,
    ) -> Result<Self> {
        let malformed = |problem: String| Error::malformed(name, FORMAT, problem);
        let geo = geo_metadata(name, &metadata)?;
        let primary_name = geo
            .as_ref()
            .map(|geo| primary_column(name, geo, metadata.schema()))
            .transpose()?;

        let selected = select(metadata.schema(), options, primary_name.as_deref())?;
        let mask = ProjectionMask::roots(metadata.parquet_schema(), selected.iter().copied());
        // A row group without rows has no pages, whatever offsets its writer put down.
        let has_rows = |&group: &usize| {
            let groups = metadata.metadata().row_groups();
            groups.get(group).is_some_and(|group| group.num_rows() > 0)
        };
        groups.retain(has_rows);
        let all_fields = metadata.schema().fields();
        let mut fields: Vec<_> = selected
            .iter()
            .filter_map(|&index| all_fields.get(index).cloned())
            .collect();
        let mut native = None;
        let mut primary = None;
        if let (Some(geo), Some(geometry)) = (geo, primary_name) {
            let encoding = geo.encoding(&geometry);
            let position = fields.iter().position(|field| *field.name() == geometry);
            if let Some(position) = position.filter(|_| encoding != "wkb") {
                native = Some((position, native_field(&fields[position], &encoding)));
                fields[position] = Arc::new(Field::new(&geometry, DataType::Binary, true));
            }
            let crs = geo.crs(&geometry)?;
            let crs = options
                .assume_crs
                .clone()
                .filter(|_| crs.is_unknown())
                .unwrap_or(crs);
            primary = Some(geo.into_primary(&geometry, crs));
        }
        let kept = kept_metadata(metadata.schema(), &fields);
        let schema = Arc::new(Schema::new_with_metadata(fields, kept));
        let size = input.len();
        let input = Arc::new(input);
        let most_bytes = options.limits.bytes(size);
        let batch_rows = batch_rows(&input, metadata.metadata(), &groups, &mask, most_bytes)
            .map_err(malformed)?;
        let batches = ParquetRecordBatchReaderBuilder::new_with_metadata(Shared(input), metadata)
            .with_projection(mask)
            .with_row_groups(groups)
            .with_batch_size(batch_rows)
            .build()
            .map_err(|error| malformed(error.to_string()))?;
        Ok(Self {
            name: name.to_owned(),
            batches,
            schema,
            primary,
            native,
            most_bytes,
        })
    }

    fn into_table(self) -> Result<Table> {
        let (schema, primary) = (Arc::clone(&self.schema), self.primary.clone());
        let (name, most_bytes) = (self.name.clone(), self.most_bytes);
        let mut batches = Vec::new();
        let mut bytes = 0;
        for batch in self {
            let batch = batch?;
            bytes += batch.get_array_memory_size() as u64;
            if bytes > most_bytes {
                return Err(Error::too_large(&name, "what it unpacks to", most_bytes));
            }
            batches.push(batch);
        }
        Table::of_batches(&schema, &batches, primary)
    }

    fn in_schema(&self, batch: RecordBatch) -> Result<RecordBatch> {
        let (_, mut arrays, rows) = batch.into_parts();
        if let Some((position, field)) = &self.native {
            let wkb = from_native(arrays[*position].as_ref(), field);
            arrays[*position] = wkb.map_err(|problem| {
                Error::malformed(
                    &self.name,
                    FORMAT,
                    format!("geometry column `{}`: {problem}", field.name()),
                )
            })?;
        }
        // Buffers grew by doubling while they were decoded: up to half of them is air.
        for array in arrays.iter_mut().filter_map(Arc::get_mut) {
            array.shrink_to_fit();
        }
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
            .map_err(|error| Error::malformed(&self.name, FORMAT, error))
    }
}

impl Iterator for ParquetFile {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.batches.next()?;
        let batch = batch.map_err(|error| Error::malformed(&self.name, FORMAT, error));
        Some(batch.and_then(|batch| self.in_schema(batch)))
    }
}

fn geo_metadata(name: &str, read: &ArrowReaderMetadata) -> Result<Option<GeoMetadata>> {
    let metadata = read.metadata();
    let pairs = metadata.file_metadata().key_value_metadata();
    let geo = pairs
        .into_iter()
        .flatten()
        .find(|pair| pair.key == "geo")
        .and_then(|pair| pair.value.as_deref());
    match geo {
        Some(text) => GeoMetadata::parse(name, text).map(Some),
        None => Ok(logical::geometry(metadata, read.schema())),
    }
}

fn primary_column(name: &str, geo: &GeoMetadata, schema: &Schema) -> Result<String> {
    let problem = match geo.primary_column() {
        Some(column) if schema.field_with_name(column).is_ok() => return Ok(column.to_owned()),
        Some(column) => {
            format!("`geo` metadata names `{column}` as the geometry, and there is no such column")
        }
        None => "`geo` metadata names no primary column".to_owned(),
    };
    Err(Error::malformed(name, "GeoParquet", problem))
}

/// The positions of the columns asked for, in the file's order, the geometry always among them.
fn select(schema: &Schema, options: &ReadOptions, primary: Option<&str>) -> Result<Vec<usize>> {
    let Some(wanted) = &options.columns else {
        return Ok((0..schema.fields().len()).collect());
    };
    let available = || {
        schema
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect()
    };
    if let Some(missing) = wanted
        .iter()
        .find(|column| schema.field_with_name(column).is_err())
    {
        return Err(Error::MissingColumn {
            column: missing.clone(),
            available: available(),
        });
    }
    let is_wanted =
        |name: &str| wanted.iter().any(|column| column == name) || primary == Some(name);
    let positions = schema
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, field)| is_wanted(field.name()));
    Ok(positions.map(|(position, _)| position).collect())
}

/// Checks what the pages claim, and says how many rows can be decoded at a time; the error says which column would not keep
/// to the bounds.
fn batch_rows<R: ChunkReader + 'static>(
    input: &Arc<R>,
    metadata: &ParquetMetaData,
    groups: &[usize],
    mask: &ProjectionMask,
    most_bytes: u64,
) -> std::result::Result<usize, String> {
    let mut rows = BLOCK_ROWS;
    let mut bytes = 0_u64;
    for group in groups
        .iter()
        .filter_map(|&group| metadata.row_groups().get(group))
    {
        for (leaf, chunk) in group.columns().iter().enumerate() {
            if !mask.leaf_included(leaf) {
                continue;
            }
            let unpacked = claims::check_pages(input.as_ref(), chunk)?;
            bytes = bytes.saturating_add(unpacked.bytes);
            if bytes > most_bytes {
                return Err(format!(
                    "its pages unpack to more than the limit of {} MiB; {}",
                    most_bytes >> 20,
                    Limits::RAISED_BY
                ));
            }
            // the elements of a list are decoded together, however many a row has
            let values = unpacked.values;
            if chunk.column_descr().max_rep_level() > 0 && values.saturating_mul(8) > most_bytes {
                return Err(format!(
                    "column `{}`: its lists have {values} elements, which is more than the limit of {} MiB; {}",
                    chunk.column_path().string(),
                    most_bytes >> 20,
                    Limits::RAISED_BY
                ));
            }
            rows = rows.min(sizes::rows_at_a_time(input, chunk, unpacked, BLOCK_ROWS)?);
        }
    }
    Ok(rows)
}

/// The schema's metadata without `geo`, and without what pandas says of columns that are not read.
fn kept_metadata(schema: &Schema, read: &[Arc<Field>]) -> HashMap<String, String> {
    let metadata: BTreeMap<_, _> = schema
        .metadata()
        .clone()
        .into_iter()
        .filter(|(key, _)| key != "geo")
        .collect();
    if schema.fields().len() == read.len() {
        return metadata.into_iter().collect();
    }
    let mut pandas = Pandas::of(&metadata);
    for field in schema.fields() {
        if !read.iter().any(|kept| kept.name() == field.name()) {
            pandas.remove_column(field.name());
        }
    }
    pandas.into_metadata().into_iter().collect()
}

/// A field that tells GeoArrow how the native encoding of GeoParquet 1.1 is laid out.
fn native_field(field: &Field, encoding: &str) -> Field {
    let extension = HashMap::from([(
        "ARROW:extension:name".to_owned(),
        format!("geoarrow.{encoding}"),
    )]);
    Field::new(field.name(), field.data_type().clone(), field.is_nullable())
        .with_metadata(extension)
}

fn from_native(
    array: &dyn Array,
    field: &Field,
) -> std::result::Result<ArrayRef, geoarrow_schema::error::GeoArrowError> {
    let native = from_arrow_array(array, field)?;
    Ok(to_wkb::<i32>(native.as_ref())?.to_array_ref())
}
