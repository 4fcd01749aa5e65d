//! From a table of areas to samples.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use geo::{Coord, Geometry};
use rayon::prelude::*;
use tables::{Crs, Projection, Table};

use super::ground_sampler::GroundSampler;
use super::plan::{Allocation, AreaPlan};
use super::rings::{Unusable, rings};
use super::trapezoids::trapezoids;
use crate::random_stream::RandomStream;
use crate::samples::{
    Columns, Place, Planned, Rejected, RowSource, Samples, batch_column, contract, text_column,
};
use crate::{Batches, Error, Result, batch_ranges, slug};

/// The most samples that one plan of areas may hold.
const MOST_SAMPLES: u64 = 20_000_000;

/// Random points in every area, uniform over the ground of the WGS 84 ellipsoid.
///
/// The points of an area depend on `seed` and its id alone: other areas, their order and the
/// batches change nothing, and asking for more points keeps the first ones. An area that cannot be
/// sampled goes to the list of rejected rows with its reason; the others go on.
///
/// Samples are in the order of the table. Where every area has the same number of points and there
/// are areas enough, batches hold whole areas; otherwise they divide the samples.
///
/// # Errors
/// [`Error::Setting`], [`Error::DuplicateId`], [`Error::TooManySamples`], and [`Error::Table`] for
/// a column that is not there, an unreadable geometry or an unknown CRS.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::StringArray;
/// use geo::{Rect, coord};
/// use sampling::{AreaPlan, Batches, plan_areas};
/// use tables::{Crs, Table};
///
/// let square = Rect::new(coord! {x: -87.7, y: 41.8}, coord! {x: -87.6, y: 41.9}).to_polygon();
/// let tracts = Table::new(vec![("geoid10".into(), Arc::new(StringArray::from(vec!["17031"])))])?
///     .with_geometries("geometry", &[Some(square.into())], Crs::wgs84())?;
/// let plan = AreaPlan { file: "tracts".into(), id: "geoid10".into(), per_area: Some(10), ..AreaPlan::default() };
/// let planned = plan_areas(&tracts, &plan, 7, Batches::Count(2))?;
/// assert_eq!(planned.samples.len(), 10);
/// assert_eq!(planned.batches, [0..5, 5..10]);
/// # Ok::<(), sampling::Error>(())
/// ```
pub fn plan_areas(areas: &Table, plan: &AreaPlan, seed: u64, batches: Batches) -> Result<Planned> {
    plan.check()?;
    let ids = areas.texts(&plan.id)?;
    check_unique(&plan.id, &ids)?;
    let further = carried(areas, plan)?;
    let counts = Counts::of(areas, plan)?;
    if let Counts::Fixed(n) = counts {
        within_limit(u64::from(n) * ids.len() as u64)?;
    }
    let degrees = to_degrees(&areas.crs())?;

    let asked = AtomicU64::new(0);
    let drawn: Vec<std::result::Result<Vec<Coord>, Unusable>> = areas
        .geometries()?
        .into_par_iter()
        .enumerate()
        .map(|(row, geometry)| {
            let id = ids[row].as_deref().ok_or(Unusable::NoId)?;
            let geometry = geometry.ok_or(Unusable::NoGeometry)?;
            let sampler = sampler(geometry, degrees.as_ref())?;
            let n = counts.at(row, sampler.area_m2())?;
            let before = asked.fetch_add(n, Ordering::Relaxed);
            if before.saturating_add(n) > MOST_SAMPLES {
                return Ok(Vec::new());
            }
            let mut random = RandomStream::of(seed, id);
            // within the limit, which memory holds
            let mut points = Vec::with_capacity(n as usize);
            points.extend(
                (0..n)
                    .filter_map(|_| sampler.draw(&mut random))
                    .map(|point| Coord {
                        x: within_180(point.x),
                        y: point.y,
                    }),
            );
            Ok(points)
        })
        .collect();
    within_limit(asked.into_inner())?;

    let mut rejected = Vec::new();
    let mut by_area = Vec::with_capacity(drawn.len());
    for (row, (outcome, id)) in drawn.into_iter().zip(ids).enumerate() {
        match (outcome, id) {
            (Ok(points), Some(id)) => by_area.push(SampledArea { row, id, points }),
            (Ok(_), None) => {}
            (Err(reason), id) => rejected.push(Rejected {
                row,
                id,
                reason: reason.to_string(),
            }),
        }
    }
    let batches = batches_of(&by_area, batches)?;
    let samples = AreaSamples::new(areas, by_area, &further, &batches);
    Ok(Planned {
        samples: Samples::of_rows(Arc::new(samples)),
        batches,
        rejected,
        left_out: Vec::new(),
        notes: Vec::new(),
        network: None,
    })
}

