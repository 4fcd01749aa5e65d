//! Cross-checks with GDAL: what is written here it reads, what it cuts and burns comes out the same here.
//!
//! Skipped, with a word, where GDAL's programs are not installed.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use geo::{Coord, LineString, MultiPolygon, Polygon, coord};
use imagery::chip::{GeotiffOptions, write_geotiff};
use imagery::labels::LabelLayer;
use imagery::{
    Batch, Grid, HttpTransport, Limits, MemoryStore, NoProgress, NoRanges, Pixels, Sample, Scraper,
    Seams, Secrets, Setup, Status, Stop, SystemClock, Values,
};
use serde_json::{Value, json};
use tables::{Crs, Projection};

/// Runs one of GDAL's programs; `None` where it is not installed.
fn gdal(program: &str, arguments: &[&str]) -> Option<String> {
    let output = match Command::new(program).args(arguments).output() {
        Ok(output) => output,
        Err(_) => {
            println!("skipped: {program} is not installed");
            return None;
        }
    };
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn info(path: &Path) -> Option<Value> {
    gdal("gdalinfo", &["-json", path.to_str().unwrap()])
        .map(|text| serde_json::from_str(&text).unwrap())
}

fn read(path: &Path) -> Pixels {
    Pixels::decode(&std::fs::read(path).unwrap()).unwrap()
}

/// A coloured landscape without two equal rows or columns.
fn landscape(width: u32, height: u32, bands: u16) -> Pixels {
    let value = |x: u32, y: u32, band: u32| {
        let wave = (f64::from(x) / 7.0 + f64::from(band)).sin() * 60.0
            + (f64::from(y) / 11.0).cos() * 60.0;
        (128.0 + wave + f64::from((x * 31 + y * 17 + band * 7) % 13)) as u8
    };
    let values = (0..height)
        .flat_map(|y| {
            (0..width).flat_map(move |x| (0..u32::from(bands)).map(move |band| value(x, y, band)))
        })
        .collect();
    Pixels::new(width, height, bands, Values::U8(values)).unwrap()
}

fn swiss_grid(width: u32, height: u32) -> Grid {
    Grid {
        crs: Crs::from_epsg(2056).unwrap(),
        origin: (2_683_000.0, 1_248_000.0),
        pixel: (0.5, 0.5),
        width,
        height,
    }
}

/// lon/lat of a place of the Swiss grid.
fn lon_lat(x: f64, y: f64) -> (f64, f64) {
    let mut place = [coord! { x: x, y: y }];
    Projection::between(&Crs::from_epsg(2056).unwrap(), &Crs::wgs84())
        .unwrap()
        .project(&mut place)
        .unwrap();
    (place[0].x, place[0].y)
}

/// Pictures of a raster at places, as the scraper stores them.
fn pictures(
    raster: &Path,
    picture: &Value,
    resampling: &str,
    places: &[(f64, f64)],
) -> Vec<(Status, Option<Vec<u8>>)> {
    let source = json!({"kind": "cog", "url": raster.to_str().unwrap(), "resampling": resampling});
    let store = Arc::new(MemoryStore::default());
    let setup = Setup {
        source: serde_json::from_value(source).unwrap(),
        picture: serde_json::from_value(picture.clone()).unwrap(),
        limits: Limits::default(),
        workers: 1,
        seed: 1,
        keep_pictures: true,
        secrets: Secrets::default(),
        labels: None,
        measure: None,
    };
    let seams = Seams {
        transport: Arc::new(HttpTransport::new().unwrap()),
        store: store.clone(),
        ranges: Arc::new(NoRanges),
        clock: Arc::new(SystemClock),
    };
    let scraper = Scraper::new(setup, seams).unwrap();
    let sample = |(index, place): (usize, &(f64, f64))| Sample {
        sample_id: index.to_string(),
        lon: place.0,
        lat: place.1,
        heading: None,
        pitch: None,
        grid: None,
        key: index.to_string(),
    };
    let samples: Vec<Sample> = places.iter().enumerate().map(sample).collect();
    let batch = Batch {
        samples: &samples,
        known: &[],
        max_requests: None,
        progress: &NoProgress,
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let outcome = runtime
        .block_on(scraper.scrape_batch(batch, &Stop::never()))
        .unwrap();
    assert!(outcome.halt.is_none(), "{:?}", outcome.halt);
    let objects = store.objects();
    outcome
        .rows
        .iter()
        .map(|row| {
            (
                row.status,
                objects.get(&row.sample_id).map(|bytes| bytes.to_vec()),
            )
        })
        .collect()
}

fn write(directory: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

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
        gdal(
            "gdal_translate",
            &[
                "-q",
                "-srcwin",
                "100",
                "90",
                "64",
                "64",
                raster.to_str().unwrap(),
                window.to_str().unwrap(),
            ],
        );
        let ours = write(directory.path(), "ours.tif", taken[0].1.as_ref().unwrap());
        assert_eq!(read(&ours), read(&window), "{name}");
        assert_eq!(
            info(&ours).unwrap()["geoTransform"],
            info(&window).unwrap()["geoTransform"],
            "{name}"
        );
        gdal(
            "gdal_translate",
            &[
                "-q",
                "-srcwin",
                "664",
                "368",
                "64",
                "64",
                raster.to_str().unwrap(),
                window.to_str().unwrap(),
            ],
        );
        let ours = write(directory.path(), "ours.tif", taken[1].1.as_ref().unwrap());
        assert_eq!(read(&ours), read(&window), "{name} across the edge");
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
    gdal(
        "gdal_translate",
        &[
            "-q",
            "-srcwin",
            "100",
            "100",
            "100",
            "100",
            raster.to_str().unwrap(),
            window.to_str().unwrap(),
        ],
    );
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

/// The shapes, burnt by `gdal_rasterize` in their order; `None` where it is not installed.
fn rasterised(shapes: &[(MultiPolygon, f64)], grid: &Grid) -> Option<Vec<u8>> {
    let directory = tempfile::tempdir().unwrap();
    let features: Vec<Value> = shapes
        .iter()
        .map(|(shape, value)| {
            let ring = |ring: &LineString| ring.coords().map(|place| json!([place.x, place.y])).collect::<Vec<_>>();
            let part = |part: &Polygon| {
                std::iter::once(part.exterior()).chain(part.interiors()).map(ring).collect::<Vec<_>>()
            };
            let coordinates: Vec<_> = shape.iter().map(part).collect();
            json!({"type": "Feature", "properties": {"class": value}, "geometry": {"type": "MultiPolygon", "coordinates": coordinates}})
        })
        .collect();
    let collection = json!({
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32630"}},
        "features": features,
    });
    let layer = write(
        directory.path(),
        "labels.geojson",
        collection.to_string().as_bytes(),
    );
    let burnt = directory.path().join("burnt.tif");
    let bounds = grid.bounds();
    let extent = [
        bounds.min().x,
        bounds.min().y,
        bounds.max().x,
        bounds.max().y,
    ]
    .map(|number| number.to_string());
    gdal(
        "gdal_rasterize",
        &[
            "-q",
            "-a",
            "class",
            "-ot",
            "Byte",
            "-te",
            &extent[0],
            &extent[1],
            &extent[2],
            &extent[3],
            "-ts",
            &grid.width.to_string(),
            &grid.height.to_string(),
            layer.to_str().unwrap(),
            burnt.to_str().unwrap(),
        ],
    )?;
    Some(read(&burnt).bytes().unwrap().to_vec())
}

#[test]
fn labels_with_edges_through_the_centres_of_pixels_are_those_of_gdal_rasterize() {
    const CELL: i32 = 16;
    let crs = Crs::from_epsg(32630).unwrap();
    let mut luck = 6_789_u64;
    let mut random = move |below: i32| {
        luck = luck
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (luck >> 33) as i32 % below
    };
    // Pixels whose sides are round in binary numbers, and such that every place is rounded.
    for pixel in [1.0, 4.75, 0.1, 4.777_314_267_823_516] {
        let grid = Grid {
            crs: crs.clone(),
            origin: (-128.0 * pixel, 128.0 * pixel),
            pixel: (pixel, pixel),
            width: 256,
            height: 256,
        };
        // One shape to each cell of 16 pixels; cells share their borders.
        let shapes: Vec<(MultiPolygon, f64)> = (0..255)
            .map(|cell| {
                // Corners in half pixels: centres and corners of pixels alike.
                let mut ring = |kind: i32| -> LineString {
                    let mut corners: Vec<(i32, i32)> = (0..3 + random(6))
                        .map(|_| (random(2 * CELL + 1), random(2 * CELL + 1)))
                        .collect();
                    let [(x, y), (right, upper), ..] = corners[..] else {
                        panic!()
                    };
                    match kind {
                        0 => corners = vec![(x, y), (right, y), (right, upper), (x, upper)],
                        1 => corners.sort_by(|a, b| {
                            let angle = |corner: &(i32, i32)| {
                                f64::from(corner.1 - CELL).atan2(f64::from(corner.0 - CELL))
                            };
                            angle(a).total_cmp(&angle(b))
                        }),
                        // As they come: the ring may cross itself.
                        _ => {}
                    }
                    if random(2) == 0 {
                        corners.reverse();
                    }
                    let place = |(x, y): (i32, i32)| {
                        let (column, row) =
                            (2 * CELL * (cell % 16) + x, 2 * CELL * (cell / 16) + y);
                        (
                            grid.origin.0 + f64::from(column) / 2.0 * pixel,
                            grid.origin.1 - f64::from(row) / 2.0 * pixel,
                        )
                    };
                    corners.into_iter().map(place).collect()
                };
                let holed = Polygon::new(ring(cell % 3), vec![ring(cell / 3 % 3)]);
                let mut parts = vec![holed];
                if cell % 2 == 0 {
                    parts.push(Polygon::new(ring(cell / 9 % 3), Vec::new()));
                }
                (MultiPolygon::new(parts), f64::from(cell + 1))
            })
            .collect();
        let Some(theirs) = rasterised(&shapes, &grid) else {
            return;
        };
        let layer = LabelLayer::new(shapes, crs.clone()).unwrap();
        let ours = layer.burn(&grid, 0.0).unwrap().values;
        assert!(ours.iter().filter(|value| **value > 0.0).count() > 10_000);
        let ours = ours.iter().map(|value| *value as u8);
        let other = ours.zip(&theirs).filter(|(a, b)| a != *b).count();
        assert_eq!(other, 0, "pixels of {pixel}");
    }
}

#[test]
fn labels_are_those_of_gdal_rasterize() {
    let crs = Crs::from_epsg(32630).unwrap();
    let grid = Grid {
        crs: crs.clone(),
        origin: (500_000.0, 900_000.0),
        pixel: (4.75, 4.75),
        width: 256,
        height: 200,
    };
    let mut luck = 12345_u64;
    let mut random = move || {
        luck = luck
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (luck >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut shapes: Vec<(MultiPolygon, f64)> = Vec::new();
    for index in 0..60 {
        let mut star = |x: f64, y: f64, radius: f64, corners: usize, phase: f64| -> LineString {
            let corner = |step: usize, reach: f64| {
                let angle = phase + std::f64::consts::TAU * step as f64 / corners as f64;
                coord! { x: x + radius * reach * angle.cos(), y: y + radius * reach * angle.sin() }
            };
            let mut ring: Vec<Coord> = (0..corners)
                .map(|step| corner(step, 0.4 + 0.6 * random()))
                .collect();
            ring.push(ring[0]);
            LineString::new(ring)
        };
        let (x, y) = (
            499_900.0 + 1400.0 * (index as f64 * 0.618).fract(),
            899_000.0 + 1100.0 * (index as f64 * 0.377).fract(),
        );
        let outer = star(x, y, 150.0, 7 + index % 30, 0.1);
        // A hole well inside, a second part far off, and now and then a sliver.
        let hole = star(x, y, 40.0, 5, 0.3);
        let mut parts = vec![
            Polygon::new(outer, vec![hole]),
            Polygon::new(star(x + 400.0, y, 60.0, 5, 0.2), Vec::new()),
        ];
        if index % 5 == 0 {
            let sliver = vec![
                (x, y + 300.0),
                (x + 300.0, y + 300.7),
                (x + 300.0, y + 301.0),
                (x, y + 300.0),
            ];
            parts.push(Polygon::new(LineString::from(sliver), Vec::new()));
        }
        shapes.push((MultiPolygon::new(parts), (index % 9 + 1) as f64));
    }
    // GDAL burns in the order of the file and the last wins: the largest value comes last there too.
    shapes.sort_by(|a, b| a.1.total_cmp(&b.1));
    let Some(theirs) = rasterised(&shapes, &grid) else {
        return;
    };
    let mask = LabelLayer::new(shapes, crs)
        .unwrap()
        .burn(&grid, 0.0)
        .unwrap();
    let labelled = mask.values.iter().filter(|value| **value > 0.0).count();
    assert!(labelled > 10_000, "{labelled}");
    let other = mask
        .values
        .iter()
        .zip(&theirs)
        .filter(|(ours, theirs)| **ours != f64::from(**theirs))
        .count();
    assert_eq!(other, 0, "of {labelled} labelled pixels");
}
