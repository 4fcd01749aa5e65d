//! GeoJSON in and out.

use geo::orient::{Direction, Orient};
use geo::{Geometry, polygon};
use serde_json::{Value, json};
use tables::{Coord, Crs, ReadOptions, Result, Table};

use crate::builder::cells;

fn read(json: &Value) -> Result<Table> {
    let bytes = json.to_string().into_bytes();
    Table::from_bytes("test.geojson", bytes.into(), &ReadOptions::default())
}

fn feature(properties: Value, geometry: Value) -> Value {
    json!({"type": "Feature", "properties": properties, "geometry": geometry})
}

fn collection(features: &[Value]) -> Value {
    json!({"type": "FeatureCollection", "features": features})
}

fn point(x: f64, y: f64) -> Value {
    json!({"type": "Point", "coordinates": [x, y]})
}

#[test]
fn properties_become_columns_of_the_narrowest_type_that_holds_them() {
    let table = read(&collection(&[
        feature(
            json!({"n": 1, "x": 1, "flag": true, "mixed": 1, "nested": {"a": [1]}}),
            point(1.0, 2.0),
        ),
        feature(
            json!({"n": 2, "x": 0.5, "flag": null, "mixed": "one"}),
            point(3.0, 4.0),
        ),
        feature(json!({"late": "yes"}), Value::Null),
    ]))
    .unwrap();
    let schema = table.schema();
    let types = schema
        .fields()
        .iter()
        .map(|field| format!("{}: {}", field.name(), field.data_type()));
    assert_eq!(
        types.collect::<Vec<_>>(),
        [
            "n: Int64",
            "x: Float64",
            "flag: Boolean",
            "mixed: Utf8",
            "nested: Utf8",
            "late: Utf8",
            "geometry: Binary"
        ]
    );
    assert_eq!(
        table.texts("mixed").unwrap(),
        [Some("1".into()), Some("one".into()), None]
    );
    assert_eq!(
        table.texts("nested").unwrap()[0].as_deref(),
        Some(r#"{"a":[1]}"#)
    );
    assert_eq!(table.geometries().unwrap()[2], None);
    assert_eq!(table.crs(), Crs::wgs84());
}

#[test]
fn identifiers_above_the_exact_integers_of_floating_point_stay_exact() {
    let table = read(&collection(&[
        feature(
            json!({"id": 9_007_199_254_740_993_i64, "share": 0.5}),
            point(0.0, 0.0),
        ),
        feature(
            json!({"id": 18_446_744_073_709_551_615_u64, "share": 1}),
            point(0.0, 0.0),
        ),
    ]))
    .unwrap();
    let ids = table.texts("id").unwrap();
    assert_eq!(
        ids,
        [
            Some("9007199254740993".into()),
            Some("18446744073709551615".into())
        ]
    );
    assert_eq!(table.numbers("share").unwrap(), [Some(0.5), Some(1.0)]);
}

#[test]
fn the_id_of_a_feature_is_a_column_unless_there_is_one() {
    let mut with_id = feature(json!({"name": "a"}), point(0.0, 0.0));
    with_id["id"] = json!("way/7");
    let table = read(&collection(&[with_id])).unwrap();
    assert_eq!(table.texts("id").unwrap(), [Some("way/7".into())]);
}

#[test]
fn a_single_feature_and_a_bare_geometry_are_tables_of_one_row() {
    let one = read(&feature(json!({"a": 1}), point(5.0, 6.0))).unwrap();
    assert_eq!(one.points().unwrap(), Some(vec![Coord { x: 5.0, y: 6.0 }]));
    let bare = read(&point(7.0, 8.0)).unwrap();
    assert_eq!(bare.points().unwrap(), Some(vec![Coord { x: 7.0, y: 8.0 }]));
}

#[test]
fn the_reference_system_that_gdal_still_writes_is_read() {
    let with = |crs: Value| {
        let json = json!({"type": "FeatureCollection", "crs": crs, "features": []});
        read(&json).unwrap().crs()
    };
    let named = |name: &str| with(json!({"type": "name", "properties": {"name": name}}));
    assert_eq!(named("urn:ogc:def:crs:EPSG::3125").epsg(), Some(3125));
    assert_eq!(named("EPSG:3125").epsg(), Some(3125));
    assert_eq!(named("urn:ogc:def:crs:OGC:1.3:CRS84"), Crs::wgs84());
    assert!(with(Value::Null).is_unknown());
}

#[test]
fn every_kind_of_geometry_is_read() {
    let geometry = |value: Value| {
        read(&value)
            .unwrap()
            .geometries()
            .unwrap()
            .remove(0)
            .unwrap()
    };
    let square = json!([
        [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]],
        [[1, 1], [1, 2], [2, 2], [1, 1]]
    ]);
    let expected = geo::Polygon::new(
        vec![(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0), (0.0, 0.0)].into(),
        vec![vec![(1.0, 1.0), (1.0, 2.0), (2.0, 2.0), (1.0, 1.0)].into()],
    );
    assert_eq!(
        geometry(json!({"type": "Polygon", "coordinates": square})),
        Geometry::Polygon(expected.clone())
    );
    assert_eq!(
        geometry(json!({"type": "MultiPolygon", "coordinates": [square]})),
        Geometry::MultiPolygon(vec![expected].into())
    );
    let line = json!({"type": "LineString", "coordinates": [[0, 0, 9], [1, 1, 9]]});
    let flat = Geometry::LineString(vec![(0.0, 0.0), (1.0, 1.0)].into());
    assert_eq!(
        geometry(json!({"type": "GeometryCollection", "geometries": [line]})),
        Geometry::GeometryCollection(vec![flat].into())
    );
    let empty = geometry(json!({"type": "Point", "coordinates": []}));
    assert!(matches!(empty, Geometry::MultiPoint(points) if points.0.is_empty()));
}

