//! The population lattice: cells of 3 arc-seconds with the people who live in them.

use std::fmt::Write;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, BooleanArray, Float64Array, StringArray};
use geo::{Coord, coord};
use tables::{Crs, Table};

use crate::Error;
use crate::districts::Districts;
use crate::growth::Canvas;
use crate::landscape::Landscape;
use crate::population::Cells;
use crate::settlements;
use crate::spec::TownSpec;

/// Cells of the lattice in a degree: 3 arc-seconds, 92.8 m from south to north.
const CELLS_PER_DEGREE: f64 = 1200.0;

/// The town's cells as a table.
pub(crate) fn town(spec: &TownSpec) -> Result<Table, Error> {
    let aspect = spec.centre_lat.to_radians().cos();
    let landscape = Landscape::lay(spec, aspect);
    let [west, south, east, north] = landscape.bounds();
    let (column_of_middle, row_of_middle) =
        ((-west / aspect).ceil() as usize, (-south).ceil() as usize);
    let width = column_of_middle + (east / aspect).ceil() as usize + 1;
    let mut canvas = Canvas::new(width, row_of_middle + north.ceil() as usize + 1);
    let mut cells = Cells {
        cells: Vec::with_capacity(spec.cells),
        width,
        column_of_middle,
        row_of_middle,
        aspect,
    };

    let mut founded = Vec::new();
    let mut missing = 0;
    for land in &landscape.landmasses {
        let middle = (
            (column_of_middle as f64 + land.x / aspect).round() as usize,
            (row_of_middle as f64 + land.y).round() as usize,
        );
        // What a shut-in island lacks is made up by those after it, in the end by the mainland.
        let wanted = land.cells + missing;
        let grown = canvas.grow(middle, wanted, |column, row| {
            let (x, y) = cells.place((row * width + column) as u32);
            landscape.cost(land, x, y)
        });
        missing = wanted - grown.len();
        if land.cells < spec.cells {
            canvas.surround(&grown);
        }
        founded.extend(settlements::found(spec, &landscape, land, &grown, |cell| {
            cells.place(cell)
        }));
        cells.cells.extend(grown);
    }
    drop(canvas);
    cells.cells.sort_unstable();

    let settled = cells.settled(&founded);
    let people = cells.people(spec, &settled);
    let urban: BooleanArray = settled
        .iter()
        .map(|&settled| Some(is_urban(spec, settled)))
        .collect();
    let settlement: StringArray = settled
        .iter()
        .map(|&settled| match f64::from(settled) {
            _ if is_urban(spec, settled) => Some("town"),
            settled if settled >= 0.6 * spec.people_per_cell && settled > 0.0 => Some("village"),
            _ => Some("open country"),
        })
        .collect();
    drop(settled);
    let districts = Districts::new(spec.seed, cells.cells.len(), &founded);
    let district: StringArray = cells
        .cells
        .iter()
        .map(|&cell| {
            let (x, y) = cells.place(cell);
            districts.at(x, y)
        })
        .collect();
    let columns: Vec<(String, ArrayRef)> = vec![
        (
            "grid_id".to_owned(),
            Arc::new(numbered("GRID_", cells.cells.len())),
        ),
        (
            "population".to_owned(),
            Arc::new(Float64Array::from(people)),
        ),
        ("urban".to_owned(), Arc::new(urban)),
        ("settlement".to_owned(), Arc::new(settlement)),
        ("district".to_owned(), Arc::new(district)),
    ];
    Ok(Table::new(columns)?.with_points("geometry", &points(spec, &cells), Crs::wgs84())?)
}

/// Whether the settlements put at least three times the mean number of people into a cell.
fn is_urban(spec: &TownSpec, settled: f32) -> bool {
    settled > 0.0 && f64::from(settled) >= 3.0 * spec.people_per_cell
}

/// Where the cells lie: whole multiples of 3 arc-seconds, longitudes from -180 up to but without 180.
fn points(spec: &TownSpec, cells: &Cells) -> Vec<Coord> {
    let lon_of_middle = (spec.centre_lon * CELLS_PER_DEGREE).round() as i64;
    let lat_of_middle = (spec.centre_lat * CELLS_PER_DEGREE).round() as i64;
    let around = (360.0 * CELLS_PER_DEGREE) as i64;
    cells
        .cells
        .iter()
        .map(|&cell| {
            let (column, row) = (cell as usize % cells.width, cell as usize / cells.width);
            let lon = lon_of_middle + column as i64 - cells.column_of_middle as i64;
            let lat = lat_of_middle + row as i64 - cells.row_of_middle as i64;
            let lon = (lon + around / 2).rem_euclid(around) - around / 2;
            coord! { x: lon as f64 / CELLS_PER_DEGREE, y: lat as f64 / CELLS_PER_DEGREE }
        })
        .collect()
}

/// `GRID_001`, `GRID_002` … as wide as the last needs.
pub(crate) fn numbered(prefix: &str, count: usize) -> StringArray {
    let digits = count.to_string().len();
    let mut ids = StringBuilder::with_capacity(count, count * (prefix.len() + digits));
    for number in 1..=count {
        // Writing into memory cannot fail.
        let _ = write!(ids, "{prefix}{number:0digits$}");
        ids.append_value("");
    }
    ids.finish()
}
