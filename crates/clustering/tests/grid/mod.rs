//! Small population grids, and what came of clustering them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, StringArray};
use clustering::{Budget, Clustered, Error, Params, cluster_table};
use geo::coord;
use tables::{Crs, Table};

/// Side of a cell: three arc-seconds.
pub const STEP: f64 = 1.0 / 1200.0;

/// A cell: column, row, weight.
pub type Cell = (i32, i32, f64);

/// The table of some cells east of Manila; each row says which cell it is.
pub fn table(cells: &[Cell]) -> Table {
    let names = cells
        .iter()
        .map(|(column, row, _)| format!("{column} {row}"));
    let columns: Vec<(String, ArrayRef)> = vec![
        (
            "cell".into(),
            Arc::new(StringArray::from_iter_values(names)),
        ),
        (
            "population".into(),
            Arc::new(Float64Array::from_iter_values(
                cells.iter().map(|cell| cell.2),
            )),
        ),
    ];
    let points: Vec<_> = cells
        .iter()
        .map(|&(column, row, _)| {
            coord! { x: 121.5 + f64::from(column) * STEP, y: 14.5 + f64::from(row) * STEP }
        })
        .collect();
    Table::new(columns)
        .and_then(|table| table.with_points("geometry", &points, Crs::wgs84()))
        .expect("a table of cells")
}

pub fn params(json: serde_json::Value) -> Params {
    serde_json::from_value(json).expect("settings")
}

pub fn cluster(table: &Table, settings: serde_json::Value) -> Result<Clustered, Error> {
    cluster_table(table, &params(settings), &Budget::unlimited())
}

/// The cells of each cluster.
pub fn members(clustered: &Table) -> BTreeMap<String, BTreeSet<(i32, i32)>> {
    let cells = clustered.texts("cell").expect("cells");
    let ids = clustered.texts("cluster_id").expect("ids");
    let mut members: BTreeMap<String, BTreeSet<(i32, i32)>> = BTreeMap::new();
    for (cell, id) in cells.into_iter().zip(ids) {
        let cell = cell.expect("a cell");
        let (column, row) = cell.split_once(' ').expect("column and row");
        let cell = (column.parse().expect("column"), row.parse().expect("row"));
        assert!(
            members.entry(id.expect("an id")).or_default().insert(cell),
            "{cell:?} stands twice"
        );
    }
    members
}

/// Whether cells hang together by sides and corners.
pub fn is_connected(cells: &BTreeSet<(i32, i32)>) -> bool {
    let mut left = cells.clone();
    let mut queue: Vec<(i32, i32)> = left.pop_first().into_iter().collect();
    while let Some((column, row)) = queue.pop() {
        for (dx, dy) in (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (dx, dy))) {
            let beside = (column + dx, row + dy);
            if left.remove(&beside) {
                queue.push(beside);
            }
        }
    }
    left.is_empty()
}
