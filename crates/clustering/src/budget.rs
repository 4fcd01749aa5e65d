//! What a run may use.

use tables::Table;

use crate::Error;

/// Bytes that a place takes while it is clustered, at most: as a point, and as an outline with its neighbours. Measured as the
/// growth of the process from 0.1 to 10 million cells (110) and from 30,000 to 100,000 rooftops (440).
const BYTES_A_POINT: u64 = 160;
const BYTES_AN_OUTLINE: u64 = 600;

/// Memory and time that a run may use. The crate has no clock: `stop` is asked between starts or trials, and once it says
/// yes nothing new is begun; the best answer so far is returned.
#[derive(Clone, Copy)]
pub struct Budget<'a> {
    /// Bytes that may be held beside the table; `None` for no limit. Too few for the table are an error before any work
    /// is done; few make tuned k-means run fewer trials at once.
    pub memory: Option<u64>,
    /// Whether to begin nothing new.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

impl Budget<'_> {
    /// No limits.
    #[must_use]
    pub fn unlimited() -> Self {
        Self {
            memory: None,
            stop: &|| false,
        }
    }

    /// Fails if the table's places do not fit into the memory.
    pub(crate) fn check_memory(&self, table: &Table) -> Result<(), Error> {
        let Some(left) = self.memory else {
            return Ok(());
        };
        let rows = table.rows();
        let points = BYTES_A_POINT.saturating_mul(rows as u64);
        let outlines = BYTES_AN_OUTLINE.saturating_mul(rows as u64);
        // What the rows look like is only read where it matters.
        let needed = match left {
            left if left >= outlines => return Ok(()),
            _ if table.points()?.is_none() => outlines,
            left if left >= points => return Ok(()),
            _ => points,
        };
        Err(Error::Memory {
            rows,
            needed_mb: needed.div_ceil(1_000_000),
            left_mb: left / 1_000_000,
        })
    }

    /// How many tasks that take so many bytes each may run at once; one always may.
    pub(crate) fn at_once(&self, bytes: u64) -> usize {
        let tasks = self.memory.map(|left| (left / bytes.max(1)).max(1));
        tasks.map_or(usize::MAX, |tasks| {
            usize::try_from(tasks).unwrap_or(usize::MAX)
        })
    }
}

impl std::fmt::Debug for Budget<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Budget")
            .field("memory", &self.memory)
            .finish_non_exhaustive()
    }
}
