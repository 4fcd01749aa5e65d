//! Files that are not what they claim: an error, never a panic, and no memory for what is not there.
//!
//! Each format's valid file is damaged some thousand times, the same way in every run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array};
use bytes::Bytes;
use parquet::file::metadata::{ParquetMetaDataReader, ParquetMetaDataWriter};
use tables::{Crs, ReadOptions, Table, WriteOptions};

use crate::builder::{cells, parquet_file};
use crate::flat_formats::{flatgeobuf_file, flatgeobuf_polygon};
use crate::shapefile::{archive, dbase_file, three_points};

/// Marsaglia's xorshift: enough to spread damage about.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides.max(1) as u64) as usize
    }
}

/// A copy with a few bytes changed, filled with extreme numbers, cut out or doubled, or its end cut off.
fn damaged(valid: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = valid.to_vec();
    for _ in 0..=dice.roll(3) {
        let at = dice.roll(bytes.len());
        match dice.roll(6) {
            0 => bytes.truncate(at),
            1 => {
                let end = bytes.len().min(at + 4);
                bytes[at..end].fill([0xff, 0x7f, 0x00][dice.roll(3)]);
            }
            2 => drop(bytes.drain(at..bytes.len().min(at + 1 + dice.roll(8)))),
            3 => {
                let piece = bytes[at..bytes.len().min(at + 1 + dice.roll(8))].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << dice.roll(8);
                }
            }
        }
    }
    bytes
}

/// Reads everything there is in a table.
fn use_all(table: &Table) {
    for name in table.column_names() {
        let _ = (
            table.column(name),
            table.numbers(name),
            table.texts(name),
            table.flags(name),
        );
    }
    let _ = (
        table.points(),
        table.geometries(),
        table.centroids(),
        table.bounds(),
    );
    let _ = table.to_geoparquet(&WriteOptions::default());
}

fn survives_damage(name: &str, valid: &[u8], cases: u64) {
    Table::from_bytes(name, valid.to_vec().into(), &ReadOptions::default())
        .unwrap_or_else(|error| panic!("the undamaged {name} must be read: {error}"));
    for case in 1..=cases {
        let bytes = damaged(valid, &mut Dice(case.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            if let Ok(table) =
                Table::from_bytes(name, bytes.clone().into(), &ReadOptions::default())
            {
                use_all(&table);
            }
        }));
        assert!(outcome.is_ok(), "{name}, case {case} panicked");
    }
    let most = peak_memory().unwrap_or_default();
    assert!(most < 600 << 20, "{name}: {most} bytes of memory were used");
}

/// The most memory this process has had resident, where the system tells.
fn peak_memory() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim()
        .strip_suffix("kB")?
        .trim()
        .parse::<usize>()
        .ok()
        .map(|kilobytes| kilobytes << 10)
}

#[test]
fn damaged_parquet_is_an_error() {
    let small = cells(20).to_geoparquet(&WriteOptions::default()).unwrap();
    survives_damage("small.parquet", &small, 4000);
    let large = cells(3000).to_geoparquet(&WriteOptions::default()).unwrap();
    survives_damage("large.parquet", &large, 500);
}

#[test]
fn damaged_parquet_of_native_geometries_is_an_error() {
    let geo = serde_json::json!({
        "version": "1.1.0", "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "point", "geometry_types": []}}
    });
    let points = crate::geoparquet::native_coordinates(&[(1.0, 2.0), (3.0, 4.0)]);
    survives_damage(
        "native.parquet",
        &parquet_file(vec![("geometry", points)], &[("geo", geo)]),
        2000,
    );
}

#[test]
fn damaged_geojson_is_an_error() {
    let mut bytes = Vec::new();
    cells(8).write_geojson(&mut bytes).unwrap();
    survives_damage("test.geojson", &bytes, 4000);
    let polygon = br#"{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,0]],[[1,0.5],[2,1],[2,0.5],[1,0.5]]]}"#;
    survives_damage("polygon.geojson", polygon, 4000);
}

#[test]
fn damaged_flatgeobuf_is_an_error() {
    survives_damage(
        "points.fgb",
        &flatgeobuf_file(&[(1.0, 2.0), (3.0, 4.0), (5.0, 6.0)], true),
        6000,
    );
    survives_damage("polygon.fgb", &flatgeobuf_polygon(), 4000);
}

#[test]
fn damaged_shapefiles_are_an_error() {
    let records: [(bool, &[&str]); 3] = [
        (false, &["1", "a"]),
        (true, &["2", "b"]),
        (false, &["3", "c"]),
    ];
    let attributes = dbase_file(&[("n", b'N', 4, 0), ("name", b'C', 6, 0)], &records);
    survives_damage("points.shp", &three_points(), 4000);
    let shapes = three_points();
    for case in 1..=4000_u64 {
        let mut dice = Dice(case.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let attributes = damaged(&attributes, &mut dice);
        let bytes = archive(&[("a.shp", &shapes), ("a.dbf", &attributes)]);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            if let Ok(table) = Table::from_bytes("a.zip", bytes.into(), &ReadOptions::default()) {
                use_all(&table);
            }
        }));
        assert!(outcome.is_ok(), "a.dbf, case {case} panicked");
    }
}

