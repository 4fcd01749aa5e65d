//! Shapefiles, as GDAL writes them.

use std::io::{Cursor, Write};

use geo::Geometry;
use shapefile::{Point, Polygon, PolygonRing, ShapeWriter};
use tables::{Coord, ReadOptions, Result, Table};

/// What Esri and GDAL write for EPSG:32651, which they do not name.
const UTM_51: &str = r#"PROJCS["WGS_1984_UTM_Zone_51N",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",123.0],PARAMETER["Scale_Factor",0.9996],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]"#;

/// A field of a dBASE file: name, type, length, decimals.
type Field = (&'static str, u8, u8, u8);

/// A dBASE file, written by hand from its description.
pub fn dbase_file(fields: &[Field], records: &[(bool, &[&str])]) -> Vec<u8> {
    let record_length: usize = 1 + fields
        .iter()
        .map(|field| usize::from(field.2))
        .sum::<usize>();
    let header_length = 32 + 32 * fields.len() + 1;
    let mut bytes = vec![3, 126, 11, 21];
    bytes.extend((records.len() as u32).to_le_bytes());
    bytes.extend((header_length as u16).to_le_bytes());
    bytes.extend((record_length as u16).to_le_bytes());
    bytes.resize(32, 0);
    for (name, kind, length, decimals) in fields {
        let mut field = [0; 32];
        field[..name.len()].copy_from_slice(name.as_bytes());
        (field[11], field[16], field[17]) = (*kind, *length, *decimals);
        bytes.extend(field);
    }
    bytes.push(0x0d);
    for (deleted, values) in records {
        bytes.push(if *deleted { b'*' } else { b' ' });
        for (value, field) in values.iter().zip(fields) {
            let width = usize::from(field.2);
            // as many bytes, not letters
            let fill = " ".repeat(width - value.len());
            let text = if field.1 == b'C' {
                format!("{value}{fill}")
            } else {
                format!("{fill}{value}")
            };
            bytes.extend(text.bytes());
        }
    }
    bytes.push(0x1a);
    bytes
}

pub fn shapes(write: impl FnOnce(&mut ShapeWriter<Cursor<&mut Vec<u8>>>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ShapeWriter::new(Cursor::new(&mut bytes));
    write(&mut writer);
    drop(writer);
    bytes
}

pub fn three_points() -> Vec<u8> {
    shapes(|writer| {
        for x in [764_617.0, 764_618.0, 764_619.0] {
            writer.write_shape(&Point::new(x, 874_004.0)).unwrap();
        }
    })
}

pub fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive
            .start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn read(bytes: Vec<u8>) -> Result<Table> {
    Table::from_bytes("test.zip", bytes.into(), &ReadOptions::default())
}

#[test]
fn a_zipped_shapefile_has_its_attributes_and_its_reference_system() {
    let fields: [Field; 5] = [
        ("id", b'N', 18, 0),
        ("share", b'N', 8, 3),
        ("name", b'C', 10, 0),
        ("urban", b'L', 1, 0),
        ("seen", b'D', 8, 0),
    ];
    let attributes = dbase_file(
        &fields,
        &[
            (
                false,
                &["123456789012345678", "0.125", "Bató", "T", "20240229"],
            ),
            (true, &["2", "0.5", "gone", "F", "20240301"]),
            (false, &["3", "", "", "?", ""]),
        ],
    );
    let files: [(&str, &[u8]); 3] = [
        ("in/cells.shp", &three_points()),
        ("in/cells.DBF", &attributes),
        ("in/cells.prj", UTM_51.as_bytes()),
    ];
    let table = read(archive(&files)).unwrap();
    assert_eq!(table.crs().epsg(), Some(32651), "found by its parameters");
    assert_eq!(table.rows(), 2, "a deleted record takes its shape along");
    assert_eq!(
        table.points().unwrap().unwrap()[1],
        Coord {
            x: 764_619.0,
            y: 874_004.0
        }
    );
    assert_eq!(
        table.texts("id").unwrap(),
        [Some("123456789012345678".into()), Some("3".into())]
    );
    assert_eq!(table.numbers("share").unwrap(), [Some(0.125), None]);
    assert_eq!(table.texts("name").unwrap(), [Some("Bató".into()), None]);
    assert_eq!(table.flags("urban").unwrap(), [Some(true), None]);
    assert_eq!(
        table.texts("seen").unwrap(),
        [Some("2024-02-29".into()), None]
    );
}

#[test]
fn a_plain_shapefile_is_read_with_the_files_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("cells.shp"), three_points()).unwrap();
    let bare = Table::open(path("cells.shp"), &ReadOptions::default()).unwrap();
    assert!(
        bare.crs().is_unknown(),
        "nothing says what its coordinates are"
    );
    let records: [(bool, &[&str]); 3] = [(false, &["1"]), (false, &["2"]), (false, &["3"])];
    std::fs::write(
        path("cells.dbf"),
        dbase_file(&[("n", b'N', 4, 0)], &records),
    )
    .unwrap();
    std::fs::write(path("cells.prj"), UTM_51).unwrap();
    let table = Table::open(path("cells.shp"), &ReadOptions::default()).unwrap();
    assert_eq!(
        table.numbers("n").unwrap(),
        [Some(1.0), Some(2.0), Some(3.0)]
    );
    assert_eq!(table.crs().epsg(), Some(32651));
}

#[test]
fn holes_find_the_ring_they_lie_in_whatever_the_order() {
    // clockwise is an outer ring, counter-clockwise a hole
    let outer = |low: f64, high: f64| {
        PolygonRing::Outer(vec![
            Point::new(low, low),
            Point::new(low, high),
            Point::new(high, high),
            Point::new(high, low),
            Point::new(low, low),
        ])
    };
    let hole = |low: f64, high: f64| {
        PolygonRing::Inner(vec![
            Point::new(low, low),
            Point::new(high, low),
            Point::new(high, high),
            Point::new(low, high),
            Point::new(low, low),
        ])
    };
    let rings = vec![
        outer(0.0, 10.0),
        outer(20.0, 30.0),
        hole(4.0, 5.0),
        hole(24.0, 25.0),
    ];
    let bytes = shapes(|writer| writer.write_shape(&Polygon::with_rings(rings)).unwrap());
    let table = Table::from_bytes("test.shp", bytes.into(), &ReadOptions::default()).unwrap();
    let Some(Geometry::MultiPolygon(polygons)) = table.geometries().unwrap().remove(0) else {
        panic!("two outer rings are a multi-polygon");
    };
    let first_corner = |polygon: &geo::Polygon| polygon.interiors()[0].0[0].x;
    assert_eq!(
        polygons.0.iter().map(first_corner).collect::<Vec<_>>(),
        [4.0, 24.0]
    );
}

#[test]
fn records_and_shapes_must_be_as_many() {
    let records: [(bool, &[&str]); 1] = [(false, &["1"])];
    let attributes = dbase_file(&[("n", b'N', 4, 0)], &records);
    let error = read(archive(&[
        ("a.shp", &three_points()),
        ("a.dbf", &attributes),
    ]))
    .unwrap_err()
    .to_string();
    assert!(
        error.contains("it has 3 shapes and its .dbf file 1 records"),
        "{error}"
    );
}
