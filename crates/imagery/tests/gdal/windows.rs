//! Windows of rasters are those that GDAL cuts.

use std::path::Path;

use imagery::{Pixels, Status};
use raster::geotiff::{GeotiffOptions, write_geotiff};
use serde_json::json;

use super::{gdal, info, landscape, lon_lat, pictures, read, swiss_grid, write};

/// What GDAL cuts out of a raster: left and top pixel, width and height.
fn cut(raster: &Path, window: &Path, place: [u32; 4]) {
    let [left, top, width, height] = place.map(|number| number.to_string());
    let (raster, window) = (raster.to_str().unwrap(), window.to_str().unwrap());
    gdal(
        "gdal_translate",
        &[
            "-q", "-srcwin", &left, &top, &width, &height, raster, window,
        ],
    );
}

#[test]
fn windows_of_own_pixels_are_those_of_gdal_whatever_the_packing() {
    let directory = tempfile::tempdir().unwrap();
    let pixels = landscape(700, 600, 3);
    let plain = write(
        directory.path(),
        "plain.tif",
        &write_geotiff(&pixels, &swiss_grid(700, 600), &GeotiffOptions::default()).unwrap(),
    );
    let plain = plain.to_str().unwrap();
    let variants: [(&str, &[&str]); 6] = [
        (
            "deflate.tif",
            &[
                "-of",
                "COG",
                "-co",
                "COMPRESS=DEFLATE",
                "-co",
                "PREDICTOR=YES",
            ],
        ),
        ("lzw.tif", &["-of", "COG", "-co", "COMPRESS=LZW"]),
        (
            "zstd.tif",
            &["-of", "COG", "-co", "COMPRESS=ZSTD", "-co", "BLOCKSIZE=128"],
        ),
        ("none.tif", &["-of", "COG", "-co", "COMPRESS=NONE"]),
        (
            "planar.tif",
            &[
                "-co",
                "TILED=YES",
                "-co",
                "INTERLEAVE=BAND",
                "-co",
                "COMPRESS=DEFLATE",
            ],
        ),
        (
            "big.tif",
            &["-of", "COG", "-co", "BIGTIFF=YES", "-ot", "UInt16"],
        ),
    ];
    // Middle of the window at column and row 100, 90 of 64 pixels; one across the right edge; one outside.
    let places = [
        lon_lat(2_683_066.0, 1_247_939.0),
        lon_lat(2_683_348.0, 1_247_800.0),
        lon_lat(2_690_000.0, 1_247_800.0),
    ];
    for (name, options) in variants {
        let raster = directory.path().join(name);
        let mut arguments = vec!["-q"];
        arguments.extend(options);
        arguments.extend([plain, raster.to_str().unwrap()]);
        if gdal("gdal_translate", &arguments).is_none() {
            return;
        }
        let taken = pictures(
            &raster,
            &json!({"size_px": 64, "format": "tiff"}),
            "nearest",
            &places,
        );
        let window = directory.path().join("window.tif");
        cut(&raster, &window, [100, 90, 64, 64]);
        let ours = write(directory.path(), "ours.tif", taken[0].1.as_ref().unwrap());
        assert_eq!(read(&ours), read(&window), "{name}");
        assert_eq!(
            info(&ours).unwrap()["geoTransform"],
            info(&window).unwrap()["geoTransform"],
            "{name}"
        );
        cut(&raster, &window, [664, 368, 64, 64]);
        let ours = write(directory.path(), "ours.tif", taken[1].1.as_ref().unwrap());
        assert_eq!(
            read(&ours).values(),
            read(&window).values(),
            "{name} across the edge"
        );
        assert_eq!(taken[2].0, Status::NoImagery, "{name}");
    }
}

