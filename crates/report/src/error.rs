//! Why a page could not be made.

/// A table given for a page does not hold what the page shows.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A column is missing or of another type.
    #[error(transparent)]
    Table(#[from] tables::Error),
}

/// The result of everything here that can fail.
pub type Result<T> = std::result::Result<T, Error>;
