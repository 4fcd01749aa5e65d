//! Prints what planning costs: CPU seconds and peak memory of each of three plans, made-up but for
//! the census tracts, which are read from the folder in `TRANSECT_DATA` where that is set.
//!
//! `cargo run --release -p sampling --example timings [star | tracts | roads]`
#![allow(clippy::unwrap_used, clippy::panic)]

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use arrow_array::{ArrayRef, Int64Array, StringArray};
use geo::{Coord, Geometry, LineString, Polygon, coord};
use sampling::{AreaPlan, Batches, RoadPlan, RoadsInput, plan_areas, plan_roads};
use tables::{Crs, ReadOptions, Table};

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("star") => star(),
        Some("tracts") => tracts(),
        Some("roads") => roads(),
        _ => Err("star, tracts or roads".into()),
    }
}

/// A million points in a polygon of 100,000 vertices, all of them spikes.
fn star() -> Result<(), Box<dyn Error>> {
    let n = 100_000;
    let spikes: LineString = (0..n)
        .map(|i| {
            let angle = f64::from(i) / f64::from(n) * std::f64::consts::TAU;
            let r = 0.5 + 0.5 * (f64::from(i) * 0.618_033_988_749_895).fract();
            coord! {x: 8.0 + r * angle.cos(), y: 47.0 + r * angle.sin()}
        })
        .collect();
    let star: Geometry = Polygon::new(spikes, vec![]).into();
    let id: ArrayRef = Arc::new(StringArray::from(vec!["star"]));
    let areas = Table::new(vec![("id".into(), id)])?.with_geometries(
        "geometry",
        &[Some(star)],
        Crs::wgs84(),
    )?;
    areas_plan(&areas, "id", 1_000_000)
}

/// Ten points in each of Chicago's 801 tracts.
fn tracts() -> Result<(), Box<dyn Error>> {
    let data = std::env::var("TRANSECT_DATA")?;
    let areas = Table::open(
        format!("{data}/chicago/tracts.geojson"),
        &ReadOptions::default(),
    )?;
    areas_plan(&areas, "geoid10", 10)
}

fn areas_plan(areas: &Table, id: &str, per_area: u32) -> Result<(), Box<dyn Error>> {
    let plan = AreaPlan {
        file: "areas".into(),
        id: id.into(),
        per_area: Some(per_area),
        ..AreaPlan::default()
    };
    let before = Cost::now();
    let planned = plan_areas(areas, &plan, 7, Batches::default())?;
    before.print(&format!("{} samples", planned.samples.len()));
    Ok(())
}

/// Great Britain's size: 425,000 bent streets of 250 m, 10 million points, written out.
fn roads() -> Result<(), Box<dyn Error>> {
    let streets: Vec<Option<Geometry>> = (0..425_000).map(|n| Some(street(n).into())).collect();
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(1..=425_000));
    let table = Table::new(vec![("osm_way_id".into(), ids)])?.with_geometries(
        "geometry",
        &streets,
        Crs::wgs84(),
    )?;
    drop(streets);
    let before = Cost::now();
    let planned = plan_roads(
        RoadsInput::Table(&table),
        None,
        &RoadPlan::of("roads"),
        Batches::Size(100_000),
    )?;
    let points = planned
        .network
        .as_ref()
        .map_or(0, |network| network.points_kept);
    before.print(&format!("{points} points planned"));
    planned.write_geoparquet(std::io::sink())?;
    before.print(&format!("{} samples written", planned.samples.len()));
    Ok(())
}

/// Twelve vertices, a little to and fro.
fn street(n: u32) -> LineString {
    let (column, row) = (n % 800, n / 800);
    let corner = coord! {x: -6.0 + f64::from(column) * 0.01, y: 50.0 + f64::from(row) * 0.015};
    (0..12)
        .map(|vertex| {
            let sway = f64::from(vertex % 2) * 0.000_02;
            Coord {
                x: corner.x + f64::from(vertex) * 0.000_33,
                y: corner.y + sway,
            }
        })
        .collect()
}

/// Processor time and memory of this process, from Linux.
struct Cost {
    started: Instant,
    cpu_s: f64,
}

impl Cost {
    fn now() -> Self {
        Self {
            started: Instant::now(),
            cpu_s: cpu_seconds(),
        }
    }

    fn print(&self, what: &str) {
        let (wall, cpu) = (
            self.started.elapsed().as_secs_f64(),
            cpu_seconds() - self.cpu_s,
        );
        println!("{what}: {cpu:.3} CPU s, {wall:.3} s, peak {} MB", peak_mb());
    }
}

/// User and system time in the unit of the kernel, hundredths of a second.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |field: usize| {
        fields
            .get(field)
            .and_then(|text| text.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    (ticks(11) + ticks(12)) / 100.0
}

fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = line
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|kb| kb.parse::<u64>().ok());
    kb.unwrap_or(0) / 1024
}
