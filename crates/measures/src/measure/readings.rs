//! One picture's readings, as a line of a ledger or of `transect measure --json`.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{MeasureSpec, columns, measure};
use crate::{Error, Picture};

/// Whether a picture could be read at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadingStatus {
    /// Read; a value is missing only where no pixel counts.
    Ok,
    /// No picture, or a broken one.
    Unreadable,
    /// A whole picture whose colours are not red, green and blue: CMYK, for one.
    Unsupported,
}

/// What the measures said of one picture: a value a column, or why there is none.
///
/// As JSON, one flat object: `{"status": "ok", "green": 0.38}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Readings {
    /// Whether the picture could be read.
    pub status: ReadingStatus,
    /// Why not.
    pub reason: Option<String>,
    /// Column and value, in the order of the measures; every value is `None` unless the status is `Ok`.
    pub values: Vec<(String, Option<f64>)>,
}

impl Serialize for Readings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("status", &self.status)?;
        if let Some(reason) = &self.reason {
            map.serialize_entry("reason", reason)?;
        }
        for (column, value) in &self.values {
            map.serialize_entry(column, value)?;
        }
        map.end()
    }
}

/// Measures a picture file's bytes. It never fails: a picture that cannot be read has a status and no reading.
#[must_use]
pub fn measure_bytes(bytes: &[u8], measures: &[MeasureSpec]) -> Readings {
    let columns = columns(measures).into_iter();
    match Picture::decode(bytes) {
        Ok(picture) => Readings {
            status: ReadingStatus::Ok,
            reason: None,
            values: columns.zip(measure(&picture, measures)).collect(),
        },
        Err(error) => Readings {
            status: match error {
                Error::Unsupported { .. } => ReadingStatus::Unsupported,
                _ => ReadingStatus::Unreadable,
            },
            reason: Some(error.to_string()),
            values: columns.map(|column| (column, None)).collect(),
        },
    }
}
