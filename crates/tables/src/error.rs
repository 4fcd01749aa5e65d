//! What can be wrong with a table, a geometry or a coordinate reference system.

/// What can be read, for messages.
const READABLE: &str = "read are GeoParquet, GeoPackage, GeoJSON (also newline-delimited), FlatGeobuf, Shapefile, KML \
                        and CSV, each also zipped or gzipped";
/// What can be written, for messages.
const WRITABLE: &str =
    ".parquet, .gpkg, .geojson, .fgb, .shp.zip (a zipped Shapefile), .kml, .gpx or .csv";

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a table could not be read, changed, projected or written.
///
/// Messages are one line: what is wrong, where, and what would be right.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system could not read or write.
    #[error("{name}: {source}")]
    Io {
        /// File or stream.
        name: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Neither the first bytes nor the extension belong to a known format.
    #[error("{name}: not a known format ({found}); {READABLE}")]
    UnknownFormat {
        /// File or stream.
        name: String,
        /// What its first bytes look like.
        found: String,
    },
    /// The extension of a name to write to belongs to no format that can be written.
    #[error("{name}: {problem}; tables are written as {WRITABLE}")]
    UnknownOutput {
        /// File.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// More would come out of a file than its limit allows.
    #[error("{name}: {what} is more than the limit of {limit}; {raised_by}", raised_by = crate::options::Limits::RAISED_BY)]
    TooLarge {
        /// File or stream.
        name: String,
        /// What there is too much of.
        what: String,
        /// The limit, with its unit.
        limit: String,
    },
    /// The bytes are not a well-formed file of their format.
    #[error("{name}: not a readable {format} file: {problem}")]
    Malformed {
        /// File or stream.
        name: String,
        /// The format expected.
        format: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// Something in a file that only the reader of the file knows the name of.
    #[error("{name}: {source}")]
    InFile {
        /// File or stream.
        name: String,
        /// What is wrong in it.
        source: Box<Error>,
    },
    /// A column that was asked for is not there.
    #[error("no column `{column}`; the columns are {}", listed(.available))]
    MissingColumn {
        /// The column asked for.
        column: String,
        /// The columns there are.
        available: Vec<String>,
    },
    /// The table has no geometry column.
    #[error("no geometry column; the columns are {}", listed(.available))]
    NoGeometry {
        /// The columns there are.
        available: Vec<String>,
    },
    /// Two columns have one name.
    #[error("two columns are named `{column}`; column names must differ")]
    DuplicateColumn {
        /// The name.
        column: String,
    },
    /// A column holds another type than asked for.
    #[error("column `{column}` holds {found}, expected {expected}")]
    ColumnType {
        /// The column.
        column: String,
        /// The type it has.
        found: String,
        /// What was asked for.
        expected: &'static str,
    },
    /// A single value cannot be read as what was asked for.
    #[error("column `{column}`, row {row}: found `{found}`, expected {expected}")]
    Value {
        /// The column.
        column: String,
        /// The row, counted from 0.
        row: usize,
        /// The value.
        found: String,
        /// What was asked for.
        expected: &'static str,
    },
    /// A column is longer or shorter than the table.
    #[error("column `{column}` has {found} rows, the table has {expected}")]
    ColumnLength {
        /// The column.
        column: String,
        /// Its length.
        found: usize,
        /// The table's length.
        expected: usize,
    },
    /// A row index is past the end, or there are more rows than an index can name.
    #[error(
        "row {row} does not exist; the table has {rows} rows and at most 4294967295 can be addressed"
    )]
    NoSuchRow {
        /// The index.
        row: usize,
        /// The table's length.
        rows: usize,
    },
    /// A row group is past the end of a file.
    #[error("row group {group} does not exist; the file has {groups}")]
    NoSuchRowGroup {
        /// The position asked for, counted from 0.
        group: usize,
        /// How many there are.
        groups: usize,
    },
    /// Row group sizes do not add up to the table's rows.
    #[error("row groups hold {found} rows together, the table has {expected}")]
    RowGroups {
        /// The sum of the sizes given.
        found: usize,
        /// The table's length.
        expected: usize,
    },
    /// Tables that were to be joined end to end differ.
    #[error("tables cannot be joined: {problem}")]
    Mismatch {
        /// The first difference.
        problem: String,
    },
    /// A geometry is malformed.
    #[error("geometry column `{column}`, row {row}: {problem}")]
    Geometry {
        /// The geometry column.
        column: String,
        /// The row, counted from 0.
        row: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A coordinate reference system that is not known, or not given at all.
    #[error("coordinate reference system {crs}: {problem}")]
    UnknownCrs {
        /// How it was named.
        crs: String,
        /// What is missing, and what would do.
        problem: String,
    },
    /// A coordinate reference system that is known but cannot be computed rightly.
    #[error("coordinate reference system {crs}: {problem}")]
    UnsupportedCrs {
        /// How it was named.
        crs: String,
        /// What cannot be done.
        problem: String,
    },
    /// A coordinate outside of what its reference system allows.
    #[error("coordinate {row}: ({x}, {y}) is out of range, expected {expected}")]
    CoordinateOutOfRange {
        /// The position of the coordinate among those given, counted from 0.
        row: usize,
        /// Longitude or easting.
        x: f64,
        /// Latitude or northing.
        y: f64,
        /// The range.
        expected: &'static str,
    },
    /// A columnar operation failed.
    #[error("column `{column}`: {source}")]
    Column {
        /// The column.
        column: String,
        /// What Arrow said.
        source: arrow_schema::ArrowError,
    },
    /// What is written to cannot take it: a full disk, say.
    #[error("cannot write {format}: {source}")]
    Write {
        /// The format.
        format: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file could not be encoded.
    #[error("cannot write {format}: {problem}")]
    Encode {
        /// The format.
        format: &'static str,
        /// What went wrong.
        problem: String,
    },
}

impl Error {
    /// Names the file that could not be written, which the writer of its bytes does not know; other errors stay as they are.
    #[must_use]
    pub fn in_output(self, name: &str) -> Self {
        match self {
            Self::Write { source, .. } => Self::io(name, source),
            other => other,
        }
    }

    /// Names the file in which something is wrong, for errors that do not.
    #[must_use]
    pub fn in_file(self, name: &str) -> Self {
        match self {
            Self::Io { .. }
            | Self::UnknownFormat { .. }
            | Self::UnknownOutput { .. }
            | Self::TooLarge { .. }
            | Self::Malformed { .. }
            | Self::InFile { .. }
            | Self::Write { .. }
            | Self::Encode { .. } => self,
            other => Self::InFile {
                name: name.to_owned(),
                source: Box::new(other),
            },
        }
    }

    pub(crate) fn malformed(name: &str, format: &'static str, problem: impl ToString) -> Self {
        Self::Malformed {
            name: name.to_owned(),
            format,
            problem: one_line(&problem.to_string()),
        }
    }

    /// More bytes than the limit of a file allows.
    pub(crate) fn too_large(name: &str, what: impl Into<String>, limit: u64) -> Self {
        Self::TooLarge {
            name: name.to_owned(),
            what: what.into(),
            limit: format!("{} MiB", limit >> 20),
        }
    }

    pub(crate) fn io(name: &str, source: std::io::Error) -> Self {
        Self::Io {
            name: name.to_owned(),
            source,
        }
    }

    pub(crate) fn column(column: &str, source: arrow_schema::ArrowError) -> Self {
        Self::Column {
            column: column.to_owned(),
            source,
        }
    }

    pub(crate) fn write(format: &'static str, source: std::io::Error) -> Self {
        Self::Write { format, source }
    }

    pub(crate) fn encode(format: &'static str, problem: impl ToString) -> Self {
        Self::Encode {
            format,
            problem: one_line(&problem.to_string()),
        }
    }
}

/// The most names a message lists before it says how many more there are.
const LISTED: usize = 40;

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let mut text = names
        .iter()
        .take(LISTED)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > LISTED {
        text.push_str(&format!(" and {} more", names.len() - LISTED));
    }
    text
}

/// Foreign libraries put line breaks and whole excerpts of the input into their messages.
fn one_line(text: &str) -> String {
    const LONGEST: usize = 300;
    let mut line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(end);
        line.push('…');
    }
    line
}
