//! What to read, what to take for granted where a file is silent, and what was taken for granted.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::Crs;

/// What to read, and what to take for granted where a file is silent.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// Only these columns, the geometry column always with them; all when `None`.
    pub columns: Option<Vec<String>>,
    /// The reference system of coordinates of which the file says none, or says it is unknown.
    pub assume_crs: Option<Crs>,
    /// The column of longitudes (or eastings) of a table without a geometry column; found by its name when `None`.
    pub lon_column: Option<String>,
    /// The column of latitudes (or northings) of a table without a geometry column; found by its name when `None`.
    pub lat_column: Option<String>,
    /// The layer of a file that may have several (GeoPackage); its only one when `None`.
    pub layer: Option<String>,
    /// What stands between units and tenths in the numbers of a CSV file.
    pub decimal: Decimal,
    /// What messages call the file, if not by its path: a copy keeps the name that its owner knows.
    pub display_name: Option<String>,
    /// How much may come out of a file.
    pub limits: Limits,
    /// Where it is noted what was taken for granted.
    pub notes: Notes,
}

impl ReadOptions {
    /// What messages call a file.
    pub(crate) fn name_of(&self, path: &Path) -> String {
        self.display_name
            .clone()
            .unwrap_or_else(|| path.display().to_string())
    }
}

/// The mark between units and tenths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decimal {
    /// 0.5
    #[default]
    Point,
    /// 0,5
    Comma,
}

/// How much may come out of a file: a small one can claim, or be unpacked to, more than any machine has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that a table may take in memory; when `None`, [`Limits::ORDINARY`] or, if that is more,
    /// [`Limits::RATIO`] times the size of the file.
    pub max_bytes: Option<u64>,
}

impl Limits {
    /// Tables of this size are read without asking how they can come from so small a file: 256 MiB.
    pub const ORDINARY: u64 = 256 << 20;
    /// No larger table is believed to have shrunk further than this.
    pub const RATIO: u64 = 100;
    /// The most columns that a table may have.
    pub const COLUMNS: usize = 20_000;
    /// What raises the limit, as messages put it.
    pub(crate) const RAISED_BY: &'static str =
        "if the file can be trusted, raise it by TRANSECT_MAX_TABLE_MIB";

    /// The most bytes that may come out of a file of this size.
    #[must_use]
    pub fn bytes(self, file_size: u64) -> u64 {
        self.max_bytes
            .unwrap_or_else(|| Self::ORDINARY.max(file_size.saturating_mul(Self::RATIO)))
    }

    /// The most cells (rows times columns) that may come out of a file of this size.
    pub(crate) fn cells(self, file_size: u64) -> u64 {
        // a null takes an eighth of a byte and up, a text five and up
        self.bytes(file_size) / 8
    }

    /// That a table that grows keeps to its bounds.
    pub(crate) fn check_cells(rows: usize, columns: usize, most: u64) -> Result<(), String> {
        if columns > Self::COLUMNS {
            return Err(format!(
                "it has more than {} columns, the most that are read",
                Self::COLUMNS
            ));
        }
        let cells = (rows as u64).saturating_mul(columns as u64);
        if cells > most {
            return Err(format!(
                "{rows} rows of {columns} columns are more than the limit of {most} cells; {}",
                Self::RAISED_BY
            ));
        }
        Ok(())
    }
}

/// What was taken for granted while a file was read, in words; clones share one list.
#[derive(Clone, Debug, Default)]
pub struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    /// Notes something, once.
    pub(crate) fn add(&self, note: String) {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    /// Everything noted so far, in order; the list is empty afterwards.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
