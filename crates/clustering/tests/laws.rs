//! What holds for every grid, whatever its shape and weights.
#![allow(clippy::unwrap_used, clippy::panic)]

mod grid;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::Float64Array;
use geo::coord;
use grid::{Cell, cluster, is_connected, members, table};
use proptest::prelude::*;
use serde_json::json;
use tables::{Crs, Table};

/// A ragged grid: some cells missing, weights of all sizes, some of them zero.
fn grids() -> impl Strategy<Value = Vec<Cell>> {
    let weight = prop_oneof![1 => Just(0.0), 6 => 0.0..4.0, 1 => 0.0..25.0];
    prop::collection::vec((prop::bool::weighted(0.85), weight), 12 * 14).prop_map(|cells| {
        (0i32..)
            .zip(cells)
            .filter(|(_, (present, _))| *present)
            .map(|(number, (_, weight))| (number % 14, number / 14, weight))
            .collect()
    })
}

fn settings() -> serde_json::Value {
    json!({"desired_cluster_weight": 30, "desired_cluster_radius": 350, "starts": 2})
}

fn clusters(cells: &[Cell]) -> BTreeMap<String, BTreeSet<(i32, i32)>> {
    members(&cluster(&table(cells), settings()).expect("clusters").table)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_row_is_in_one_connected_cluster_and_weights_add_up(cells in grids()) {
        let clustered = cluster(&table(&cells), settings()).expect("clusters");
        let weights: BTreeMap<(i32, i32), f64> =
            cells.iter().map(|&(column, row, weight)| ((column, row), weight)).collect();
        let members = members(&clustered.table);
        prop_assert_eq!(members.values().map(BTreeSet::len).sum::<usize>(), cells.len());
        let told: BTreeMap<_, _> = clustered
            .table
            .texts("cluster_id")
            .expect("ids")
            .into_iter()
            .zip(clustered.table.numbers("cluster_weight").expect("weights"))
            .collect();
        for (id, cells) in members {
            prop_assert!(is_connected(&cells), "{id} is in pieces");
            let weight: f64 = cells.iter().map(|cell| weights[cell]).sum();
            prop_assert!((told[&Some(id)].expect("a weight") - weight).abs() < 1e-9);
            prop_assert!(weight <= 37.5 || cells.len() == 1, "{weight} is too heavy");
        }
    }

    #[test]
    fn the_order_of_the_rows_changes_nothing(cells in grids(), seed in any::<u64>()) {
        let mut shuffled = cells.clone();
        shuffled.sort_by_key(|&(column, row, _)| {
            (i64::from(column * 31 + row * 17) ^ seed as i64).wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as i64)
        });
        prop_assert_eq!(clusters(&cells), clusters(&shuffled));
    }

    #[test]
    fn the_number_of_threads_changes_nothing(cells in grids()) {
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("a pool").install(|| clusters(&cells))
        };
        prop_assert_eq!(on(1), on(3));
    }

    #[test]
    fn doubling_weights_and_targets_changes_nothing(cells in grids()) {
        let doubled: Vec<Cell> = cells.iter().map(|&(c, r, weight)| (c, r, 2.0 * weight)).collect();
        let mut twice = settings();
        twice["desired_cluster_weight"] = 60.into();
        let clustered = cluster(&table(&doubled), twice).expect("clusters");
        prop_assert_eq!(clusters(&cells), members(&clustered.table));
    }

    #[test]
    fn shifting_the_map_changes_nothing(cells in grids(), east in -40i32..40, north in -40i32..40) {
        let at = |east: i32, north: i32| {
            let points: Vec<_> = cells
                .iter()
                .map(|&(column, row, _)| coord! {
                    x: f64::from(500_000 + 96 * column + 1024 * east),
                    y: f64::from(1_600_000 + 96 * row + 1024 * north),
                })
                .collect();
            let utm = Crs::from_epsg(32651).expect("UTM zone 51");
            let table = table(&cells).with_points("geometry", &points, utm).expect("a table");
            let mut settings = settings();
            settings["projected_epsg"] = 32651.into();
            members(&cluster(&table, settings).expect("clusters").table)
        };
        prop_assert_eq!(at(0, 0), at(east, north));
    }
}

/// Tables below 100 cells: any shape, islands, totals where no number of clusters fits.
fn small_tables() -> impl Strategy<Value = (Vec<Cell>, f64, f64, f64)> {
    let cells = (1i32..10, 1i32..10).prop_flat_map(|(columns, rows)| {
        let weight = prop_oneof![1 => Just(0.0), 5 => 0.0..2.0, 1 => 0.0..60.0];
        let size = (columns * rows) as usize;
        prop::collection::vec((prop::bool::weighted(0.8), weight), size).prop_map(move |cells| {
            (0i32..)
                .zip(cells)
                .filter(|(_, (present, _))| *present)
                .map(|(number, (_, weight))| (number % columns, number / columns, weight))
                .collect()
        })
    });
    (cells, 0.2..3.0, 0.5..1.0, 1.0..1.6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn small_tables_take_no_time(
        (cells, share, least, most) in small_tables(),
        method in prop_oneof![9 => Just("balanced"), 1 => Just("tuned_kmeans")],
        conflict in prop_oneof![Just("weight"), Just("radius")],
    ) {
        let total: f64 = cells.iter().map(|cell| cell.2).sum();
        // About one to five clusters, where the numbers that fit have gaps.
        let target = (total * share / 2.0).max(0.1);
        let settings = json!({
            "desired_cluster_weight": target, "min_weight": least * target, "max_weight": most * target,
            "desired_cluster_radius": 150, "method": method, "on_conflict": conflict,
        });
        let started = std::time::Instant::now();
        let clustered = cluster(&table(&cells), settings).expect("clusters");
        prop_assert_eq!(clustered.table.rows(), cells.len());
        prop_assert!(started.elapsed().as_secs_f64() < 1.0, "{:?}", started.elapsed());
    }
}

#[test]
fn scattered_places_are_clustered_alike_in_any_order() {
    let mut number = 7u64;
    let mut next = || {
        number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (number >> 40) as f64 / f64::from(1 << 24)
    };
    let points: Vec<_> = (0..400)
        .map(|_| coord! { x: 0.02 * next() + 121.5, y: 0.02 * next() + 14.5 })
        .collect();
    let clusters = |order: &[usize]| {
        let points: Vec<_> = order.iter().map(|&row| points[row]).collect();
        let numbers = Float64Array::from_iter_values(order.iter().map(|&row| row as f64));
        let table = Table::new(vec![("number".into(), Arc::new(numbers) as _)])
            .and_then(|table| table.with_points("geometry", &points, Crs::wgs84()))
            .expect("a table");
        let settings = json!({"desired_cluster_weight": 30, "desired_cluster_radius": 400});
        let clustered = cluster(&table, settings).expect("clusters");
        let ids = clustered.table.texts("cluster_id").expect("ids");
        let numbers = clustered.table.numbers("number").expect("numbers");
        let by_number: BTreeMap<i64, Option<String>> = numbers
            .into_iter()
            .map(|n| n.expect("a number") as i64)
            .zip(ids)
            .collect();
        (by_number, clustered.report)
    };
    let forwards: Vec<usize> = (0..400).collect();
    let backwards: Vec<usize> = (0..400).rev().collect();
    let (one, report) = clusters(&forwards);
    assert_eq!(one, clusters(&backwards).0);
    assert_eq!(report.adjacency, Some(clustering::Adjacency::Scattered));
    assert_eq!(report.share_in_range, Some(1.0));
    assert_eq!(report.share_contiguous, Some(1.0));
}