#[derive(Debug)]
struct SampledArea {
    row: usize,
    id: String,
    points: Vec<Coord>,
}

fn check_unique(column: &str, ids: &[Option<String>]) -> Result<()> {
    let mut rows = HashMap::with_capacity(ids.len());
    for (second, id) in ids.iter().enumerate() {
        let Some(id) = id else { continue };
        if let Some(first) = rows.insert(id.as_str(), second) {
            return Err(Error::DuplicateId {
                column: column.to_owned(),
                id: id.clone(),
                first,
                second,
            });
        }
    }
    Ok(())
}

fn within_limit(asked: u64) -> Result<()> {
    if asked > MOST_SAMPLES {
        return Err(Error::TooManySamples {
            asked,
            most: MOST_SAMPLES,
        });
    }
    Ok(())
}

/// Input column and sample column of everything that samples keep of their area.
fn carried<'a>(areas: &Table, plan: &'a AreaPlan) -> Result<Vec<(&'a str, &'a str)>> {
    let stratum = plan
        .stratum
        .iter()
        .map(|column| (column.as_str(), "stratum"));
    let carry = plan
        .carry
        .iter()
        .map(|column| (column.as_str(), column.as_str()));
    let further: Vec<_> = stratum.chain(carry).collect();
    for (index, (column, name)) in further.iter().enumerate() {
        areas.column(column)?;
        let taken = contract(Place::AreaId).iter().any(|(own, _)| own == name)
            || *name == "geometry"
            || further[..index].iter().any(|(_, before)| before == name);
        if taken {
            return Err(Error::setting(
                "carry",
                format!("column {column:?} would be the second {name:?} of the samples; rename it"),
            ));
        }
    }
    Ok(further)
}

/// How many points each row gets.
enum Counts<'a> {
    Fixed(u32),
    PerKm2(f64),
    Column(&'a str, Vec<Option<f64>>),
}

impl<'a> Counts<'a> {
    fn of(areas: &Table, plan: &'a AreaPlan) -> Result<Self> {
        Ok(match plan.allocation()? {
            Allocation::PerArea(n) => Self::Fixed(n),
            Allocation::PerKm2(density) => Self::PerKm2(density),
            Allocation::Column(column) => Self::Column(column, areas.numbers(column)?),
        })
    }

    fn at(&self, row: usize, area_m2: f64) -> std::result::Result<u64, Unusable> {
        match self {
            Self::Fixed(n) => Ok(u64::from(*n)),
            // beyond 2^64 the cast saturates, and the limit of a plan refuses it
            Self::PerKm2(density) => Ok((density * area_m2 / 1e6).round().max(1.0) as u64),
            Self::Column(column, numbers) => match numbers.get(row).copied().flatten() {
                Some(n) if n >= 0.0 && n.fract() == 0.0 => Ok(n as u64),
                other => Err(Unusable::Count {
                    column: (*column).to_owned(),
                    found: other.map_or_else(|| "nothing".into(), |n| n.to_string()),
                }),
            },
        }
    }
}

/// The projection to longitudes and latitudes on WGS 84; none for a table that has them.
fn to_degrees(crs: &Crs) -> Result<Option<Projection>> {
    let wgs84 = Crs::wgs84();
    if *crs == wgs84 || crs.epsg() == Some(4326) {
        return Ok(None);
    }
    Ok(Some(Projection::between(crs, &wgs84)?))
}

