//! Every format that is written is read back; what cannot be written or read says what can.

use std::io::Write;

use tables::{Crs, Decimal, Error, Limits, OutputFormat, ReadOptions, Table};

use crate::builder::{cells, floats, parquet_file, real_data};

fn written(table: &Table, name: &str) -> (tempfile::TempDir, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let notes = tables::write(folder.path().join(name), table).unwrap();
    (folder, notes)
}

#[test]
fn what_is_written_by_a_name_is_read_back() {
    let table = cells(250);
    let names = [
        "a.parquet",
        "a.gpkg",
        "a.geojson",
        "a.fgb",
        "a.shp.zip",
        "a.shp",
        "a.kml",
        "a.csv",
    ];
    for name in names {
        let (folder, _) = written(&table, name);
        let back = Table::open(folder.path().join(name), &ReadOptions::default()).unwrap();
        assert_eq!(back.rows(), 250, "{name}");
        assert_eq!(back.points().unwrap(), table.points().unwrap(), "{name}");
        assert_eq!(back.crs(), Crs::wgs84(), "{name}");
        for column in ["cell", "village"] {
            assert_eq!(
                back.texts(column).unwrap(),
                table.texts(column).unwrap(),
                "{name}"
            );
        }
        assert_eq!(
            back.numbers("people").unwrap(),
            table.numbers("people").unwrap(),
            "{name}"
        );
    }
}

#[test]
fn one_table_makes_the_same_bytes_every_time() {
    for name in ["a.gpkg", "a.fgb", "a.shp.zip", "a.kml", "a.gpx", "a.csv"] {
        let bytes = || {
            let (folder, _) = written(&cells(50), name);
            std::fs::read(folder.path().join(name)).unwrap()
        };
        assert_eq!(bytes(), bytes(), "{name}");
    }
}

#[test]
fn another_extension_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.xlsx", "a", "a.json.txt"] {
        let error = tables::write(folder.path().join(name), &cells(3)).unwrap_err();
        assert!(matches!(error, Error::UnknownOutput { .. }), "{error}");
        assert!(
            error.to_string().contains(".parquet, .gpkg, .geojson"),
            "{error}"
        );
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(
        OutputFormat::of("x/A.GeoJSON").unwrap(),
        OutputFormat::GeoJson
    );
}

#[test]
fn lines_of_geojson_are_a_table_with_and_without_separators() {
    let line = r#"{"type":"Feature","properties":{"n":1},"geometry":{"type":"Point","coordinates":[1,2]}}"#;
    for (name, text) in [
        ("a.geojsonl", format!("{line}\n{line}\n\n{line}\n")),
        ("a.json", format!("{line}\r\n{line}\r\n{line}")),
        (
            "a.geojsonseq",
            format!("\u{1e}{line}\n\u{1e}{line}\n\u{1e}{line}\n"),
        ),
    ] {
        let table = Table::from_bytes(name, text.into(), &ReadOptions::default()).unwrap();
        assert_eq!(table.rows(), 3, "{name}");
    }
    let error = Table::from_bytes(
        "a.ndjson",
        format!("{line}\n{{\"type\":").into(),
        &ReadOptions::default(),
    );
    assert!(error.unwrap_err().to_string().contains("line 2: "));
}

#[test]
fn gzipped_tables_are_unpacked_within_a_limit() {
    let gzip = |text: &[u8]| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        out.write_all(text).unwrap();
        out.finish().unwrap()
    };
    let bytes = gzip(b"lon;lat;people\n1,5;2,5;7\n");
    let options = ReadOptions {
        decimal: Decimal::Comma,
        ..ReadOptions::default()
    };
    let table = Table::from_bytes("a.csv.gz", bytes.into(), &options).unwrap();
    assert_eq!(table.points().unwrap().unwrap()[0].x, 1.5);
    let bomb = gzip(&vec![b' '; 4 << 20]);
    let limits = Limits {
        max_bytes: Some(1 << 20),
    };
    let error = Table::from_bytes(
        "a.csv.gz",
        bomb.into(),
        &ReadOptions {
            limits,
            ..ReadOptions::default()
        },
    );
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("more than the limit of 1 MiB") && error.contains("TRANSECT_MAX_TABLE_MIB"),
        "{error}"
    );
}

