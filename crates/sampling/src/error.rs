//! What can be wrong with a plan or with the data it is made from.

use std::path::PathBuf;

/// Why a plan could not be made. Every variant is the caller's to change: nothing here is worth retrying.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting of the plan is missing, out of range or at odds with another one.
    #[error("plan setting {field}: {problem}")]
    Setting {
        /// The field of the plan, as the user writes it.
        field: &'static str,
        /// What is wrong with it and what would be right.
        problem: String,
    },
    /// Two rows have the same id, so that their samples could not be told apart.
    #[error(
        "column {column:?}: {id:?} is the id of row {first} and again of row {second}; ids must be unique"
    )]
    DuplicateId {
        /// The id column.
        column: String,
        /// The id that occurs twice.
        id: String,
        /// First row with it, from 0.
        first: usize,
        /// Second row with it, from 0.
        second: usize,
    },
    /// The plan would give more samples than one plan may hold.
    #[error("the plan asks for {asked} samples; one plan holds at most {most}")]
    TooManySamples {
        /// How many samples the settings ask for.
        asked: u64,
        /// The most there may be.
        most: u64,
    },
    /// Nothing in the input fits the plan.
    #[error("{what} has no {wanted}")]
    NothingToSample {
        /// The input.
        what: &'static str,
        /// What was looked for in it.
        wanted: String,
    },
    /// A row of the input cannot be used, and going on without it would change what the others mean.
    #[error("row {row}, {column}: {problem}")]
    Row {
        /// Row of the input, from 0.
        row: usize,
        /// Column, or the field of a record.
        column: String,
        /// What is wrong with it and what would be right.
        problem: String,
    },
    /// A mistake in the polygons of towns, the plan's `areas`, and not in its roads.
    #[error("areas: {0}")]
    Areas(#[source] Box<Error>),
    /// A batch payload or job record is not of the form it should have.
    #[error("{form}: {problem}")]
    Payload {
        /// The form that was expected, for instance `point_map`.
        form: &'static str,
        /// Where and what.
        problem: String,
    },
    /// The OpenStreetMap extract cannot be read.
    #[error("cannot read {}: {problem}", path.as_deref().map_or_else(|| "the OpenStreetMap extract".into(), |p| p.display().to_string()))]
    Osm {
        /// The file, when it is one.
        path: Option<PathBuf>,
        /// What is wrong with it and what would be right.
        problem: String,
    },
    /// Reading or writing a table failed.
    #[error(transparent)]
    Table(#[from] tables::Error),
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn setting(field: &'static str, problem: impl Into<String>) -> Self {
        Self::Setting {
            field,
            problem: problem.into(),
        }
    }
}
