//! The inline batches of the original study of tracts.
//!
//! A JSON array of `{"point_map": [[area id, [[longitude, latitude], ...]], ...]}`, one object a batch.

use arrow_array::StringArray;
use geo::Coord;
use serde::{Deserialize, Serialize};
use tables::Table;

use crate::samples::{Columns, Place, text_column};
use crate::{Error, Result, slug};

/// One batch: areas with their points, longitude and latitude in degrees.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Area ids, each with its points.
    pub point_map: Vec<(String, Vec<[f64; 2]>)>,
}

/// The batches of a payload.
///
/// ```
/// let batches = sampling::point_map::parse(br#"[{"point_map": [["17031", [[-87.62, 41.73]]]]}]"#)?;
/// let samples = sampling::point_map::samples(&batches[0])?;
/// assert_eq!(samples.texts("sample_id")?[0].as_deref(), Some("17031-0001"));
/// # Ok::<(), sampling::Error>(())
/// ```
///
/// # Errors
/// [`Error::Payload`] says where the JSON is not of this form.
pub fn parse(json: &[u8]) -> Result<Vec<Batch>> {
    let batches: Vec<Batch> =
        serde_json::from_slice(json).map_err(|error| payload(error.to_string()))?;
    for (number, batch) in batches.iter().enumerate() {
        check(batch).map_err(|problem| payload(format!("batch {number}: {problem}")))?;
    }
    Ok(batches)
}

/// The payload of batches.
///
/// # Errors
/// [`Error::Payload`] for a coordinate that is no number, which JSON cannot hold.
pub fn to_json(batches: &[Batch]) -> Result<String> {
    for (number, batch) in batches.iter().enumerate() {
        check(batch).map_err(|problem| payload(format!("batch {number}: {problem}")))?;
    }
    serde_json::to_string(batches).map_err(|error| payload(error.to_string()))
}

/// The samples of a batch, in the columns that every plan has. Their ids count the points of each
/// area from 1, as a plan's do.
///
/// # Errors
/// [`Error::Payload`] for a place that is no longitude and latitude, or an area that is there twice.
pub fn samples(batch: &Batch) -> Result<Table> {
    check(batch).map_err(payload)?;
    let points: Vec<Coord> = batch
        .point_map
        .iter()
        .flat_map(|(_, points)| points.iter().map(|&[x, y]| Coord { x, y }))
        .collect();
    let ids = batch.point_map.iter().flat_map(|(area, points)| {
        let slug = slug(area);
        (1..=points.len()).map(move |n| Some(format!("{slug}-{n:04}")))
    });
    let areas = batch
        .point_map
        .iter()
        .flat_map(|(area, points)| std::iter::repeat_n(Some(area), points.len()));
    let areas: StringArray = text_column(areas)?;
    Columns::default()
        .with("sample_id", text_column(ids)?)
        .with("area_id", areas)
        .table(Place::AreaId, &points, Vec::new())
}

/// The batches of a table of samples in areas, by its column `batch`.
///
/// # Errors
/// [`Error::Table`] without the columns of a plan of areas; [`Error::Row`] for a row without an area.
pub fn from_samples(samples: &Table) -> Result<Vec<Batch>> {
    let (areas, numbers) = (samples.texts("area_id")?, samples.numbers("batch")?);
    let places = samples.points()?.unwrap_or_default();
    let mut batches: Vec<Batch> = Vec::new();
    let mut current = None;
    for (row, ((area, number), place)) in areas.into_iter().zip(numbers).zip(places).enumerate() {
        let area = area.ok_or_else(|| Error::Row {
            row,
            column: "area_id".into(),
            problem: "is empty; only samples in areas have this form".into(),
        })?;
        if batches.is_empty() || current != number {
            current = number;
            batches.push(Batch::default());
        }
        let Some(batch) = batches.last_mut() else {
            continue;
        };
        match batch.point_map.last_mut().filter(|(last, _)| *last == area) {
            Some((_, points)) => points.push([place.x, place.y]),
            None => batch.point_map.push((area, vec![[place.x, place.y]])),
        }
    }
    Ok(batches)
}

fn check(batch: &Batch) -> std::result::Result<(), String> {
    let mut seen = std::collections::HashSet::new();
    for (area, points) in &batch.point_map {
        if !seen.insert(area) {
            return Err(format!("area {area:?} is there twice"));
        }
        let on_earth = |[x, y]: &[f64; 2]| x.abs() <= 180.0 && y.abs() <= 90.0;
        if let Some([x, y]) = points.iter().find(|point| !on_earth(point)) {
            return Err(format!(
                "area {area:?}: {x}, {y} is no longitude and latitude"
            ));
        }
    }
    Ok(())
}

fn payload(problem: impl Into<String>) -> Error {
    Error::Payload {
        form: "point_map",
        problem: problem.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGINAL: &str = r#"[{"point_map":[["17031842400",[[-87.62,41.73],[-87.63,41.74]]],["17031",[[-87.5,41.5]]]]},{"point_map":[["9",[[1.0,2.0]]]]}]"#;

    #[test]
    fn a_payload_is_read_and_written_as_it_stands() {
        let batches = parse(ORIGINAL.as_bytes()).unwrap();
        assert_eq!(batches.len(), 2);
        assert_eq!(to_json(&batches).unwrap(), ORIGINAL);
        let samples = samples(&batches[0]).unwrap();
        let ids: Vec<_> = samples
            .texts("sample_id")
            .unwrap()
            .into_iter()
            .flatten()
            .collect();
        assert_eq!(ids, ["17031842400-0001", "17031842400-0002", "17031-0001"]);
        assert_eq!(from_samples(&samples).unwrap(), batches[..1]);
    }

    #[test]
    fn what_is_no_payload_says_where() {
        let error = |json: &str| parse(json.as_bytes()).unwrap_err().to_string();
        assert!(
            error("{}").starts_with("point_map: invalid type"),
            "{}",
            error("{}")
        );
        assert!(error(r#"[{"pointmap": []}]"#).contains("pointmap"));
        assert_eq!(
            error(r#"[{"point_map": [["a", [[41.73, -97.62]]]]}]"#),
            "point_map: batch 0: area \"a\": 41.73, -97.62 is no longitude and latitude"
        );
        assert!(error(r#"[{"point_map": [["a", []], ["a", []]]}]"#).contains("twice"));
    }
}
