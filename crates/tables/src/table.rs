//! The table: columns, the primary geometry among them, and what a file said about both.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{Field, Schema, SchemaRef};
use geo::{Centroid, Coord, Geometry, Rect};
use serde_json::{Map, Value};

use crate::column::{Column, Placement};
use crate::geometry::{self, Extent, WkbBlock};
use crate::pandas::Pandas;
use crate::{Crs, Error, Projection, Result};

/// A table of typed columns of equal length, at most one of them its primary geometry.
///
/// Cheap to clone: columns are shared. Reordering ([`Table::take`]) is lazy and moves no data until rows are read or written.
#[derive(Clone, Debug)]
pub struct Table {
    pub(crate) columns: Arc<[Column]>,
    pub(crate) rows: usize,
    /// Metadata of the Arrow schema but for `geo`.
    pub(crate) metadata: Arc<BTreeMap<String, String>>,
    pub(crate) primary: Option<Arc<PrimaryGeometry>>,
}

/// Which column is the geometry, and what is known about it.
#[derive(Clone, Debug)]
pub(crate) struct PrimaryGeometry {
    pub name: String,
    pub crs: Crs,
    /// The file's `geo` metadata as it came: members nobody here knows are kept.
    pub geo: Map<String, Value>,
}

impl Table {
    /// A table without a geometry, of columns of equal length and different names.
    ///
    /// # Errors
    /// [`Error::DuplicateColumn`], [`Error::ColumnLength`].
    pub fn new(columns: Vec<(String, ArrayRef)>) -> Result<Self> {
        let rows = columns.first().map_or(0, |(_, values)| values.len());
        let placement = Arc::new(Placement::stored([rows]));
        let columns = columns.into_iter().map(|(name, values)| {
            if values.len() != rows {
                return Err(Error::ColumnLength {
                    column: name,
                    found: values.len(),
                    expected: rows,
                });
            }
            let field = Field::new(name, values.data_type().clone(), true);
            Ok(Column::new(
                Arc::new(field),
                vec![values],
                Arc::clone(&placement),
            ))
        });
        Self::of_columns(columns.collect::<Result<_>>()?, rows, BTreeMap::new(), None)
    }

    /// A table of record batches of one schema, the schema's metadata kept but for `geo`.
    pub(crate) fn of_batches(
        schema: &Schema,
        batches: &[RecordBatch],
        primary: Option<PrimaryGeometry>,
    ) -> Result<Self> {
        let placement = Arc::new(Placement::stored(batches.iter().map(RecordBatch::num_rows)));
        let columns = schema.fields().iter().enumerate().map(|(index, field)| {
            let chunks = batches
                .iter()
                .map(|batch| Arc::clone(batch.column(index)))
                .collect();
            Column::new(Arc::clone(field), chunks, Arc::clone(&placement))
        });
        let metadata = schema.metadata().iter().filter(|(key, _)| *key != "geo");
        let metadata = metadata
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        Self::of_columns(columns.collect(), placement.rows(), metadata, primary)
    }

    fn of_columns(
        columns: Vec<Column>,
        rows: usize,
        metadata: BTreeMap<String, String>,
        primary: Option<PrimaryGeometry>,
    ) -> Result<Self> {
        if u32::try_from(rows).is_err() {
            return Err(Error::NoSuchRow { row: rows, rows });
        }
        let mut names = HashSet::new();
        if let Some(twice) = columns.iter().find(|column| !names.insert(column.name())) {
            return Err(Error::DuplicateColumn {
                column: twice.name().to_owned(),
            });
        }
        let primary = primary.map(Arc::new);
        Ok(Self {
            columns: columns.into(),
            rows,
            metadata: Arc::new(metadata),
            primary,
        })
    }

    /// This table with points as its primary geometry, in place of the column of that name or appended.
    ///
    /// Meant for many: ten million points cost 21 bytes each and no objects. On a table without columns, the points
    /// decide the number of rows.
    ///
    /// # Errors
    /// [`Error::ColumnLength`].
    pub fn with_points(&self, name: &str, points: &[Coord], crs: Crs) -> Result<Self> {
        self.with_primary(name, geometry::encode_points(points), crs)
    }

