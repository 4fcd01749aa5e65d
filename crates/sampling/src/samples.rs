//! The table of samples that every planner gives.

use std::collections::HashMap;
use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, Int32Array, StringArray, new_null_array};
use arrow_schema::DataType;
use geo::Coord;
use serde::{Deserialize, Serialize};
use tables::{Crs, GeoParquetWriter, Table};

use crate::{Error, Network, Result};

/// What a planner gives: samples in the order of their visits, in batches, and what was left out.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The samples.
    pub samples: Samples,
    /// The rows of each batch; the column `batch` has the same numbers, from 0.
    pub batches: Vec<Range<usize>>,
    /// Rows of the input that cannot be used, and why.
    pub rejected: Vec<Rejected>,
    /// Rows of the input that the plan's rules leave out, and by which rule.
    pub left_out: Vec<Rejected>,
    /// What the planner took otherwise than it might have been meant, a sentence each.
    pub notes: Vec<String>,
    /// What a plan of roads found on the way.
    pub network: Option<Network>,
}

/// How many rows each reason has, the commonest first.
///
/// ```
/// use sampling::{Rejected, count_reasons};
/// let row = |row, reason: &str| Rejected { row, id: None, reason: reason.into() };
/// let rows = [row(0, "no geometry"), row(1, "not a line"), row(4, "no geometry")];
/// assert_eq!(count_reasons(&rows), [("no geometry", 2), ("not a line", 1)]);
/// ```
#[must_use]
pub fn count_reasons(rows: &[Rejected]) -> Vec<(&str, usize)> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for row in rows {
        *counts.entry(&row.reason).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    counts
}

/// A row of the input that gave no samples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Row of the input, from 0.
    pub row: usize,
    /// Its id, if it has one.
    pub id: Option<String>,
    /// What is wrong with it.
    pub reason: String,
}

/// Samples of one plan. Rows are made when they are asked for, so that they need not all exist at once.
#[derive(Clone, Debug)]
pub struct Samples {
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    Table(Table),
    Rows(Arc<dyn RowSource>),
}

/// Makes any rows of a plan, in the columns of the contract.
pub(crate) trait RowSource: std::fmt::Debug + Send + Sync {
    fn len(&self) -> usize;
    fn rows(&self, rows: Range<usize>) -> Result<Table>;
}

impl Samples {
    pub(crate) fn of_table(table: Table) -> Self {
        Self {
            source: Source::Table(table),
        }
    }

    pub(crate) fn of_rows(rows: Arc<dyn RowSource>) -> Self {
        Self {
            source: Source::Rows(rows),
        }
    }

    /// Number of samples.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.source {
            Source::Table(table) => table.rows(),
            Source::Rows(rows) => rows.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Some of the samples, for instance a batch.
    ///
    /// # Errors
    /// [`Error::Table`](crate::Error::Table) for rows that are not there.
    pub fn rows(&self, rows: Range<usize>) -> Result<Table> {
        match &self.source {
            Source::Table(table) => {
                // a table has fewer than 2^32 rows
                let rows: Vec<u32> = (rows.start as u32..rows.end as u32).collect();
                Ok(table.take(&rows)?)
            }
            Source::Rows(source) => source.rows(rows),
        }
    }

    /// All samples as one table.
    ///
    /// # Errors
    /// [`Error::Table`](crate::Error::Table).
    pub fn table(&self) -> Result<Table> {
        match &self.source {
            Source::Table(table) => Ok(table.clone()),
            Source::Rows(source) => source.rows(0..source.len()),
        }
    }
}

impl Planned {
    /// Writes the samples as GeoParquet, one row group a batch, one batch in memory at a time.
    ///
    /// # Errors
    /// [`Error::Table`](crate::Error::Table) when `out` cannot be written.
    pub fn write_geoparquet<W: Write + Send>(&self, out: W) -> Result<W> {
        let mut writer = GeoParquetWriter::new(out);
        if self.batches.is_empty() {
            writer.write(&self.samples.rows(0..0)?)?;
        }
        for batch in &self.batches {
            writer.write(&self.samples.rows(batch.clone())?)?;
        }
        Ok(writer.finish()?)
    }
}

/// Whether samples lie in areas or in towns: the name of the column that says which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    AreaId,
    Town,
}

