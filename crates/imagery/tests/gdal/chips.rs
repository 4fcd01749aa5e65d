//! What is written here, GDAL reads.

use imagery::{Grid, Pixels, Values};
use raster::geotiff::{GeotiffOptions, write_geotiff};
use serde_json::{Value, json};
use tables::Crs;

use super::{gdal, info, landscape, read, swiss_grid, write};

#[test]
fn gdal_reads_reference_system_transform_names_nodata_and_type() {
    let directory = tempfile::tempdir().unwrap();
    let options = GeotiffOptions {
        band_names: vec!["B".to_owned(), "G & R".to_owned()],
        nodata: Some(0.0),
        ..GeotiffOptions::default()
    };
    let values: Vec<u16> = (0..60 * 40 * 2).map(|i| (i * 13 % 60_000) as u16).collect();
    let pixels = Pixels::new(60, 40, 2, Values::U16(values.clone())).unwrap();
    for (epsg, origin, pixel) in [
        (32630, (500_000.0, 900_000.5), 4.75),
        (4326, (8.5, 47.25), 0.001),
        (3857, (0.0, 0.0), 4.777314267823516),
    ] {
        let grid = Grid {
            crs: Crs::from_epsg(epsg).unwrap(),
            origin,
            pixel: (pixel, pixel),
            width: 60,
            height: 40,
        };
        let path = write(
            directory.path(),
            "chip.tif",
            &write_geotiff(&pixels, &grid, &options).unwrap(),
        );
        let Some(info) = info(&path) else { return };
        assert_eq!(info["stac"]["proj:epsg"], json!(epsg));
        let transform: Vec<f64> = serde_json::from_value(info["geoTransform"].clone()).unwrap();
        assert_eq!(transform, grid.geo_transform());
        let bands = info["bands"].as_array().unwrap();
        assert_eq!(
            (&bands[0]["description"], &bands[1]["description"]),
            (&json!("B"), &json!("G & R"))
        );
        assert_eq!(
            (&bands[0]["type"], &bands[0]["noDataValue"]),
            (&json!("UInt16"), &json!(0.0))
        );
        let raw = directory.path().join("raw.bin");
        gdal(
            "gdal_translate",
            &[
                "-q",
                "-of",
                "ENVI",
                "-co",
                "INTERLEAVE=BIP",
                path.to_str().unwrap(),
                raw.to_str().unwrap(),
            ],
        );
        let seen: Vec<u16> = std::fs::read(raw)
            .unwrap()
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        assert_eq!(seen, values);
    }
}

#[test]
fn a_large_picture_has_overviews_that_gdal_finds() {
    let directory = tempfile::tempdir().unwrap();
    let pixels = landscape(1300, 700, 3);
    let path = write(
        directory.path(),
        "large.tif",
        &write_geotiff(&pixels, &swiss_grid(1300, 700), &GeotiffOptions::default()).unwrap(),
    );
    let Some(info) = info(&path) else { return };
    let overviews: Vec<Value> = info["bands"][0]["overviews"]
        .as_array()
        .unwrap()
        .iter()
        .map(|overview| overview["size"].clone())
        .collect();
    assert_eq!(
        overviews,
        [json!([650, 350]), json!([325, 175]), json!([163, 88])]
    );
    assert_eq!(info["bands"][0]["block"], json!([256, 256]));
    assert_eq!(info["bands"][0]["colorInterpretation"], "Red");
}

#[test]
fn gdal_reads_bands_apart_whichever_way_each_is_packed() {
    // A gentle slope packs by the fixed code, noise over all 16 bits by none, classes to next to nothing.
    let mut luck = 42_u64;
    let values: Vec<u16> = (0..200 * 100_u32)
        .flat_map(|at| {
            luck = luck
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let noise = (luck >> 48) as u16;
            let slope = (1000 + at % 200 * 3) as u16 + noise % 4;
            [slope, noise, u16::from(at % 200 > 60)]
        })
        .collect();
    let pixels = Pixels::new(200, 100, 3, Values::U16(values)).unwrap();
    let grid = Grid {
        crs: Crs::from_epsg(32630).unwrap(),
        origin: (500_000.0, 900_000.0),
        pixel: (5.0, 5.0),
        width: 200,
        height: 100,
    };
    let file = write_geotiff(&pixels, &grid, &GeotiffOptions::default()).unwrap();
    // The noise as it stands, under half of the slope, and little besides.
    assert!(file.len() < 40_000 + 20_000 + 2_000, "{}", file.len());
    assert_eq!(Pixels::decode(&file).unwrap(), pixels);
    let directory = tempfile::tempdir().unwrap();
    let ours = write(directory.path(), "ours.tif", &file);
    let Some(told) = info(&ours) else { return };
    assert_eq!(
        told["metadata"]["IMAGE_STRUCTURE"]["INTERLEAVE"],
        json!("BAND")
    );
    let plain = directory.path().join("plain.tif");
    let paths = [ours.to_str().unwrap(), plain.to_str().unwrap()];
    let how = ["-q", "-co", "INTERLEAVE=PIXEL"];
    gdal("gdal_translate", &[&how[..], &paths[..]].concat());
    assert_eq!(read(&plain), pixels);
}