    /// This table with geometries as its primary geometry, in place of the column of that name or appended.
    ///
    /// On a table without columns, the geometries decide the number of rows.
    ///
    /// # Errors
    /// [`Error::ColumnLength`].
    pub fn with_geometries(
        &self,
        name: &str,
        geometries: &[Option<Geometry>],
        crs: Crs,
    ) -> Result<Self> {
        self.with_primary(
            name,
            geometry::encode(geometries.iter().map(Option::as_ref))?,
            crs,
        )
    }

    pub(crate) fn with_primary(&self, name: &str, wkb: ArrayRef, crs: Crs) -> Result<Self> {
        let mut table = self.with_column(name, wkb)?;
        table.primary = Some(Arc::new(PrimaryGeometry {
            name: name.to_owned(),
            crs,
            geo: Map::new(),
        }));
        Ok(table)
    }

    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Names, types and metadata of the columns, without GeoParquet's `geo`.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        let fields: Vec<_> = self
            .columns
            .iter()
            .map(|column| Arc::clone(&column.field))
            .collect();
        let metadata = self
            .metadata
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        Arc::new(Schema::new_with_metadata(fields, metadata))
    }

    /// The columns' names, in order, the geometry column among them.
    pub fn column_names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(Column::name)
    }

    /// Whether there is a column of this name.
    #[must_use]
    pub fn has_column(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.name() == name)
    }

    /// A whole column as one array.
    ///
    /// # Errors
    /// [`Error::MissingColumn`], which names the columns there are.
    pub fn column(&self, name: &str) -> Result<ArrayRef> {
        self.find(name)?.whole()
    }

    pub(crate) fn find(&self, name: &str) -> Result<&Column> {
        self.columns
            .iter()
            .find(|column| column.name() == name)
            .ok_or_else(|| Error::MissingColumn {
                column: name.to_owned(),
                available: self.names(),
            })
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.column_names().map(str::to_owned).collect()
    }

    /// The name of the primary geometry column.
    #[must_use]
    pub fn geometry_column(&self) -> Option<&str> {
        self.primary.as_ref().map(|primary| primary.name.as_str())
    }

    /// The reference system of the primary geometry; unknown when there is none.
    #[must_use]
    pub fn crs(&self) -> Crs {
        self.primary
            .as_ref()
            .map_or_else(Crs::unknown, |primary| primary.crs.clone())
    }

    fn geometry(&self) -> Result<&Column> {
        let name = self.geometry_column().ok_or_else(|| Error::NoGeometry {
            available: self.names(),
        })?;
        self.find(name)
    }

    /// The primary geometry of every row, in two dimensions: null is `None`, an empty point an empty multi-point.
    ///
    /// # Errors
    /// [`Error::NoGeometry`]; [`Error::Geometry`] with the row whose bytes are malformed.
    pub fn geometries(&self) -> Result<Vec<Option<Geometry>>> {
        let mut geometries = Vec::with_capacity(self.rows);
        self.each_wkb(|row, bytes| {
            geometries.push(bytes.map(|bytes| self.decode(row, bytes)).transpose()?);
            Ok(())
        })?;
        Ok(geometries)
    }

    /// The coordinates, when every row is a non-empty point; otherwise `None`.
    ///
    /// # Errors
    /// [`Error::NoGeometry`].
    pub fn points(&self) -> Result<Option<Vec<Coord>>> {
        let column = self.geometry()?;
        let mut points = Vec::with_capacity(self.rows);
        for block in column.blocks() {
            let (_, array) = block?;
            for bytes in WkbBlock::new(column.name(), &array)?.values() {
                match bytes.and_then(geometry::point) {
                    Some(coord) => points.push(coord),
                    None => return Ok(None),
                }
            }
        }
        Ok(Some(points))
    }

    /// The centroid of every row; `None` where the geometry is null or empty.
    ///
    /// # Errors
    /// As [`Table::geometries`].
    pub fn centroids(&self) -> Result<Vec<Option<Coord>>> {
        let mut centroids = Vec::with_capacity(self.rows);
        self.each_wkb(|row, bytes| {
            let geometry = bytes.map(|bytes| self.decode(row, bytes)).transpose()?;
            centroids.push(
                geometry
                    .and_then(|geometry| geometry.centroid())
                    .map(Coord::from),
            );
            Ok(())
        })?;
        Ok(centroids)
    }

    /// The box around all geometries; `None` when there is no coordinate.
    ///
    /// # Errors
    /// As [`Table::geometries`].
    pub fn bounds(&self) -> Result<Option<Rect>> {
        let column = self.geometry()?;
        let mut extent = Extent::default();
        for block in column.blocks() {
            let (first_row, array) = block?;
            extent.add_block(
                column.name(),
                first_row,
                &WkbBlock::new(column.name(), &array)?,
            )?;
        }
        Ok(extent.corners().map(|(low, high)| Rect::new(low, high)))
    }

    /// The kinds of geometry there are, sorted, by GeoParquet's names.
    pub(crate) fn kinds(&self) -> Result<Vec<&'static str>> {
        let column = self.geometry()?;
        let mut extent = Extent::default();
        for block in column.blocks() {
            let (first_row, array) = block?;
            let block = WkbBlock::new(column.name(), &array)?;
            extent.add_block(column.name(), first_row, &block)?;
        }
        Ok(extent.kinds().collect())
    }

    fn each_wkb(&self, mut visit: impl FnMut(usize, Option<&[u8]>) -> Result<()>) -> Result<()> {
        let column = self.geometry()?;
        for block in column.blocks() {
            let (first_row, array) = block?;
            for (offset, bytes) in WkbBlock::new(column.name(), &array)?.values().enumerate() {
                visit(first_row + offset, bytes)?;
            }
        }
        Ok(())
    }

    fn decode(&self, row: usize, bytes: &[u8]) -> Result<Geometry> {
        geometry::decode(bytes).map_err(|problem| Error::Geometry {
            column: self.geometry_column().unwrap_or_default().to_owned(),
            row,
            problem,
        })
    }

    /// This table with its primary geometry in another reference system, in two dimensions.
    ///
    /// # Errors
    /// As [`Table::geometries`] and [`Projection::project`].
    pub fn reproject(&self, to: &Crs) -> Result<Self> {
        let projection = Projection::between(&self.crs(), to)?;
        let column = self.geometry()?.name();
        if let Some(mut points) = self.points()? {
            projection.project(&mut points)?;
            return self.with_points(column, &points, to.clone());
        }
        let mut geometries = self.geometries()?;
        for (row, geometry) in geometries.iter_mut().enumerate() {
            let Some(geometry) = geometry else { continue };
            projection
                .project_geometry(geometry)
                .map_err(|error| Error::Geometry {
                    column: column.to_owned(),
                    row,
                    problem: error.to_string(),
                })?;
        }
        self.with_geometries(column, &geometries, to.clone())
    }

    /// This table with a column in place of the one of that name, or appended.
    ///
    /// Replacing the primary geometry by other bytes keeps it the primary geometry.
    ///
    /// # Errors
    /// [`Error::ColumnLength`].
    pub fn with_column(&self, name: &str, values: ArrayRef) -> Result<Self> {
        let rows = if self.columns.is_empty() {
            values.len()
        } else {
            self.rows
        };
        if values.len() != rows {
            return Err(Error::ColumnLength {
                column: name.to_owned(),
                found: values.len(),
                expected: rows,
            });
        }
        let mut pandas = Pandas::of(&self.metadata);
        pandas.set_column(name, values.data_type());
        let field = Arc::new(Field::new(name, values.data_type().clone(), true));
        let column = Column::new(field, vec![values], Arc::new(Placement::stored([rows])));
        let mut columns = self.columns.to_vec();
        match columns.iter_mut().find(|column| column.name() == name) {
            Some(place) => *place = column,
            None => columns.push(column),
        }
        Self::of_columns(columns, rows, pandas.into_metadata(), None)
            .map(|table| table.with_primary_of(self))
    }

    fn with_primary_of(mut self, other: &Self) -> Self {
        self.primary.clone_from(&other.primary);
        self
    }

    /// This table without a column.
    ///
    /// # Errors
    /// [`Error::MissingColumn`].
    pub fn without_column(&self, name: &str) -> Result<Self> {
        self.find(name)?;
        let mut pandas = Pandas::of(&self.metadata);
        pandas.remove_column(name);
        let columns = self
            .columns
            .iter()
            .filter(|column| column.name() != name)
            .cloned()
            .collect();
        let table = Self::of_columns(columns, self.rows, pandas.into_metadata(), None)?;
        Ok(if self.geometry_column() == Some(name) {
            table
        } else {
            table.with_primary_of(self)
        })
    }

    /// These rows of this table, in this order; a row may be left out or named twice.
    ///
    /// Lazy: rows move when they are read or written. The pandas index keeps its values: one that was only a range becomes a
    /// column.
    ///
    /// # Errors
    /// [`Error::NoSuchRow`].
    pub fn take(&self, rows: &[u32]) -> Result<Self> {
        if let Some(&row) = rows.iter().find(|&&row| row as usize >= self.rows) {
            return Err(Error::NoSuchRow {
                row: row as usize,
                rows: self.rows,
            });
        }
        let table = self.with_index_column()?;
        let mut placements: Vec<(Arc<Placement>, Arc<Placement>)> = Vec::new();
        let columns = table.columns.iter().map(|column| {
            let known = placements
                .iter()
                .find(|(old, _)| Arc::ptr_eq(old, &column.placement));
            let placement = known.map(|(_, new)| Arc::clone(new)).unwrap_or_else(|| {
                let new = Arc::new(column.placement.take(rows));
                placements.push((Arc::clone(&column.placement), Arc::clone(&new)));
                new
            });
            column.placed(placement)
        });
        Ok(Self {
            columns: columns.collect(),
            rows: rows.len(),
            ..table.clone()
        })
    }

    /// A pandas index that is only noted as a range becomes a column, so that rows can move.
    fn with_index_column(&self) -> Result<Self> {
        let mut pandas = Pandas::of(&self.metadata);
        let Some((name, index)) = pandas.index_column(self.rows) else {
            return Ok(self.clone());
        };
        let field = Arc::new(Field::new(name, index.data_type().clone(), true));
        let mut columns = self.columns.to_vec();
        columns.push(Column::new(
            field,
            vec![index],
            Arc::new(Placement::stored([self.rows])),
        ));
        Self::of_columns(columns, self.rows, pandas.into_metadata(), None)
            .map(|table| table.with_primary_of(self))
    }

    /// Tables of the same columns and reference system, one after the other; metadata is the first table's.
    ///
    /// # Errors
    /// [`Error::Mismatch`] names the first difference.
    pub fn concat(tables: &[Self]) -> Result<Self> {
        let Some(first) = tables.first() else {
            return Self::new(Vec::new());
        };
        let tables = tables
            .iter()
            .map(Self::with_index_column)
            .collect::<Result<Vec<_>>>()?;
        let first = tables.first().unwrap_or(first);
        let schema = first.schema();
        let mut batches = Vec::new();
        for table in &tables {
            table.check_same_columns(first)?;
            for from in (0..table.rows).step_by(crate::column::BLOCK_ROWS) {
                batches.push(table.batch(
                    from,
                    crate::column::BLOCK_ROWS.min(table.rows - from),
                    &schema,
                )?);
            }
        }
        Self::of_batches(&schema, &batches, first.primary.as_deref().cloned())
    }

    pub(crate) fn check_same_columns(&self, other: &Self) -> Result<()> {
        let mismatch = |problem| Err(Error::Mismatch { problem });
        if !self.column_names().eq(other.column_names()) {
            return mismatch(format!(
                "columns {:?} and {:?}",
                other.names(),
                self.names()
            ));
        }
        if self.geometry_column() != other.geometry_column() {
            return mismatch("their geometry columns differ".to_owned());
        }
        if self.crs() != other.crs() {
            return mismatch(format!(
                "reference systems {} and {}",
                other.crs(),
                self.crs()
            ));
        }
        for (ours, theirs) in self.columns.iter().zip(other.columns.iter()) {
            let (ours_type, theirs_type) = (ours.field.data_type(), theirs.field.data_type());
            if ours_type != theirs_type {
                return mismatch(format!(
                    "column `{}` holds {theirs_type} and {ours_type}",
                    ours.name()
                ));
            }
        }
        Ok(())
    }

    /// Consecutive rows of all columns.
    pub(crate) fn batch(
        &self,
        from: usize,
        rows: usize,
        schema: &SchemaRef,
    ) -> Result<RecordBatch> {
        let mut blocks = Vec::new();
        let mut arrays = Vec::with_capacity(self.columns.len());
        for column in self.columns.iter() {
            let known = blocks
                .iter()
                .position(|(placement, _)| Arc::ptr_eq(placement, &column.placement));
            let at = known.unwrap_or_else(|| {
                blocks.push((
                    Arc::clone(&column.placement),
                    column.placement.block(from, rows),
                ));
                blocks.len() - 1
            });
            arrays.push(column.gather(&blocks[at].1)?);
        }
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)
            .map_err(|error| Error::encode("table", error))
    }
}
