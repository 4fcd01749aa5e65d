//! GeoParquet of every version in, 1.1 out.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BinaryArray, Float64Array, ListArray, StringArray, StructArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field};
use geo::{Geometry, line_string, point, polygon};
use parquet::file::reader::{FileReader, SerializedFileReader};
use proptest::prelude::*;
use serde_json::{Value, json};
use tables::{Coord, Crs, Error, GeoParquetWriter, ReadOptions, RowGroups, Table, WriteOptions};

use crate::builder::{cells, geo_of, lattice, parquet_file, read, round_trip};

fn point_wkb(x: f64, y: f64) -> Vec<u8> {
    [
        [1, 1, 0, 0, 0].as_slice(),
        &x.to_le_bytes(),
        &y.to_le_bytes(),
    ]
    .concat()
}

fn two_points() -> ArrayRef {
    Arc::new(BinaryArray::from_iter_values([
        point_wkb(1.0, 2.0),
        point_wkb(-3.0, 4.5),
    ]))
}

fn geo(version: &str, column: Value) -> Value {
    json!({"version": version, "primary_column": "geometry", "columns": {"geometry": column}})
}

#[test]
fn what_is_written_is_read_back() {
    let table = cells(1000);
    let back = round_trip(&table);
    assert_eq!(back.rows(), 1000);
    assert_eq!(back.schema().fields(), table.schema().fields());
    for name in ["cell", "people", "village", "urban", "surveyed", "geometry"] {
        assert_eq!(
            &back.column(name).unwrap(),
            &table.column(name).unwrap(),
            "{name}"
        );
    }
    assert_eq!(back.points().unwrap().unwrap(), lattice(1000));
    assert_eq!(back.crs(), Crs::wgs84());
}

#[test]
fn version_0_4_with_its_single_geometry_type_is_read() {
    let column = json!({"encoding": "WKB", "geometry_type": "Point", "crs": null});
    let file = parquet_file(
        vec![("geometry", two_points())],
        &[("geo", geo("0.4.0", column))],
    );
    let table = read(file).unwrap();
    assert_eq!(
        table.points().unwrap().unwrap()[1],
        Coord { x: -3.0, y: 4.5 }
    );
    let written = geo_of(table.to_geoparquet(&WriteOptions::default()).unwrap());
    assert_eq!(written["version"], "1.1.0");
    assert_eq!(written["columns"]["geometry"].get("geometry_type"), None);
    assert_eq!(
        written["columns"]["geometry"]["geometry_types"],
        json!(["Point"])
    );
}

#[test]
fn a_missing_crs_is_wgs_84_and_a_null_one_is_unknown() {
    let with = |column| {
        read(parquet_file(
            vec![("geometry", two_points())],
            &[("geo", geo("1.0.0", column))],
        ))
        .unwrap()
    };
    assert_eq!(
        with(json!({"encoding": "WKB", "geometry_types": []})).crs(),
        Crs::wgs84()
    );
    let unknown = with(json!({"encoding": "WKB", "geometry_types": [], "crs": null}));
    assert!(unknown.crs().is_unknown());
    let written = geo_of(unknown.to_geoparquet(&WriteOptions::default()).unwrap());
    assert_eq!(written["columns"]["geometry"]["crs"], Value::Null);
}

#[test]
fn an_unknown_crs_can_be_assumed_and_a_known_one_stays() {
    let assume = ReadOptions {
        assume_crs: Some(Crs::from_epsg(3125).unwrap()),
        ..ReadOptions::default()
    };
    let with = |crs: Value| {
        let column = json!({"encoding": "WKB", "geometry_types": [], "crs": crs});
        let file = parquet_file(
            vec![("geometry", two_points())],
            &[("geo", geo("1.1.0", column))],
        );
        Table::from_bytes("test.parquet", file.into(), &assume)
            .unwrap()
            .crs()
    };
    assert_eq!(with(Value::Null).epsg(), Some(3125));
    assert_eq!(with(Crs::wgs84().to_projjson().unwrap()).epsg(), Some(4326));
}

#[test]
fn members_that_nobody_here_knows_are_kept() {
    let column = json!({
        "encoding": "WKB", "geometry_types": ["Point"], "bbox": [0, 0, 0, 0], "epoch": 2021.5,
        "orientation": "counterclockwise", "edges": "spherical"
    });
    let file = parquet_file(
        vec![("geometry", two_points())],
        &[("geo", geo("1.1.0", column))],
    );
    let written = geo_of(
        read(file)
            .unwrap()
            .to_geoparquet(&WriteOptions::default())
            .unwrap(),
    );
    let column = &written["columns"]["geometry"];
    assert_eq!(column["epoch"], 2021.5);
    assert_eq!(column["orientation"], "counterclockwise");
    assert_eq!(column["edges"], "spherical");
    assert_eq!(column["bbox"], json!([-3.0, 2.0, 1.0, 4.5]));
}