#[test]
fn positions_of_one_number_are_an_error_that_names_the_feature() {
    let error = read(&collection(&[
        feature(json!({}), point(0.0, 0.0)),
        feature(
            json!({}),
            json!({"type": "LineString", "coordinates": [[0, 0], [1]]}),
        ),
    ]))
    .unwrap_err()
    .to_string();
    assert!(
        error.contains("feature 1: a position has 1 numbers"),
        "{error}"
    );
}

#[test]
fn what_is_written_is_read_back_in_wgs_84() {
    let table = cells(250);
    let mut bytes = Vec::new();
    let projected = table.reproject(&Crs::from_epsg(3125).unwrap()).unwrap();
    projected.write_geojson(&mut bytes).unwrap();
    let back = Table::from_bytes("back.geojson", bytes.into(), &ReadOptions::default()).unwrap();
    let (before, after) = (
        table.points().unwrap().unwrap(),
        back.points().unwrap().unwrap(),
    );
    for (before, after) in before.iter().zip(&after) {
        let off = f64::hypot(before.x - after.x, before.y - after.y);
        // the small rotations of PRS92's datum shift are not undone exactly: a millimetre
        assert!(off < 2e-8, "{before:?} {after:?}");
    }
    for name in ["cell", "village", "urban", "surveyed"] {
        assert_eq!(
            back.texts(name).unwrap(),
            table.texts(name).unwrap(),
            "{name}"
        );
    }
    assert_eq!(
        back.numbers("people").unwrap(),
        table.numbers("people").unwrap()
    );
}

#[test]
fn outer_rings_are_written_counter_clockwise() {
    let clockwise = polygon![(x: 0.0, y: 0.0), (x: 0.0, y: 3.0), (x: 4.0, y: 0.0)];
    let rows = [Some(clockwise.clone().into()), None];
    let table = Table::new(Vec::new()).unwrap();
    let table = table
        .with_geometries("geometry", &rows, Crs::wgs84())
        .unwrap();
    let mut bytes = Vec::new();
    table.write_geojson(&mut bytes).unwrap();
    let written: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(written["features"][1]["geometry"], Value::Null);
    let back = Table::from_bytes("back.geojson", bytes.into(), &ReadOptions::default()).unwrap();
    let expected = clockwise.orient(Direction::Default);
    assert_eq!(back.geometries().unwrap()[0], Some(expected.into()));
}
