//! The job records of the original study of streets.

use arrow_array::{Float64Array, Int32Array, Int64Array, StringArray};
use geo::Coord;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::Table;

use crate::samples::{Columns, Place};
use crate::{Error, Result, Side, slug};

/// A picture to take, as the queues of the study held it: way and count along it are texts there
/// (`"24005721"`, `"000057"`), and numbers are understood as well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobRecord {
    /// Number of the record in the study's database.
    pub id: i64,
    /// Town.
    pub city: String,
    /// Name of the road, which may be empty.
    pub road_name: String,
    /// OpenStreetMap's id of the way.
    pub osm_way_id: NumberOrText,
    /// Count of the point along the way.
    pub sequence: NumberOrText,
    /// Degrees.
    pub latitude: f64,
    /// Degrees.
    pub longitude: f64,
    /// Direction of the way, degrees clockwise from north.
    pub bearing: f64,
    /// `left` or `right`, or any other side of a plan.
    pub cam_dir: Side,
}

/// A whole number, or one written as a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum NumberOrText {
    /// A number.
    Number(i64),
    /// Its digits, for a way perhaps after `way/`.
    Text(String),
}

impl NumberOrText {
    fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => crate::roads::way_number(text),
        }
    }
}

/// The samples of job records, in the columns that every plan has and `bearing`; the sample id is
/// the id of the record after its town.
///
/// # Errors
/// [`Error::Row`] for a way or sequence that is no number, or a place that is none.
pub fn samples(jobs: &[JobRecord]) -> Result<Table> {
    let row_error = |row, column: &str, problem: String| Error::Row {
        row,
        column: column.to_owned(),
        problem,
    };
    let (mut ways, mut sequences, mut points) = (Vec::new(), Vec::new(), Vec::new());
    for (row, job) in jobs.iter().enumerate() {
        let number = |column, value: &NumberOrText| {
            value
                .number()
                .ok_or_else(|| row_error(row, column, format!("{value:?} is no whole number")))
        };
        ways.push(number("osm_way_id", &job.osm_way_id)?);
        let sequence = number("sequence", &job.sequence)?;
        sequences.push(
            i32::try_from(sequence)
                .map_err(|_| row_error(row, "sequence", format!("{sequence} is no count")))?,
        );
        if !(job.longitude.abs() <= 180.0 && job.latitude.abs() <= 90.0 && job.bearing.is_finite())
        {
            let place = format!(
                "{}, {} to {} is no place and bearing",
                job.longitude, job.latitude, job.bearing
            );
            return Err(row_error(row, "longitude", place));
        }
        points.push(Coord {
            x: job.longitude,
            y: job.latitude,
        });
    }
    let texts = |text: &dyn Fn(&JobRecord) -> String| -> StringArray {
        jobs.iter().map(|job| Some(text(job))).collect()
    };
    let floats = |float: &dyn Fn(&JobRecord) -> f64| -> Float64Array {
        jobs.iter().map(|job| Some(float(job))).collect()
    };
    let bearings = floats(&|job| Side::Ahead.heading(job.bearing));
    Columns::default()
        .with(
            "sample_id",
            texts(&|job| format!("{}-{}", slug(&job.city), job.id)),
        )
        .with("town", texts(&|job| job.city.clone()))
        .with("road_name", texts(&|job| job.road_name.clone()))
        .with("osm_way_id", Int64Array::from(ways))
        .with("side", texts(&|job| job.cam_dir.name().to_owned()))
        .with("sequence", Int32Array::from(sequences))
        .with("heading", floats(&|job| job.cam_dir.heading(job.bearing)))
        .with("pitch", floats(&|job| job.cam_dir.pitch()))
        .table(
            Place::Town,
            &points,
            vec![("bearing".into(), std::sync::Arc::new(bearings))],
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGINAL: &str = r#"{"id": 123, "city": "Cardiff", "road_name": "Clydesmuir Road", "osm_way_id": "24005721",
        "sequence": "000057", "latitude": 51.491386, "longitude": -3.141202, "bearing": 46.48, "cam_dir": "left"}"#;

    #[test]
    fn a_record_becomes_a_sample() {
        let job: JobRecord = serde_json::from_str(ORIGINAL).unwrap();
        let table = samples(&[job]).unwrap();
        assert_eq!(
            table.texts("sample_id").unwrap()[0].as_deref(),
            Some("Cardiff-123")
        );
        assert_eq!(table.numbers("osm_way_id").unwrap(), [Some(24_005_721.0)]);
        assert_eq!(table.numbers("sequence").unwrap(), [Some(57.0)]);
        assert_eq!(table.numbers("heading").unwrap(), [Some(316.48)]);
        let place = Coord {
            x: -3.141_202,
            y: 51.491_386,
        };
        assert_eq!(table.points().unwrap().unwrap(), [place]);
    }

    #[test]
    fn records_that_cannot_be_are_refused_with_their_row() {
        let job: JobRecord = serde_json::from_str(ORIGINAL).unwrap();
        let way = JobRecord {
            osm_way_id: NumberOrText::Text("A48".into()),
            ..job.clone()
        };
        assert!(matches!(
            samples(&[job.clone(), way]),
            Err(Error::Row { row: 1, .. })
        ));
        assert!(
            samples(&[JobRecord {
                latitude: 151.0,
                ..job
            }])
            .is_err()
        );
        assert!(serde_json::from_str::<JobRecord>(&ORIGINAL.replace("left", "back")).is_err());
    }
}
