//! The demo grids, read and written back.

use tables::{Crs, Projection, ReadOptions, Table, WriteOptions};

use crate::builder::{geo_of, real_data, round_trip};

#[test]
#[ignore = "needs TRANSECT_DATA"]
fn the_demo_grids_keep_every_value_when_reordered_and_written() {
    let path = real_data("grids/grids.parquet");
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
    let back = round_trip(&reversed);
    for name in grids.column_names() {
        assert_eq!(
            &back.column(name).unwrap(),
            &reversed.column(name).unwrap(),
            "{name}"
        );
    }
    assert_eq!(back.schema(), grids.schema(), "the pandas metadata with it");
    let mut points = back.points().unwrap().unwrap();
    points.reverse();
    assert_eq!(points, grids.points().unwrap().unwrap());
}

#[test]
#[ignore = "needs TRANSECT_DATA"]
fn the_demo_grids_written_are_no_larger_than_they_came() {
    let path = real_data("grids/grids.parquet");
    let size = std::fs::metadata(&path).unwrap().len();
    let bytes = Table::open(path, &ReadOptions::default())
        .unwrap()
        .to_geoparquet(&WriteOptions::default())
        .unwrap();
    assert!(bytes.len() as u64 <= size, "{} > {size}", bytes.len());
    assert_eq!(
        geo_of(bytes)["columns"]["geometry"]["geometry_types"],
        serde_json::json!(["Point"])
    );
}

#[test]
#[ignore = "needs TRANSECT_DATA"]
fn the_reference_system_used_with_the_demo_grids_is_one_percent_off() {
    let path = real_data("grids/grids.parquet");
    let mut points = Table::open(path, &ReadOptions::default())
        .unwrap()
        .points()
        .unwrap()
        .unwrap();
    let zone_1 = Crs::from_epsg(3121).unwrap();
    let zone_5 = Crs::from_epsg(3125).unwrap();
    assert!((zone_1.scale_error(125.52, 7.87).unwrap() - 0.011).abs() < 5e-4);
    assert!(zone_5.scale_error(125.52, 7.87).unwrap() < 5e-4);
    Projection::between(&Crs::wgs84(), &zone_1)
        .unwrap()
        .project(&mut points)
        .unwrap();
}

#[test]
#[ignore = "needs TRANSECT_DATA"]
fn the_census_tracts_of_chicago_are_read() {
    let path = real_data("chicago/tracts.geojson");
    let tracts = Table::open(path, &ReadOptions::default()).unwrap();
    assert_eq!(tracts.rows(), 801);
    assert_eq!(
        tracts.texts("geoid10").unwrap()[0].as_deref(),
        Some("17031842400")
    );
    assert!(tracts.centroids().unwrap().iter().all(Option::is_some));
    let back = round_trip(&tracts);
    assert_eq!(back.geometries().unwrap(), tracts.geometries().unwrap());
}

#[test]
#[ignore = "needs TRANSECT_DATA"]
fn the_buildings_of_chicago_are_read() {
    let path = real_data("chicago/buildings.parquet");
    let buildings = Table::open(path, &ReadOptions::default()).unwrap();
    assert_eq!(buildings.rows(), 21_928);
    assert_eq!(buildings.geometries().unwrap().len(), 21_928);
}

#[test]
#[ignore = "needs TRANSECT_DATA"]
fn the_segments_of_newport_are_read_from_their_archive() {
    let path = real_data("streets/newport_segments.csv.zip");
    let segments = Table::open(path, &ReadOptions::default()).unwrap();
    assert_eq!(segments.rows(), 108_367);
    assert!(
        segments.has_column("road") && segments.has_column("road.1"),
        "{:?}",
        segments.schema()
    );
    assert_eq!(
        segments.numbers("road.1").unwrap().len(),
        108_367,
        "the second `road` is a share"
    );
}
