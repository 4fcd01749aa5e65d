//! CSV and FlatGeobuf.

use std::io::Write;

use flatgeobuf::geozero::{self, ColumnValue, GeomProcessor, GeozeroGeometry, PropertyProcessor};
use flatgeobuf::{ColumnType, FgbCrs, FgbWriter, FgbWriterOptions, GeometryType};
use geo::{Geometry, point};
use proptest::prelude::*;
use tables::{Coord, Crs, Error, ReadOptions, Result, Table};

fn csv(text: &str) -> Result<Table> {
    csv_with(text, &ReadOptions::default())
}

fn csv_with(text: &str, options: &ReadOptions) -> Result<Table> {
    Table::from_bytes("test.csv", text.as_bytes().to_vec().into(), options)
}

fn types(table: &Table) -> Vec<String> {
    table
        .schema()
        .fields()
        .iter()
        .map(|field| format!("{}: {}", field.name(), field.data_type()))
        .collect()
}

#[test]
fn columns_get_the_type_that_all_their_values_have() {
    let table =
        csv("id,code,n,x,flag,note\n1,007,5,0.5,true,a\n2,017031,,1e3,False,\"b, c\"\n").unwrap();
    assert_eq!(
        types(&table),
        [
            "id: Int64",
            "code: Utf8",
            "n: Int64",
            "x: Float64",
            "flag: Boolean",
            "note: Utf8"
        ]
    );
    assert_eq!(
        table.texts("code").unwrap()[0].as_deref(),
        Some("007"),
        "leading zeros are part of an identifier"
    );
    assert_eq!(table.numbers("n").unwrap(), [Some(5.0), None]);
    assert_eq!(table.texts("note").unwrap()[1].as_deref(), Some("b, c"));
    assert_eq!(table.geometry_column(), None);
}

#[test]
fn longitude_and_latitude_are_found_by_their_names() {
    for header in ["lon,lat", "Longitude,LATITUDE", "lng,lat"] {
        let table = csv(&format!("{header}\n125.5,7.25\n")).unwrap();
        assert_eq!(
            table.points().unwrap(),
            Some(vec![Coord { x: 125.5, y: 7.25 }]),
            "{header}"
        );
        assert_eq!(table.crs(), Crs::wgs84());
    }
    let swapped = csv("lat;lon\n7.25;125.5\n").unwrap();
    assert_eq!(
        swapped.points().unwrap(),
        Some(vec![Coord { x: 125.5, y: 7.25 }])
    );
    assert!(
        csv("x\ty\n1\t2\n").unwrap().crs().is_unknown(),
        "x and y can be anything"
    );
}

#[test]
fn other_columns_can_be_named_and_a_reference_system_assumed() {
    let options = ReadOptions {
        lon_column: Some("E".into()),
        lat_column: Some("N".into()),
        assume_crs: Some(Crs::from_epsg(27700).unwrap()),
        columns: Some(vec!["name".into()]),
        ..ReadOptions::default()
    };
    let table = csv_with("name,E,N,more\nLondon,530043,180358,1\n", &options).unwrap();
    assert_eq!(
        table.column_names().collect::<Vec<_>>(),
        ["name", "E", "N", "geometry"]
    );
    assert_eq!(table.crs().epsg(), Some(27700));
    let error = csv_with("a,b\n1,2\n", &options).unwrap_err();
    assert!(matches!(error, Error::MissingColumn { .. }), "{error}");
}

#[test]
fn rows_without_coordinates_have_no_geometry() {
    let table = csv("lon,lat\n1,2\n,\n").unwrap();
    assert_eq!(
        table.geometries().unwrap(),
        [Some(Geometry::Point(point!(x: 1.0, y: 2.0))), None]
    );
}

#[test]
fn a_name_that_comes_twice_is_numbered_as_pandas_does() {
    let table = csv("road,x.1,road,x.1,\nA,1,0.5,2,3\n").unwrap();
    assert_eq!(
        table.column_names().collect::<Vec<_>>(),
        ["road", "x.1", "road.1", "x.1.1", "column_5"]
    );
}

#[test]
fn a_row_that_is_too_short_is_named() {
    let error = csv("a,b\n1,2\n3\n").unwrap_err().to_string();
    assert!(
        error.starts_with("test.csv: not a readable CSV file: ") && error.contains("line: 3"),
        "{error}"
    );
    let error = csv("").unwrap_err().to_string();
    assert!(error.contains("it is empty"), "{error}");
}

#[test]
fn a_byte_order_mark_and_latin_1_do_no_harm() {
    let bytes = b"\xef\xbb\xbfname,n\nBat\xf3,1\n".to_vec();
    let table = Table::from_bytes("test.csv", bytes.into(), &ReadOptions::default()).unwrap();
    assert_eq!(table.column_names().next(), Some("name"));
    assert_eq!(table.numbers("n").unwrap(), [Some(1.0)]);
}

#[test]
fn an_archive_with_one_table_is_that_table() {
    let zip = |files: &[(&str, &str)]| {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, text) in files {
            archive
                .start_file(*name, zip::write::SimpleFileOptions::default())
                .unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        let bytes = archive.finish().unwrap().into_inner();
        Table::from_bytes("test.zip", bytes.into(), &ReadOptions::default())
    };
    let one = zip(&[
        ("README.md", "read me"),
        ("in/a.csv", "lon,lat\n1,2\n"),
        ("__MACOSX/in/._a.csv", ""),
    ])
    .unwrap();
    assert_eq!(one.rows(), 1);
    let error = zip(&[("a.csv", "a\n1\n"), ("b.csv", "a\n1\n")])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("expected one table in it, found") && error.contains("b.csv"),
        "{error}"
    );
    let error = zip(&[("a.pdf", "")]).unwrap_err().to_string();
    assert!(error.contains("found none"), "{error}");
}

