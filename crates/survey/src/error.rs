//! What can be wrong with a frame, a design or a file of answers.

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// Everything here is for the caller to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting that cannot be right.
    #[error("{name} is {value}: it must be {expected}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// What was given.
        value: String,
        /// What would be right.
        expected: String,
    },
    /// Values of a column that cannot be used.
    #[error(
        "column `{column}` has {count} {what}, first in rows {}: {remedy}",
        listed(rows)
    )]
    BadValues {
        /// The column.
        column: String,
        /// How many rows are affected.
        count: usize,
        /// What is wrong with them.
        what: &'static str,
        /// The first few rows, from 0.
        rows: Vec<usize>,
        /// What to do about it.
        remedy: &'static str,
    },
    /// More units are asked for than there are.
    #[error("{place}: {asked} units are asked for and {available} have a size above 0")]
    TooMany {
        /// The stratum, or "the frame".
        place: String,
        /// Units asked for.
        asked: usize,
        /// Units that can be drawn.
        available: usize,
    },
    /// No allocation keeps all bounds.
    #[error(
        "{n} units cannot be shared out: the strata take at least {lowest} and at most {highest}"
    )]
    Allocation {
        /// Units to share out.
        n: usize,
        /// The sum of the lower bounds.
        lowest: usize,
        /// The sum of the upper bounds.
        highest: usize,
    },
    /// Strata with one PSU have no variance of their own.
    #[error(
        "{} one PSU: a variance needs two; choose a rule (collapse, certainty, average, centred, or adjust as R)",
        have(strata)
    )]
    LonelyPsu {
        /// Their names.
        strata: Vec<String>,
    },
    /// A design that the method cannot handle.
    #[error("{0}")]
    Design(String),
    /// A column that is there already and was not written by a draw.
    #[error(
        "the table has a column `{column}` already, which this command would write: rename or remove it first"
    )]
    ColumnTaken {
        /// The column.
        column: String,
    },
    /// Margins, classes or calibration totals that cannot be met.
    #[error("calibration: {0}")]
    Calibration(String),
    /// The answers do not belong to the sample.
    #[error("{0}")]
    Answers(String),
    /// A matrix without an inverse.
    #[error(
        "{0}: the equations have no single solution (columns that repeat each other, or too few rows)"
    )]
    Singular(&'static str),
    /// The table cannot be read or made.
    #[error(transparent)]
    Table(#[from] tables::Error),
}

impl Error {
    pub(crate) fn setting(
        name: &'static str,
        value: impl ToString,
        expected: impl Into<String>,
    ) -> Self {
        Self::Setting {
            name,
            value: value.to_string(),
            expected: expected.into(),
        }
    }

    /// Bad values of a column, by the rows that hold them.
    pub(crate) fn values(
        column: &str,
        rows: &[usize],
        what: &'static str,
        remedy: &'static str,
    ) -> Self {
        Self::BadValues {
            column: column.to_owned(),
            count: rows.len(),
            what,
            rows: rows.iter().copied().take(5).collect(),
            remedy,
        }
    }
}

fn listed(rows: &[usize]) -> String {
    rows.iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

fn have(strata: &[String]) -> String {
    match strata {
        [one] => format!("stratum {one} has"),
        [first, second] => format!("strata {first} and {second} have"),
        [first, second, third] => format!("strata {first}, {second} and {third} have"),
        [first, second, third, rest @ ..] => {
            format!(
                "strata {first}, {second}, {third} and {} others have",
                rest.len()
            )
        }
        [] => "a stratum has".to_owned(),
    }
}