#[test]
fn geometries_as_text_are_found_and_what_is_taken_for_granted_is_noted() {
    let options = ReadOptions::default();
    let text = "name,WKT\na,\"POLYGON((0 0,1 0,1 1,0 0))\"\nb,\n";
    let table = Table::from_bytes("a.csv", text.into(), &options).unwrap();
    assert_eq!(table.geometry_column(), Some("WKT"));
    assert_eq!(table.crs(), Crs::wgs84());
    let notes = options.notes.take();
    assert!(
        notes[0].contains("taken as longitude and latitude on WGS 84"),
        "{notes:?}"
    );
    let text = "geom\nSRID=3035;POINT(4000000 3000000)\n";
    let table = Table::from_bytes("a.csv", text.into(), &options).unwrap();
    assert_eq!(table.crs().epsg(), Some(3035));
    let far = Table::from_bytes("a.csv", "wkt\nPOINT(4000000 3000000)\n".into(), &options).unwrap();
    assert!(far.crs().is_unknown());
    let deep = format!("wkt\n{}\n", "GEOMETRYCOLLECTION(".repeat(10_000));
    assert!(Table::from_bytes("a.csv", deep.into(), &options).is_err());
}

#[test]
fn corners_of_a_grid_become_its_squares() {
    let options = ReadOptions {
        assume_crs: Some(Crs::from_epsg(3035).unwrap()),
        ..ReadOptions::default()
    };
    let text = "X_MIN;Y_MIN;P\n4000000;3000000;1\n4001000;3000000;2\n4003000;3002000;3\n";
    let table = Table::from_bytes("a.csv", text.into(), &options).unwrap();
    let centres = table.centroids().unwrap();
    assert_eq!(
        centres[0].unwrap(),
        tables::Coord {
            x: 4_000_500.0,
            y: 3_000_500.0
        }
    );
    assert_eq!(table.crs().epsg(), Some(3035));
}

#[test]
fn plain_parquet_has_the_places_of_its_columns() {
    let bytes = parquet_file(
        vec![
            ("Longitude", floats(&[1.0, 2.0])),
            ("Latitude", floats(&[3.0, 4.0])),
        ],
        &[],
    );
    let table = Table::from_bytes("a.parquet", bytes.into(), &ReadOptions::default()).unwrap();
    assert_eq!(
        table.points().unwrap().unwrap()[1],
        tables::Coord { x: 2.0, y: 4.0 }
    );
}

#[test]
fn formulas_and_marks_are_text_in_what_people_open() {
    let names = std::sync::Arc::new(arrow_array::StringArray::from(vec![
        "=cmd|' /C calc'!A0",
        "a\u{202e}<b>\0",
    ]));
    let table = Table::new(vec![("name".to_owned(), names as _)]).unwrap();
    let places = [
        tables::Coord { x: 1.0, y: 2.0 },
        tables::Coord { x: 3.0, y: 4.0 },
    ];
    let table = table
        .with_points("geometry", &places, Crs::wgs84())
        .unwrap();
    let text = |format| {
        let mut bytes = Vec::new();
        table.write_as(&mut bytes, format).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    assert!(text(OutputFormat::Csv).contains("'=cmd|"));
    for format in [OutputFormat::Csv, OutputFormat::Kml, OutputFormat::Gpx] {
        let text = text(format);
        assert!(
            text.contains("a\\u{202e}") && !text.contains('\u{202e}') && !text.contains('\0'),
            "{text}"
        );
    }
    assert!(text(OutputFormat::Kml).contains("&lt;b&gt;"));
}

#[test]
#[ignore = "needs TRANSECT_DATA"]
fn the_layers_of_a_geopackage_are_named_where_there_are_several() {
    let path = real_data("../cases/streets/tables/osmnx.gpkg");
    let error = Table::open(&path, &ReadOptions::default())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("`nodes`, `edges`; say which with --layer"),
        "{error}"
    );
    let options = ReadOptions {
        layer: Some("edges".to_owned()),
        ..ReadOptions::default()
    };
    assert_eq!(Table::open(&path, &options).unwrap().rows(), 113);
}

#[test]
#[ignore = "needs TRANSECT_DATA"]
fn hostile_files_are_one_line_each() {
    let cases = real_data("../cases/hostile");
    for name in [
        "pq_geom_dict_bomb.parquet",
        "panic_map_parquet-0ade8baf.parquet",
        "panic_pps_parquet-04bceb06.parquet",
    ] {
        let read = Table::open(cases.join(name), &ReadOptions::default()).and_then(|table| {
            table.geometries()?;
            Ok(table)
        });
        let error = read
            .err()
            .unwrap_or_else(|| panic!("{name} was read"))
            .to_string();
        assert!(!error.contains('\n') && error.contains(name), "{error}");
    }
}