#[test]
fn flatgeobuf_is_read_with_its_properties_and_reference_system() {
    let points: Vec<_> = (0..40)
        .map(|row| (f64::from(row), f64::from(row) / 3.0))
        .collect();
    for index in [false, true] {
        let bytes = flatgeobuf_file(&points, index);
        let table = Table::from_bytes("test.fgb", bytes.into(), &ReadOptions::default()).unwrap();
        assert_eq!(
            types(&table),
            [
                "name: Utf8",
                "share: Float64",
                "id: Int64",
                "geometry: Binary"
            ]
        );
        assert_eq!(table.crs().epsg(), Some(3125));
        let mut found: Vec<_> = table
            .points()
            .unwrap()
            .unwrap()
            .iter()
            .map(|point| (point.x, point.y))
            .collect();
        // the index sorts features along a Hilbert curve
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert_eq!(found, points, "index: {index}");
        assert_eq!(
            table.texts("id").unwrap()[0].as_deref(),
            Some("9007199254740993")
        );
    }
}

#[test]
fn a_flatgeobuf_polygon_keeps_its_hole() {
    let table = Table::from_bytes(
        "test.fgb",
        flatgeobuf_polygon().into(),
        &ReadOptions::default(),
    )
    .unwrap();
    let expected = geo::Polygon::new(
        vec![(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 0.0)].into(),
        vec![vec![(1.0, 0.5), (2.0, 1.0), (2.0, 0.5), (1.0, 0.5)].into()],
    );
    assert_eq!(
        table.geometries().unwrap(),
        [Some(Geometry::Polygon(expected))]
    );
    assert!(table.crs().is_unknown(), "its header says nothing");
}

struct PointFeature(f64, f64);

impl GeozeroGeometry for PointFeature {
    fn process_geom<P: GeomProcessor>(&self, out: &mut P) -> geozero::error::Result<()> {
        out.point_begin(0)?;
        out.xy(self.0, self.1, 0)?;
        out.point_end(0)
    }
}

struct PolygonFeature(Vec<Vec<(f64, f64)>>);

impl GeozeroGeometry for PolygonFeature {
    fn process_geom<P: GeomProcessor>(&self, out: &mut P) -> geozero::error::Result<()> {
        out.polygon_begin(true, self.0.len(), 0)?;
        for (index, ring) in self.0.iter().enumerate() {
            out.linestring_begin(false, ring.len(), index)?;
            for (index, &(x, y)) in ring.iter().enumerate() {
                out.xy(x, y, index)?;
            }
            out.linestring_end(false, index)?;
        }
        out.polygon_end(true, 0)
    }
}

/// A FlatGeobuf file of points with a name, a number and an identifier.
pub fn flatgeobuf_file(points: &[(f64, f64)], index: bool) -> Vec<u8> {
    let options = FgbWriterOptions {
        write_index: index,
        crs: FgbCrs {
            code: 3125,
            ..FgbCrs::default()
        },
        ..FgbWriterOptions::default()
    };
    let mut writer =
        FgbWriter::create_with_options("points", GeometryType::Point, options).unwrap();
    writer.add_column("name", ColumnType::String, |_, _| {});
    writer.add_column("share", ColumnType::Double, |_, _| {});
    writer.add_column("id", ColumnType::Long, |_, _| {});
    for (row, &(x, y)) in points.iter().enumerate() {
        writer
            .add_feature_geom(PointFeature(x, y), |feature| {
                let place = format!("place {row}");
                let values = [
                    ("name", ColumnValue::String(&place)),
                    ("share", ColumnValue::Double(row as f64 / 2.0)),
                    ("id", ColumnValue::Long(9_007_199_254_740_993)),
                ];
                for (index, (name, value)) in values.iter().enumerate() {
                    feature.property(index, name, value).unwrap();
                }
            })
            .unwrap();
    }
    written(writer)
}

/// A FlatGeobuf file of one polygon with a hole.
pub fn flatgeobuf_polygon() -> Vec<u8> {
    let mut writer = FgbWriter::create("polygon", GeometryType::Polygon).unwrap();
    let rings = vec![
        vec![(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 0.0)],
        vec![(1.0, 0.5), (2.0, 1.0), (2.0, 0.5), (1.0, 0.5)],
    ];
    writer
        .add_feature_geom(PolygonFeature(rings), |_| {})
        .unwrap();
    written(writer)
}

fn written(writer: FgbWriter<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    writer.write(&mut bytes).unwrap();
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn numbers_written_as_csv_are_read_as_they_were(numbers in prop::collection::vec(prop::num::f64::NORMAL, 1..50)) {
        let text: String = numbers.iter().map(|number| format!("{number:?}\n")).collect();
        let table = csv(&format!("n\n{text}")).unwrap();
        let expected: Vec<_> = numbers.into_iter().map(Some).collect();
        prop_assert_eq!(table.numbers("n").unwrap(), expected);
    }
}
