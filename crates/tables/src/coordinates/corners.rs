//! Square cells given by a corner, as statistical offices publish their grids.

use geo::{Coord, Geometry, Rect};

use crate::{Crs, Error, ReadOptions, Result, Table};

type Names = (String, String);

/// Gives a table the squares whose lower left corners two of its columns hold; their side is that of the upper right
/// corners or, without them, the step that all corners share.
pub(super) fn squares(
    table: &Table,
    low: &Names,
    high: Option<&Names>,
    options: &ReadOptions,
) -> Result<Table> {
    let corners = |names: &Names| -> Result<Vec<Option<Coord>>> {
        let (x, y) = (table.numbers(&names.0)?, table.numbers(&names.1)?);
        let pairs = x.into_iter().zip(y);
        Ok(pairs.map(|(x, y)| Some(Coord { x: x?, y: y? })).collect())
    };
    let lows = corners(low)?;
    let highs = match high {
        Some(high) => corners(high)?,
        None => {
            let side = side(&lows).ok_or_else(|| Error::ColumnType {
                column: format!("{}` and `{}", low.0, low.1),
                found: "corners that share no step".to_owned(),
                expected: "corners of the cells of one grid; --lon and --lat name columns of their centres",
            })?;
            options.notes.add(format!(
                "columns `{}` and `{}` are taken as the lower left corners of cells of {side} by {side} units",
                low.0, low.1
            ));
            let high = |corner: &Option<Coord>| {
                corner.map(|corner| Coord {
                    x: corner.x + side,
                    y: corner.y + side,
                })
            };
            lows.iter().map(high).collect()
        }
    };
    let cells = lows
        .into_iter()
        .zip(highs)
        .map(|(low, high)| Some(Geometry::Polygon(Rect::new(low?, high?).to_polygon())));
    let cells: Vec<_> = cells.collect();
    let crs = options.assume_crs.clone().unwrap_or_else(Crs::unknown);
    table.with_geometries(super::free_name(table), &cells, crs)
}

/// The largest step that takes every corner to every other.
fn side(corners: &[Option<Coord>]) -> Option<f64> {
    let mut steps = steps_of(corners, |corner| corner.x);
    steps.extend(steps_of(corners, |corner| corner.y));
    let smallest = steps.iter().copied().min_by(f64::total_cmp)?;
    let is_multiple = |step: &f64| {
        let times = step / smallest;
        (times - times.round()).abs() < 1e-3
    };
    steps.iter().all(is_multiple).then_some(smallest)
}

fn steps_of(corners: &[Option<Coord>], axis: fn(&Coord) -> f64) -> Vec<f64> {
    let mut values: Vec<f64> = corners.iter().flatten().map(axis).collect();
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    // what differs by rounding alone is the same
    let rounding = 1e-12
        * values
            .iter()
            .fold(0.0_f64, |most, value| most.max(value.abs()));
    values.dedup_by(|b, a| (*b - *a).abs() <= rounding);
    let next = values.iter().skip(1);
    values.iter().zip(next).map(|(a, b)| b - a).collect()
}