/// Columns of the contract that a planner fills; the others are null.
#[derive(Default)]
pub(crate) struct Columns(HashMap<&'static str, ArrayRef>);

impl Columns {
    pub(crate) fn with(
        mut self,
        name: &'static str,
        values: impl arrow_array::Array + 'static,
    ) -> Self {
        self.0.insert(name, Arc::new(values));
        self
    }

    /// The table of samples at `points`, longitudes and latitudes, with the further columns at its end.
    pub(crate) fn table(
        mut self,
        place: Place,
        points: &[Coord],
        further: Vec<(String, ArrayRef)>,
    ) -> Result<Table> {
        let columns = contract(place).map(|(name, kind)| {
            let filled = self.0.remove(name);
            let values = filled.unwrap_or_else(|| new_null_array(&kind, points.len()));
            (name.to_owned(), values)
        });
        let mut table =
            Table::new(columns.into())?.with_points("geometry", points, Crs::wgs84())?;
        for (name, values) in further {
            table = table.with_column(&name, values)?;
        }
        Ok(table)
    }
}

/// Names and types of the columns that every table of samples has before its geometry.
pub(crate) fn contract(place: Place) -> [(&'static str, DataType); 12] {
    [
        ("sample_id", DataType::Utf8),
        ("batch", DataType::Int32),
        match place {
            Place::AreaId => ("area_id", DataType::Utf8),
            Place::Town => ("town", DataType::Utf8),
        },
        ("road_name", DataType::Utf8),
        ("osm_way_id", DataType::Int64),
        ("side", DataType::Utf8),
        ("sequence", DataType::Int32),
        ("heading", DataType::Float64),
        ("pitch", DataType::Float64),
        ("priority", DataType::Int32),
        ("order", DataType::Int32),
        ("distance_m", DataType::Float64),
    ]
}

/// A column of texts.
///
/// # Errors
/// [`Error::Setting`] when they make more text than a column can hold, 2 GiB.
pub(crate) fn text_column<T: AsRef<str>>(
    texts: impl Iterator<Item = Option<T>>,
) -> Result<StringArray> {
    let mut column = StringBuilder::new();
    for text in texts {
        let bytes = text.as_ref().map_or(0, |text| text.as_ref().len());
        if column.values_slice().len() + bytes > i32::MAX as usize {
            return Err(Error::setting(
                "batches",
                "the texts of one batch are more than 2 GiB; more and smaller batches",
            ));
        }
        column.append_option(text);
    }
    Ok(column.finish())
}

/// The number of its batch for each of `rows`.
pub(crate) fn batch_column(batches: &[Range<usize>], rows: Range<usize>) -> Int32Array {
    let mut batch = batches.partition_point(|batch| batch.end <= rows.start);
    rows.map(|row| {
        while batches.get(batch).is_some_and(|batch| batch.end <= row) {
            batch += 1;
        }
        // far fewer batches than 2^31
        batch as i32
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tables::ReadOptions;

    fn planned() -> Planned {
        let points: Vec<Coord> = (0..5)
            .map(|i| Coord {
                x: f64::from(i),
                y: 50.0,
            })
            .collect();
        let batches = vec![0..3, 3..5];
        let table = Columns::default()
            .with(
                "sample_id",
                StringArray::from(vec!["a", "b", "c", "d", "e"]),
            )
            .with("batch", batch_column(&batches, 0..5))
            .table(Place::AreaId, &points, vec![])
            .unwrap();
        Planned {
            samples: Samples::of_table(table),
            batches,
            rejected: vec![],
            left_out: vec![],
            notes: vec![],
            network: None,
        }
    }

    #[test]
    fn a_table_of_samples_has_the_columns_of_the_contract() {
        let table = planned().samples.table().unwrap();
        let names: Vec<&str> = table.column_names().collect();
        assert_eq!(
            names,
            [
                "sample_id",
                "batch",
                "area_id",
                "road_name",
                "osm_way_id",
                "side",
                "sequence",
                "heading",
                "pitch",
                "priority",
                "order",
                "distance_m",
                "geometry"
            ]
        );
        assert_eq!(table.texts("side").unwrap(), vec![None::<String>; 5]);
        assert_eq!(
            table.numbers("batch").unwrap(),
            [0., 0., 0., 1., 1.].map(Some)
        );
    }

    #[test]
    fn a_written_plan_reads_back_even_when_it_is_empty() {
        let mut planned = planned();
        for samples in [5, 0] {
            if samples == 0 {
                planned.samples = Samples::of_table(planned.samples.rows(0..0).unwrap());
                planned.batches = vec![];
            }
            let file = planned.write_geoparquet(Vec::new()).unwrap();
            let back =
                Table::from_bytes("s.parquet", file.into(), &ReadOptions::default()).unwrap();
            assert_eq!(back.rows(), samples);
            assert_eq!(back.geometry_column(), Some("geometry"));
        }
    }

    #[test]
    fn batches_are_numbered_from_any_row_on() {
        let batches = [0..3, 3..5, 5..6];
        assert_eq!(batch_column(&batches, 2..6).values(), &[0, 1, 1, 2]);
    }
}
