//! The demo grids, read and written back.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;

use tables::{ReadOptions, Table, WriteOptions};

fn data(file: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("TRANSECT_DATA");
    if folder.is_none() {
        println!("skipped: TRANSECT_DATA is not set");
    }
    Some(PathBuf::from(folder?).join(file))
}

#[test]
fn the_demo_grids_keep_every_value_when_reordered_and_written() {
    let Some(path) = data("grids/grids.parquet") else {
        return;
    };
    let grids = Table::open(path, &ReadOptions::default()).unwrap();
    assert_eq!(grids.rows(), 69_226);
    assert_eq!(grids.crs().epsg(), Some(4326));
    let total: f64 = grids
        .numbers("population")
        .unwrap()
        .into_iter()
        .flatten()
        .sum();
    assert!((total - 17_206.7).abs() < 0.05, "{total}");
    let rows: Vec<u32> = (0..69_226).rev().collect();
    let reversed = grids.take(&rows).unwrap();
    let bytes = reversed.to_geoparquet(&WriteOptions::default()).unwrap();
    let back = Table::from_bytes("back.parquet", bytes.into(), &ReadOptions::default()).unwrap();
    let mut points = back.points().unwrap().unwrap();
    points.reverse();
    assert_eq!(points, grids.points().unwrap().unwrap());
    assert_eq!(
        &back.column("grid_id").unwrap(),
        &reversed.column("grid_id").unwrap()
    );
    assert_eq!(
        back.schema().metadata().get("pandas"),
        grids.schema().metadata().get("pandas")
    );
}