#[test]
fn wkb_keeps_its_bytes_whatever_dialect_it_is_in() {
    // EWKB with an SRID, ISO with Z, big-endian
    let ewkb = [
        [1, 1, 0, 0, 0x20, 0xe6, 0x10, 0, 0].as_slice(),
        &point_wkb(1.0, 2.0)[5..],
    ]
    .concat();
    let with_z = [
        [1, 0xe9, 3, 0, 0].as_slice(),
        &point_wkb(3.0, 4.0)[5..],
        &7.0_f64.to_le_bytes(),
    ]
    .concat();
    let big = [
        [0, 0, 0, 0, 1].as_slice(),
        &5.0_f64.to_be_bytes(),
        &6.0_f64.to_be_bytes(),
    ]
    .concat();
    let wkb: ArrayRef = Arc::new(BinaryArray::from_iter_values([&ewkb, &with_z, &big]));
    let column = json!({"encoding": "WKB", "geometry_types": []});
    let table = read(parquet_file(
        vec![("geometry", Arc::clone(&wkb))],
        &[("geo", geo("1.0.0", column))],
    ))
    .unwrap();
    assert_eq!(
        table.points().unwrap().unwrap(),
        [
            Coord { x: 1.0, y: 2.0 },
            Coord { x: 3.0, y: 4.0 },
            Coord { x: 5.0, y: 6.0 }
        ]
    );
    let bytes = table.to_geoparquet(&WriteOptions::default()).unwrap();
    assert_eq!(
        &read(bytes.clone()).unwrap().column("geometry").unwrap(),
        &wkb
    );
    let column = &geo_of(bytes)["columns"]["geometry"];
    assert_eq!(column["geometry_types"], json!(["Point", "Point Z"]));
    assert_eq!(column["bbox"], json!([1.0, 2.0, 7.0, 5.0, 6.0, 7.0]));
}

/// Coordinates as GeoParquet 1.1 has them in a native encoding: a structure of x and y.
pub fn native_coordinates(coords: &[(f64, f64)]) -> ArrayRef {
    let axis = |name: &str, values: Vec<f64>| {
        (
            Arc::new(Field::new(name, DataType::Float64, false)),
            Arc::new(Float64Array::from(values)) as ArrayRef,
        )
    };
    let (x, y) = coords.iter().copied().unzip();
    Arc::new(StructArray::from(vec![axis("x", x), axis("y", y)]))
}

fn list(name: &str, offsets: &[i32], values: ArrayRef) -> ArrayRef {
    let field = Arc::new(Field::new(name, values.data_type().clone(), false));
    Arc::new(ListArray::new(
        field,
        OffsetBuffer::new(offsets.to_vec().into()),
        values,
        None,
    ))
}

#[test]
fn native_points_and_polygons_become_wkb() {
    let points = native_coordinates(&[(1.0, 2.0), (3.0, 4.0)]);
    let column = json!({
        "encoding": "point", "geometry_types": ["Point"],
        "covering": {"bbox": {"xmin": ["geometry", "x"], "ymin": ["geometry", "y"], "xmax": ["geometry", "x"], "ymax": ["geometry", "y"]}}
    });
    let table = read(parquet_file(
        vec![("geometry", points)],
        &[("geo", geo("1.1.0", column))],
    ))
    .unwrap();
    assert_eq!(
        table.points().unwrap().unwrap(),
        [Coord { x: 1.0, y: 2.0 }, Coord { x: 3.0, y: 4.0 }]
    );
    let written = geo_of(table.to_geoparquet(&WriteOptions::default()).unwrap());
    assert_eq!(written["columns"]["geometry"]["encoding"], "WKB");
    assert_eq!(
        written["columns"]["geometry"].get("covering"),
        None,
        "it pointed into the native coordinates"
    );

    let triangle = native_coordinates(&[(0.0, 0.0), (4.0, 0.0), (0.0, 3.0), (0.0, 0.0)]);
    let polygons = list("rings", &[0, 1], list("vertices", &[0, 4], triangle));
    let column = json!({"encoding": "polygon", "geometry_types": ["Polygon"]});
    let table = read(parquet_file(
        vec![("geometry", polygons)],
        &[("geo", geo("1.1.0", column))],
    ))
    .unwrap();
    let expected = polygon![(x: 0.0, y: 0.0), (x: 4.0, y: 0.0), (x: 0.0, y: 3.0)];
    assert_eq!(
        table.geometries().unwrap(),
        [Some(Geometry::Polygon(expected))]
    );
}

