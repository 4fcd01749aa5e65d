//! What can be wrong with pixels, files of pixels and grids.

/// Why pixels could not be read, written or placed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Bytes that are not the file they should be, or a broken one.
    #[error("not a readable {media}: {problem}")]
    Unreadable {
        /// The format that was expected or found.
        media: &'static str,
        /// What the decoder says.
        problem: String,
    },
    /// A whole file of a kind that is not read.
    #[error("{found} is not read: expected {expected}")]
    Unsupported {
        /// What the file is.
        found: String,
        /// What would be right.
        expected: String,
    },
    /// Pixels that the format cannot hold.
    #[error("{format} cannot hold {pixels}: {expected}")]
    Encode {
        /// The format asked for.
        format: &'static str,
        /// Bands and type of the pixels.
        pixels: String,
        /// What would work.
        expected: &'static str,
    },
    /// A coordinate reference system or a table that cannot be used.
    #[error("{0}")]
    Table(String),
    /// A bug: something that the code itself rules out.
    #[error("internal fault while {doing}")]
    Internal {
        /// What was being done.
        doing: &'static str,
    },
}

/// The result of everything here that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Bytes or numbers that are not a picture.
    pub(crate) fn unreadable(media: &'static str, problem: impl std::fmt::Display) -> Self {
        // Decoders' messages may fill several lines; a ledger's reason is one.
        let problem = problem.to_string();
        let problem = problem.split_whitespace().collect::<Vec<_>>().join(" ");
        Self::Unreadable { media, problem }
    }

    /// A kind of file that is not read.
    pub(crate) fn unsupported(found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::Unsupported {
            found: found.into(),
            expected: expected.into(),
        }
    }
}

impl From<tables::Error> for Error {
    fn from(error: tables::Error) -> Self {
        Self::Table(error.to_string())
    }
}
