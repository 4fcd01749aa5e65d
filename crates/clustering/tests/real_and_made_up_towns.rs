//! Towns of many shapes, and a real one where `TRANSECT_DATA` says where it is.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use clustering::{Budget, Params, Report, cluster_table, enclosing_circle};
use geo::Coord;
use serde_json::json;
use synthetic::{Shape, TownSpec, town};
use tables::{Crs, Projection, ReadOptions, Table};

fn settings(value: serde_json::Value) -> Params {
    serde_json::from_value(value).expect("settings")
}

fn report(table: &Table, params: &Params) -> Report {
    cluster_table(table, params, &Budget::unlimited())
        .expect("clusters")
        .report
}

#[test]
fn towns_of_all_shapes_are_connected_and_in_range() {
    for shape in [
        Shape::Town,
        Shape::Coast,
        Shape::TwoValleys,
        Shape::DenseCore,
        Shape::ManyIslands,
    ] {
        let table = town(&TownSpec::new(shape, 8_000, 3)).expect("a town");
        let report = report(
            &table,
            &settings(
                json!({"starts": 1, "desired_cluster_weight": 60, "desired_cluster_radius": 800}),
            ),
        );
        assert_eq!(report.share_contiguous, Some(1.0), "{shape:?}");
        assert_eq!(report.flags.oversized, 0, "{shape:?}");
        // Only islands may be too light.
        assert!(
            report.flags.undersized < report.components,
            "{shape:?}: {report}"
        );
    }
}

#[test]
fn rooftops_are_clustered_by_their_number() {
    let table = town(&TownSpec::new(Shape::Rooftops, 2_000, 3)).expect("a town");
    let report = report(
        &table,
        &settings(
            json!({"starts": 1, "desired_cluster_weight": 30, "min_weight": 15, "max_weight": 50, "desired_cluster_radius": 550}),
        ),
    );
    assert_eq!(report.weight_column, None);
    assert_eq!(report.share_contiguous, Some(1.0));
    assert_eq!(report.flags.oversized, 0);
}

/// The demo grids, or nothing with a word of why.
fn demo_grids() -> Option<Table> {
    let Some(folder) = std::env::var_os("TRANSECT_DATA") else {
        eprintln!("skipped: TRANSECT_DATA is not set");
        return None;
    };
    let path = PathBuf::from(folder).join("grids/grids.parquet");
    Some(Table::open(path, &ReadOptions::default()).expect("the demo grids"))
}

/// What the table says of one cluster.
#[derive(Clone, Default)]
struct Cluster {
    people: f64,
    places: Vec<Coord>,
    cells: Vec<(i64, i64)>,
}

/// Shares of clusters and of weight that are in range, within the radius and connected, from the written table alone.
fn all_three(clustered: &Table, radius: f64) -> (f64, f64) {
    let ids = clustered.texts("cluster_id").expect("ids");
    let people = clustered.numbers("population").expect("people");
    let degrees = clustered.points().expect("geometry").expect("points");
    let mut metres = degrees.clone();
    let plane = Crs::from_epsg(3121).expect("a plane");
    Projection::between(&clustered.crs(), &plane)
        .and_then(|projection| projection.project(&mut metres))
        .expect("metres");
    let mut clusters: BTreeMap<String, Cluster> = BTreeMap::new();
    for (row, id) in ids.into_iter().enumerate() {
        let cluster = clusters.entry(id.expect("an id")).or_default();
        cluster.people += people[row].expect("people");
        cluster.places.push(metres[row]);
        let cell = |degree: f64| (degree * 1200.0 - 0.5).round() as i64;
        cluster
            .cells
            .push((cell(degrees[row].x), cell(degrees[row].y)));
    }
    let (mut good, mut weight, mut total) = (0.0, 0.0, 0.0);
    for cluster in clusters.values().cloned() {
        let Cluster {
            people,
            places,
            mut cells,
        } = cluster;
        total += people;
        let mut queue = vec![cells.swap_remove(0)];
        while let Some((x, y)) = queue.pop() {
            let (near, far) = cells
                .into_iter()
                .partition::<Vec<_>, _>(|c| (c.0 - x).abs() <= 1 && (c.1 - y).abs() <= 1);
            queue.extend(near);
            cells = far;
        }
        assert!(cells.is_empty(), "a cluster is in pieces");
        assert!(
            (180.0..=300.0).contains(&people),
            "{people} people are out of range"
        );
        if enclosing_circle(&places).radius <= radius {
            good += 1.0;
            weight += people;
        }
    }
    (good / clusters.len() as f64, weight / total)
}

#[test]
fn the_demo_grids_reach_their_targets() {
    let Some(table) = demo_grids() else { return };
    for (params, radius, least) in [
        (json!({"projected_epsg": 3121}), 1000.0, 0.45),
        (json!({"projected_epsg": 3121, "starts": 1}), 1000.0, 0.38),
        (
            json!({"projected_epsg": 3121, "desired_cluster_radius": 2000}),
            2000.0,
            0.76,
        ),
    ] {
        let clustered =
            cluster_table(&table, &settings(params), &Budget::unlimited()).expect("clusters");
        let (clusters, weight) = all_three(&clustered.table, radius);
        assert!(
            clusters >= least && weight >= least,
            "{clusters} of clusters, {weight} of weight at {radius} m"
        );
        assert_eq!(clustered.report.share_all_three, Some(clusters));
    }
}