#[test]
fn damaged_csv_and_archives_are_an_error() {
    let text = b"id,lon,lat,note\n1,125.5,7.25,\"a, b\"\n2,125.6,7.26,c\n";
    survives_damage("test.csv", text, 3000);
    survives_damage("test.zip", &archive(&[("a.csv", text)]), 4000);
}

#[test]
fn damaged_reference_systems_are_an_error() {
    let json = Crs::from_epsg(3125)
        .unwrap()
        .to_projjson()
        .unwrap()
        .to_string();
    let wkt = r#"PROJCS["a",GEOGCS["b",DATUM["c",SPHEROID["d",6378137,298.25]],PRIMEM["e",0],UNIT["degree",0.0174]],PROJECTION["Mercator_2SP"],PARAMETER["standard_parallel_1",3],UNIT["metre",1]]"#;
    for case in 1..=3000_u64 {
        let mut dice = Dice(case.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let text = String::from_utf8_lossy(&damaged(json.as_bytes(), &mut dice)).into_owned();
        if let Ok(crs) = text.parse::<Crs>() {
            let _ = (
                tables::Projection::between(&crs, &Crs::wgs84()),
                crs.to_projjson(),
                crs.scale_error(125.0, 7.0),
            );
        }
    }
    // fewer, since each text that is well-formed is looked for in the whole registry
    for case in 1..=300_u64 {
        let mut dice = Dice(case.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let text = String::from_utf8_lossy(&damaged(wkt.as_bytes(), &mut dice)).into_owned();
        if let Ok(crs) = Crs::from_wkt(&text) {
            let _ = (
                tables::Projection::between(&crs, &Crs::wgs84()),
                crs.to_projjson(),
            );
        }
    }
}

fn message(name: &str, bytes: &[u8]) -> String {
    Table::from_bytes(name, bytes.to_vec().into(), &ReadOptions::default())
        .unwrap_err()
        .to_string()
}

#[test]
fn bad_files_are_explained() {
    assert!(message("a.parquet", b"").contains("0 bytes are too few for a Parquet file"));
    assert!(message("a.bin", b"").contains("not a known format (it is empty)"));
    assert!(message("a.bin", b"\x7fELF\x02\x01").contains(r"it begins with \x7fELF\x02\x01"));
    assert!(message("a.parquet", b"PAR1 and then nothing").contains("does not end in PAR1"));
    assert!(message("a.geojson", b"{}").contains("it has no `type`"));
    assert!(message("a.csv", b"").contains("it is empty"));
}

#[test]
fn a_footer_that_claims_three_gigabytes_is_refused() {
    let mut bytes = b"PAR1".to_vec();
    bytes.resize(1000, 0);
    bytes.extend(3_000_000_000_u32.to_le_bytes());
    bytes.extend(b"PAR1");
    let message = message("a.parquet", &bytes);
    assert!(
        message.contains("the footer claims 3000000000 bytes, the file has 1008"),
        "{message}"
    );
}

#[test]
fn a_list_that_claims_two_thousand_million_row_groups_is_refused() {
    // FileMetaData: field 1 (version) i32 1; field 4 (row groups): a list of 2^31 - 1 structures
    let footer = [0x15, 0x02, 0x39, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0x00];
    let mut bytes = b"PAR1".to_vec();
    bytes.extend(footer);
    bytes.extend((footer.len() as u32).to_le_bytes());
    bytes.extend(b"PAR1");
    let message = message("a.parquet", &bytes);
    assert!(message.contains("its footer is corrupt"), "{message}");
}

#[test]
fn a_page_that_claims_two_gigabytes_is_refused() {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..3000));
    let table = Table::new(vec![("n".into(), numbers)]).unwrap();
    let valid = table.to_geoparquet(&WriteOptions::default()).unwrap();
    // a page header begins with field 1, the kind of page, and field 2, its uncompressed size, as variable-length numbers
    let at = 4 + 3;
    assert_eq!((valid[4], valid[6]), (0x15, 0x15), "two fields of type i32");
    let length = valid[at..]
        .iter()
        .take_while(|byte| **byte & 0x80 != 0)
        .count()
        + 1;
    let claim = [0xfe, 0xff, 0xff, 0xff, 0x0f];

    let metadata = ParquetMetaDataReader::new()
        .parse_and_finish(&Bytes::from(valid.clone()))
        .unwrap();
    let group = metadata.row_group(0).clone();
    let chunk = group.column(0).clone();
    let end = 4 + chunk.compressed_size() as usize;
    let grown = chunk.compressed_size() + (claim.len() - length) as i64;
    let chunk = chunk
        .into_builder()
        .set_total_compressed_size(grown)
        .build()
        .unwrap();
    let group = group
        .into_builder()
        .set_column_metadata(vec![chunk])
        .build()
        .unwrap();
    let metadata = metadata.into_builder().set_row_groups(vec![group]).build();
    let mut bytes = [&valid[..at], &claim, &valid[at + length..end]].concat();
    ParquetMetaDataWriter::new(&mut bytes, &metadata)
        .finish()
        .unwrap();

    let message = message("a.parquet", &bytes);
    assert!(
        message.contains("column `n`: a page of") && message.contains("claims to hold 2147483647"),
        "{message}"
    );
}