#[test]
fn other_pixels_are_those_of_gdalwarp() {
    let directory = tempfile::tempdir().unwrap();
    let pixels = landscape(1200, 1100, 3);
    let raster = write(
        directory.path(),
        "large.tif",
        &write_geotiff(&pixels, &swiss_grid(1200, 1100), &GeotiffOptions::default()).unwrap(),
    );
    let center = (2_683_300.123, 1_247_730.456);
    let place = lon_lat(center.0, center.1);
    for (pixel_m, px) in [
        (0.37, 120_u32),
        (0.5123, 100),
        (0.8, 90),
        (1.3, 80),
        (2.7, 60),
    ] {
        for how in ["near", "bilinear"] {
            let half = pixel_m * f64::from(px) / 2.0;
            let warped = directory.path().join("warped.tif");
            let corners = [
                center.0 - half,
                center.1 - half,
                center.0 + half,
                center.1 + half,
            ]
            .map(|number| format!("{number:.6}"));
            let size = px.to_string();
            let done = gdal(
                "gdalwarp",
                &[
                    "-q",
                    "-overwrite",
                    "-r",
                    how,
                    "-te",
                    &corners[0],
                    &corners[1],
                    &corners[2],
                    &corners[3],
                    "-ts",
                    &size,
                    &size,
                    raster.to_str().unwrap(),
                    warped.to_str().unwrap(),
                ],
            );
            if done.is_none() {
                return;
            }
            let resampling = if how == "near" { "nearest" } else { "bilinear" };
            let taken = pictures(
                &raster,
                &json!({"size_px": px, "pixel_m": pixel_m, "format": "tiff"}),
                resampling,
                &[place],
            );
            let ours = read(&write(
                directory.path(),
                "ours.tif",
                taken[0].1.as_ref().unwrap(),
            ));
            let theirs = read(&warped);
            let differences: Vec<u8> = ours
                .bytes()
                .unwrap()
                .iter()
                .zip(theirs.bytes().unwrap())
                .map(|(a, b)| a.abs_diff(*b))
                .collect();
            let largest = differences.iter().max().copied().unwrap();
            if how == "bilinear" {
                assert!(largest <= 1, "{pixel_m} {how}: {largest}");
            } else {
                // A centre that falls on an edge of the source within rounding may go either way.
                let other = differences
                    .iter()
                    .filter(|difference| **difference > 0)
                    .count();
                assert!(
                    other * 1000 <= differences.len(),
                    "{pixel_m} {how}: {other} of {}",
                    differences.len()
                );
            }
        }
    }
}

#[test]
fn the_aerial_photograph_of_zurich_is_read_like_gdal_reads_it() {
    let Some(data) = std::env::var_os("TRANSECT_DATA") else {
        println!("skipped: TRANSECT_DATA is not set");
        return;
    };
    let raster = Path::new(&data).join("imagery/zurich_aerial.tif");
    let directory = tempfile::tempdir().unwrap();
    let Some(info) = info(&raster) else { return };
    let transform: Vec<f64> = serde_json::from_value(info["geoTransform"].clone()).unwrap();
    let center = lon_lat(
        transform[0] + 150.0 * transform[1],
        transform[3] + 150.0 * transform[5],
    );
    let taken = pictures(
        &raster,
        &json!({"size_m": 50, "format": "tiff"}),
        "nearest",
        &[center],
    );
    let window = directory.path().join("window.tif");
    cut(&raster, &window, [100, 100, 100, 100]);
    let (ours, theirs) = (
        Pixels::decode(taken[0].1.as_ref().unwrap()).unwrap(),
        read(&window),
    );
    assert_eq!((ours.width(), ours.height(), ours.bands()), (100, 100, 3));
    // JPEG decoders differ in how they round and enlarge colour; the picture is the same.
    let difference: f64 = ours
        .bytes()
        .unwrap()
        .iter()
        .zip(theirs.bytes().unwrap())
        .map(|(a, b)| f64::from(a.abs_diff(*b)))
        .sum();
    assert!(difference / 30_000.0 < 1.0, "{}", difference / 30_000.0);
}