fn sampler(
    mut geometry: Geometry,
    degrees: Option<&Projection>,
) -> std::result::Result<GroundSampler, Unusable> {
    if let Some(projection) = degrees {
        let projected = projection.project_geometry(&mut geometry);
        projected.map_err(|error| Unusable::Projection(error.to_string()))?;
    }
    let sampler = GroundSampler::over(trapezoids(&rings(&geometry)?)?);
    if sampler.area_m2() > 0.0 {
        Ok(sampler)
    } else {
        Err(Unusable::NoArea)
    }
}

fn within_180(longitude: f64) -> f64 {
    if longitude.abs() <= 180.0 {
        longitude
    } else {
        longitude - 360.0 * (longitude / 360.0).round()
    }
}

/// Whole areas where that divides the work evenly, else samples.
fn batches_of(areas: &[SampledArea], batches: Batches) -> Result<Vec<std::ops::Range<usize>>> {
    let each = areas.first().map_or(0, |area| area.points.len());
    let even = areas.iter().all(|area| area.points.len() == each);
    match batches {
        Batches::Count(count) if even && count <= areas.len() => {
            Ok(batch_ranges(areas.len(), batches)?
                .into_iter()
                .map(|areas| areas.start * each..areas.end * each)
                .filter(|samples| !samples.is_empty())
                .collect())
        }
        _ => batch_ranges(areas.iter().map(|area| area.points.len()).sum(), batches),
    }
}

/// The samples of a plan of areas; rows are made when they are asked for.
#[derive(Debug)]
struct AreaSamples {
    table: Table,
    areas: Vec<SampledArea>,
    /// Where the points of each area begin among all, and how many there are.
    starts: Vec<usize>,
    /// Input column and sample column.
    further: Vec<(String, String)>,
    batches: Vec<std::ops::Range<usize>>,
}

impl AreaSamples {
    fn new(
        table: &Table,
        areas: Vec<SampledArea>,
        further: &[(&str, &str)],
        batches: &[std::ops::Range<usize>],
    ) -> Self {
        let mut starts = Vec::with_capacity(areas.len() + 1);
        let mut points = 0;
        for area in &areas {
            starts.push(points);
            points += area.points.len();
        }
        starts.push(points);
        let owned = |&(column, name): &(&str, &str)| (column.to_owned(), name.to_owned());
        Self {
            table: table.clone(),
            areas,
            starts,
            further: further.iter().map(owned).collect(),
            batches: batches.to_vec(),
        }
    }

    /// Place of the area of each of some rows, and the number of the point in it.
    fn places(&self, rows: std::ops::Range<usize>) -> impl Iterator<Item = (usize, usize)> {
        let mut area = self.starts.partition_point(|&start| start <= rows.start) - 1;
        rows.map(move |row| {
            while self.starts[area + 1] <= row {
                area += 1;
            }
            (area, row - self.starts[area])
        })
    }
}

impl RowSource for AreaSamples {
    fn len(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    fn rows(&self, rows: std::ops::Range<usize>) -> Result<Table> {
        let places: Vec<(usize, usize)> = self.places(rows.clone()).collect();
        let points: Vec<Coord> = places
            .iter()
            .map(|&(area, point)| self.areas[area].points[point])
            .collect();
        let mut slugs: HashMap<usize, String> = HashMap::new();
        let ids = places.iter().map(|&(area, point)| {
            let slug = slugs
                .entry(area)
                .or_insert_with(|| slug(&self.areas[area].id));
            Some(format!("{slug}-{:04}", point + 1))
        });
        let sample_ids = text_column(ids)?;
        let area_ids = places.iter().map(|&(area, _)| Some(&self.areas[area].id));
        let area_ids = text_column(area_ids)?;
        // a table has fewer than 2^32 rows
        let of_table: Vec<u32> = places
            .iter()
            .map(|&(area, _)| self.areas[area].row as u32)
            .collect();
        let mut further = Vec::with_capacity(self.further.len());
        if !self.further.is_empty() {
            let picked = self.table.take(&of_table)?;
            for (column, name) in &self.further {
                further.push((name.clone(), picked.column(column)?));
            }
        }
        Columns::default()
            .with("sample_id", sample_ids)
            .with("batch", batch_column(&self.batches, rows))
            .with("area_id", area_ids)
            .table(Place::AreaId, &points, further)
    }
}
