//! One column of a table: arrays as they were read, and the order in which rows show.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, UInt32Array, new_empty_array};
use arrow_schema::FieldRef;

use crate::{Error, Result};

/// Rows handled at a time where a whole column would double the memory.
pub(crate) const BLOCK_ROWS: usize = 131_072;

/// Where the rows of a column lie: which chunk they are in, and in which order they show.
///
/// Columns that were read together share one placement, so reordering a table costs one list of row numbers and moves
/// no data; rows move when they are asked for or written, a block at a time.
#[derive(Debug)]
pub(crate) struct Placement {
    /// The first row of each chunk and, last, the number of rows stored.
    starts: Vec<usize>,
    /// The stored row that shows at each place; `None` when rows show as stored.
    order: Option<UInt32Array>,
}

impl Placement {
    /// Rows in the order of chunks of these lengths.
    pub fn stored(lengths: impl IntoIterator<Item = usize>) -> Self {
        let mut starts = vec![0];
        let mut rows = 0;
        for length in lengths {
            rows += length;
            starts.push(rows);
        }
        Self {
            starts,
            order: None,
        }
    }

    /// The rows of `self` that `rows` names, in that order; every one of `rows` must be below [`Self::rows`].
    pub fn take(&self, rows: &[u32]) -> Self {
        let order = match &self.order {
            Some(order) => rows
                .iter()
                .filter_map(|&row| order.values().get(row as usize).copied())
                .collect(),
            None => UInt32Array::from(rows.to_vec()),
        };
        Self {
            starts: self.starts.clone(),
            order: Some(order),
        }
    }

    pub fn rows(&self) -> usize {
        match &self.order {
            Some(order) => order.len(),
            None => self.starts.last().copied().unwrap_or(0),
        }
    }

    /// What a block of rows is made of.
    pub fn block(&self, from: usize, rows: usize) -> Block {
        let Some(order) = &self.order else {
            return Block::Run { from, rows };
        };
        let order = order.slice(from, rows);
        if self.starts.len() == 2 {
            return Block::Picked(order);
        }
        let places = order.values().iter().map(|&row| {
            let row = row as usize;
            let chunk = self.starts.partition_point(|&start| start <= row) - 1;
            (chunk, row - self.starts[chunk])
        });
        Block::Gathered(places.collect())
    }
}

/// A block of rows, named in the way that reads them fastest.
#[derive(Debug)]
pub(crate) enum Block {
    /// Consecutive stored rows.
    Run { from: usize, rows: usize },
    /// Rows of the only chunk.
    Picked(UInt32Array),
    /// Rows of several chunks, as (chunk, row in it).
    Gathered(Vec<(usize, usize)>),
}

/// A named, typed column.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub field: FieldRef,
    chunks: Arc<[ArrayRef]>,
    pub placement: Arc<Placement>,
}

impl Column {
    /// A column of chunks that lie as `placement` says.
    pub fn new(field: FieldRef, chunks: Vec<ArrayRef>, placement: Arc<Placement>) -> Self {
        Self {
            field,
            chunks: chunks.into(),
            placement,
        }
    }

    /// The same data, shown in another placement of the same chunks.
    pub fn placed(&self, placement: Arc<Placement>) -> Self {
        Self {
            placement,
            ..self.clone()
        }
    }

    pub fn name(&self) -> &str {
        self.field.name()
    }

    /// All rows in one array.
    pub fn whole(&self) -> Result<ArrayRef> {
        self.gather(&self.placement.block(0, self.placement.rows()))
    }

    /// The rows of a block of this column's placement.
    pub fn gather(&self, block: &Block) -> Result<ArrayRef> {
        let gathered = match block {
            Block::Run { from, rows } => return self.run(*from, *rows),
            Block::Picked(order) => match self.chunks.first() {
                Some(chunk) => arrow_select::take::take(chunk, order, None),
                None => Ok(new_empty_array(self.field.data_type())),
            },
            Block::Gathered(places) => {
                let chunks: Vec<&dyn Array> = self.chunks.iter().map(AsRef::as_ref).collect();
                arrow_select::interleave::interleave(&chunks, places)
            }
        };
        gathered.map_err(|source| Error::column(self.name(), source))
    }

    fn run(&self, from: usize, rows: usize) -> Result<ArrayRef> {
        let mut parts = Vec::new();
        let (mut skip, mut left) = (from, rows);
        for chunk in self.chunks.iter() {
            if left == 0 {
                break;
            }
            if skip >= chunk.len() {
                skip -= chunk.len();
                continue;
            }
            let length = left.min(chunk.len() - skip);
            parts.push(chunk.slice(skip, length));
            skip = 0;
            left -= length;
        }
        match parts.as_slice() {
            [] => Ok(new_empty_array(self.field.data_type())),
            [only] => Ok(Arc::clone(only)),
            several => {
                let several: Vec<&dyn Array> = several.iter().map(AsRef::as_ref).collect();
                arrow_select::concat::concat(&several)
                    .map_err(|source| Error::column(self.name(), source))
            }
        }
    }

    /// The column a block at a time, with the row each block starts at.
    pub fn blocks(&self) -> impl Iterator<Item = Result<(usize, ArrayRef)>> {
        let rows = self.placement.rows();
        (0..rows).step_by(BLOCK_ROWS).map(move |from| {
            let block = self.placement.block(from, BLOCK_ROWS.min(rows - from));
            Ok((from, self.gather(&block)?))
        })
    }
}
