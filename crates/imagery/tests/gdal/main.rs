//! Cross-checks with GDAL: what is written here it reads, what it cuts and burns comes out the same here.
//!
//! Skipped, with a word, where GDAL's programs are not installed.
#![allow(clippy::unwrap_used, clippy::panic)]

mod chips;
mod labels;
mod windows;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use geo::coord;
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