#[test]
fn a_covering_stays_as_long_as_its_column_does() {
    let bbox = native_coordinates(&[(1.0, 2.0), (-3.0, 4.5)]);
    let covering = json!({"bbox": {"xmin": ["bbox", "x"], "ymin": ["bbox", "y"], "xmax": ["bbox", "x"], "ymax": ["bbox", "y"]}});
    let column = json!({"encoding": "WKB", "geometry_types": [], "covering": covering});
    let file = parquet_file(
        vec![("geometry", two_points()), ("bbox", bbox)],
        &[("geo", geo("1.1.0", column))],
    );
    let table = read(file).unwrap();
    let covering_of = |table: &Table| {
        geo_of(table.to_geoparquet(&WriteOptions::default()).unwrap())["columns"]["geometry"]
            .get("covering")
            .cloned()
    };
    assert_eq!(covering_of(&table.take(&[1, 0]).unwrap()), Some(covering));
    assert_eq!(covering_of(&table.without_column("bbox").unwrap()), None);
}

#[test]
fn a_second_geometry_column_is_carried_and_described() {
    let mut meta = geo("1.0.0", json!({"encoding": "WKB", "geometry_types": []}));
    meta["columns"]["entrance"] =
        json!({"encoding": "WKB", "geometry_types": [], "crs": null, "bbox": [0, 0, 1, 1]});
    let entrance: ArrayRef = Arc::new(BinaryArray::from_iter_values([
        point_wkb(7.0, 8.0),
        point_wkb(9.0, 9.0),
    ]));
    let file = parquet_file(
        vec![("geometry", two_points()), ("entrance", entrance)],
        &[("geo", meta)],
    );
    let written = geo_of(
        read(file)
            .unwrap()
            .take(&[0])
            .unwrap()
            .to_geoparquet(&WriteOptions::default())
            .unwrap(),
    );
    assert_eq!(
        written["columns"]["entrance"]["bbox"],
        json!([7.0, 8.0, 7.0, 8.0])
    );
    assert_eq!(written["columns"]["entrance"]["crs"], Value::Null);
}

#[test]
fn null_and_empty_geometries_are_told_apart() {
    let table = Table::new(Vec::new()).unwrap();
    let empty_line = Geometry::LineString(line_string![]);
    let rows = [
        Some(point!(x: 1.0, y: 1.0).into()),
        None,
        Some(empty_line.clone()),
    ];
    let back = round_trip(&table.with_geometries("where", &rows, Crs::wgs84()).unwrap());
    assert_eq!(back.geometries().unwrap(), rows);
    assert_eq!(back.points().unwrap(), None);
    assert_eq!(
        back.centroids().unwrap(),
        [Some(Coord { x: 1.0, y: 1.0 }), None, None]
    );
    // an empty point is a pair of NaN in WKB
    let wkb: ArrayRef = Arc::new(BinaryArray::from_iter_values([point_wkb(
        f64::NAN,
        f64::NAN,
    )]));
    let empty = back.take(&[0]).unwrap().with_column("where", wkb).unwrap();
    assert!(
        matches!(&empty.geometries().unwrap()[..], [Some(Geometry::MultiPoint(points))] if points.0.is_empty())
    );
    assert_eq!(empty.points().unwrap(), None);
    assert_eq!(empty.bounds().unwrap(), None);
}

#[test]
fn a_table_without_rows_keeps_its_columns() {
    let back = round_trip(&cells(3).take(&[]).unwrap());
    assert_eq!(back.rows(), 0);
    assert_eq!(back.schema().fields(), cells(3).schema().fields());
    assert_eq!(back.geometry_column(), Some("geometry"));
}

#[test]
fn parquet_without_geo_metadata_has_no_geometry_unless_columns_are_named() {
    let file = parquet_file(
        vec![
            ("e", crate::builder::floats(&[1.0])),
            ("n", crate::builder::floats(&[2.0])),
        ],
        &[],
    );
    let table = read(file.clone()).unwrap();
    let error = table.points().unwrap_err();
    assert_eq!(
        error.to_string(),
        "no geometry column; the columns are e, n"
    );
    let named = ReadOptions {
        lon_column: Some("e".into()),
        lat_column: Some("n".into()),
        ..ReadOptions::default()
    };
    let table = Table::from_bytes("test.parquet", file.into(), &named).unwrap();
    assert_eq!(table.points().unwrap().unwrap(), [Coord { x: 1.0, y: 2.0 }]);
}

