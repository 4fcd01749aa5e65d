//! The ledger: one row for each sample, whatever happened to it.

mod table;

use std::collections::HashMap;
use std::fmt;

use geo::Polygon;
use jiff::Timestamp;

pub use table::{from_table, measure_columns, merge, to_table};

/// What became of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// No picture for a reason that may pass: worth another run.
    Failed,
    /// The source sent one flat colour.
    Blank,
    /// The source has no picture there.
    NoImagery,
    /// The picture was stored before this run.
    Exists,
    /// The picture was taken in this run.
    Ok,
}

impl Status {
    /// The word that stands in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Exists => "exists",
            Self::NoImagery => "no_imagery",
            Self::Blank => "blank",
            Self::Failed => "failed",
        }
    }

    /// The status of a word in the table.
    pub fn named(name: &str) -> Option<Self> {
        [
            Self::Ok,
            Self::Exists,
            Self::NoImagery,
            Self::Blank,
            Self::Failed,
        ]
        .into_iter()
        .find(|status| status.name() == name)
    }

    /// Whether there is a picture.
    pub fn has_picture(self) -> bool {
        matches!(self, Self::Ok | Self::Exists)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One sample's row.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerRow {
    /// Name of the sample.
    pub sample_id: String,
    /// What became of it.
    pub status: Status,
    /// Why there is no picture.
    pub reason: Option<String>,
    /// Status of the last reply, where it came over HTTP.
    pub http_status: Option<u16>,
    /// Requests that were sent for this sample.
    pub attempts: u32,
    /// Key of the stored picture. Samples served by the very same picture share it.
    pub key: Option<String>,
    /// Size of the stored picture.
    pub bytes: Option<u64>,
    /// SHA-256 of the stored picture, in lower-case hexadecimal.
    pub sha256: Option<String>,
    /// Media type of the stored picture.
    pub media_type: Option<String>,
    /// Columns.
    pub width: Option<u32>,
    /// Rows.
    pub height: Option<u32>,
    /// Outline on the ground, lon/lat.
    pub footprint: Option<Polygon>,
    /// Ground metres of a pixel.
    pub pixel_m: Option<f64>,
    /// When the picture was captured, as exactly as the source says.
    pub captured: Option<String>,
    /// The service's own name of the picture, for street pictures: a panorama or an image.
    pub picture_id: Option<String>,
    /// Longitude of the camera, for street pictures.
    pub camera_lon: Option<f64>,
    /// Latitude of the camera, for street pictures.
    pub camera_lat: Option<f64>,
    /// Metres from the sample to the camera, for street pictures.
    pub camera_distance_m: Option<f64>,
    /// When it was fetched.
    pub fetched_at: Option<Timestamp>,
    /// Kind of the source.
    pub source: String,
    /// The line that has to be shown with the picture.
    pub attribution: Option<String>,
    /// Until when the service says that the picture stays valid.
    pub expires: Option<Timestamp>,
    /// Share of labelled pixels.
    pub label_share: Option<f64>,
    /// Share of the pixels that are there: inside the raster, neither nodata nor masked nor clear.
    pub valid_share: Option<f64>,
    /// How many labelled pixels have each value, smallest value first.
    pub label_pixels: Vec<(f64, u64)>,
    /// Readings by name; `None` where the measure has nothing to say.
    pub measures: Vec<(String, Option<f64>)>,
}

impl LedgerRow {
    pub(crate) fn new(sample_id: &str, source: &str, attribution: Option<&str>) -> Self {
        Self {
            sample_id: sample_id.to_owned(),
            status: Status::Failed,
            reason: None,
            http_status: None,
            attempts: 0,
            key: None,
            bytes: None,
            sha256: None,
            media_type: None,
            width: None,
            height: None,
            footprint: None,
            pixel_m: None,
            captured: None,
            picture_id: None,
            camera_lon: None,
            camera_lat: None,
            camera_distance_m: None,
            fetched_at: None,
            source: source.to_owned(),
            attribution: attribution.map(str::to_owned),
            expires: None,
            label_share: None,
            valid_share: None,
            label_pixels: Vec::new(),
            measures: Vec::new(),
        }
    }

    /// A reading by its name: `None` where it was never taken, `Some(None)` where it said nothing.
    pub fn measure(&self, name: &str) -> Option<Option<f64>> {
        self.measures
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| *value)
    }
}

/// Earlier rows with later ones put in their places; new samples come behind.
pub fn update(earlier: Vec<LedgerRow>, later: Vec<LedgerRow>) -> Vec<LedgerRow> {
    let mut rows = earlier;
    let places: HashMap<String, usize> = rows
        .iter()
        .enumerate()
        .map(|(place, row)| (row.sample_id.clone(), place))
        .collect();
    for row in later {
        match places
            .get(&row.sample_id)
            .and_then(|place| rows.get_mut(*place))
        {
            Some(old) => *old = row,
            None => rows.push(row),
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_rows_take_the_places_of_earlier_ones() {
        let row = |id: &str, status: Status| LedgerRow {
            status,
            ..LedgerRow::new(id, "cog", None)
        };
        let earlier = vec![row("a", Status::Failed), row("b", Status::Ok)];
        let rows = update(earlier, vec![row("c", Status::Ok), row("a", Status::Ok)]);
        let seen: Vec<_> = rows
            .iter()
            .map(|row| (row.sample_id.as_str(), row.status))
            .collect();
        assert_eq!(
            seen,
            [("a", Status::Ok), ("b", Status::Ok), ("c", Status::Ok)]
        );
    }
}
