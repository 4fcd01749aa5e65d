//! What can be wrong with a picture, a setting or a table.

/// Why a measure, a filling or a summary could not be made. Every variant is the caller's to mend.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are not a picture, or a broken one.
    #[error("unreadable picture: {problem}")]
    Unreadable {
        /// What the decoder found.
        problem: String,
    },
    /// A whole picture of a kind whose colours cannot be read as red, green and blue.
    #[error("unsupported picture: {found}, expected {expected}")]
    Unsupported {
        /// What the picture is.
        found: String,
        /// What would be right.
        expected: &'static str,
    },
    /// The numbers given do not make a picture of the size given.
    #[error(
        "{found} samples for a picture of {width} x {height} pixels with {bands} bands, expected {expected}"
    )]
    SampleCount {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// Numbers a pixel.
        bands: u16,
        /// Numbers given.
        found: usize,
        /// Numbers needed.
        expected: u64,
    },
    /// A study's setting that no picture can satisfy.
    #[error("{setting}: {problem}")]
    Setting {
        /// Its name, as the study writes it.
        setting: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// A row of a table that contradicts another.
    #[error("row {row}, column {column}: {problem}")]
    Row {
        /// Counted from 0.
        row: usize,
        /// The column at fault.
        column: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// A table that cannot be read as asked.
    #[error(transparent)]
    Table(#[from] tables::Error),
    /// The file being written could not be.
    #[error("writing the map: {0}")]
    Write(#[from] std::io::Error),
}

/// The result of everything here that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Whether the study has to change, rather than its data.
    #[must_use]
    pub fn is_setting(&self) -> bool {
        matches!(self, Self::Setting { .. })
    }
}