#[test]
fn only_the_columns_asked_for_are_read_and_the_geometry_with_them() {
    let bytes = cells(10).to_geoparquet(&WriteOptions::default()).unwrap();
    let read = |column: &str| {
        let options = ReadOptions {
            columns: Some(vec![column.to_owned()]),
            ..ReadOptions::default()
        };
        Table::from_bytes("test.parquet", bytes.clone().into(), &options)
    };
    let table = read("people").unwrap();
    assert_eq!(
        table.column_names().collect::<Vec<_>>(),
        ["people", "geometry"]
    );
    let message = read("popluation").unwrap_err().to_string();
    assert_eq!(
        message,
        "no column `popluation`; the columns are cell, people, village, urban, surveyed, geometry"
    );
}

#[test]
fn row_groups_are_cut_as_asked() {
    let groups = |row_groups| {
        let bytes = cells(10)
            .to_geoparquet(&WriteOptions { row_groups })
            .unwrap();
        let file = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
        file.metadata()
            .row_groups()
            .iter()
            .map(parquet::file::metadata::RowGroupMetaData::num_rows)
            .collect::<Vec<_>>()
    };
    assert_eq!(groups(RowGroups::default()), [10]);
    assert_eq!(groups(RowGroups::Rows(4)), [4, 4, 2]);
    assert_eq!(groups(RowGroups::Exactly(vec![1, 0, 7, 2])), [1, 7, 2]);
    let wrong = cells(10).to_geoparquet(&WriteOptions {
        row_groups: RowGroups::Exactly(vec![4]),
    });
    assert_eq!(
        wrong.unwrap_err().to_string(),
        "row groups hold 4 rows together, the table has 10"
    );
}

#[test]
fn tables_written_one_after_the_other_make_one_file() {
    let all = cells(300);
    let mut writer = GeoParquetWriter::new(Vec::new());
    for from in [0_u32, 100, 200] {
        writer
            .write(&all.take(&(from..from + 100).collect::<Vec<_>>()).unwrap())
            .unwrap();
    }
    let bytes = writer.finish().unwrap();
    assert_eq!(
        geo_of(bytes.clone())["columns"]["geometry"]["bbox"][3],
        lattice(300)[299].y
    );
    let back = read(bytes).unwrap();
    assert_eq!(back.points().unwrap(), all.points().unwrap());

    let mut writer = GeoParquetWriter::new(Vec::new());
    writer.write(&all).unwrap();
    let other = writer.write(&all.without_column("urban").unwrap());
    assert!(matches!(other, Err(Error::Mismatch { .. })));
}

#[test]
fn the_same_table_gives_the_same_bytes() {
    let bytes = || cells(500).to_geoparquet(&WriteOptions::default()).unwrap();
    assert_eq!(bytes(), bytes());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn taking_rows_takes_them_from_every_column(rows in prop::collection::vec(0_u32..250, 0..400)) {
        // several chunks, and columns of several placements
        let parts = [cells(100), cells(150)];
        let numbers: ArrayRef = Arc::new(StringArray::from_iter_values((0..250).map(|row| row.to_string())));
        let table = Table::concat(&parts).unwrap().with_column("number", numbers).unwrap();
        let taken = round_trip(&table.take(&rows).unwrap());
        let expected: Vec<_> = rows.iter().map(|row| Some(row.to_string())).collect();
        prop_assert_eq!(taken.texts("number").unwrap(), expected);
        let places = [lattice(100), lattice(150)].concat();
        let expected: Vec<_> = rows.iter().map(|&row| places[row as usize]).collect();
        prop_assert_eq!(taken.points().unwrap().unwrap(), expected);
        let twice = table.take(&rows).unwrap().take(&(0..rows.len() as u32).rev().collect::<Vec<_>>()).unwrap();
        let mut reversed = taken.texts("number").unwrap();
        reversed.reverse();
        prop_assert_eq!(twice.texts("number").unwrap(), reversed);
    }
}

/// Takes nothing, as a full disk.
struct Full;

impl std::io::Write for Full {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_disk_that_is_full_is_told_from_a_table_that_cannot_be_written() {
    let failures = [
        cells(20)
            .write_geoparquet(Full, &WriteOptions::default())
            .unwrap_err(),
        cells(20).write_geojson(Full).unwrap_err(),
    ];
    for failure in failures {
        match failure.in_output("out.parquet") {
            Error::Io { name, source } => assert_eq!(
                (&*name, source.kind()),
                ("out.parquet", std::io::ErrorKind::StorageFull)
            ),
            other => panic!("{other}"),
        }
    }
}
