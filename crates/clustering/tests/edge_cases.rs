//! Inputs at the edge: each has one right answer.
#![allow(clippy::unwrap_used, clippy::panic)]

mod grid;

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Float32Array, Float64Array, Int16Array, StringArray,
};
use clustering::{Adjacency, Budget, Error, Params, cluster_table};
use geo::{Geometry, MultiPoint, coord, polygon};
use grid::{Cell, STEP, cluster, is_connected, members, params, table};
use serde_json::json;
use tables::{Crs, Table};

/// A full grid with the same weight in each cell.
fn even(columns: i32, rows: i32, weight: f64) -> Vec<Cell> {
    (0..columns)
        .flat_map(|column| (0..rows).map(move |row| (column, row, weight)))
        .collect()
}

/// Clusters of 20 cells of weight 1.
fn twenty() -> serde_json::Value {
    json!({"desired_cluster_weight": 20, "desired_cluster_radius": 350})
}

fn message<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.expect_err("an error").to_string()
}

#[test]
fn an_empty_table_comes_back_empty_with_the_three_columns() {
    let clustered = cluster(&table(&[]), json!({})).expect("an empty answer");
    let names: Vec<&str> = clustered.table.column_names().collect();
    assert_eq!(
        names,
        [
            "cell",
            "population",
            "geometry",
            "cluster_id",
            "cluster_weight",
            "cluster_pass"
        ]
    );
    assert_eq!((clustered.table.rows(), clustered.report.clusters), (0, 0));
    assert_eq!(clustered.report.score, None);
}

#[test]
fn a_grid_without_people_is_one_cluster_without_a_number() {
    let clustered = cluster(&table(&even(6, 5, 0.0)), json!({})).expect("clusters");
    let ids = clustered.table.texts("cluster_id").expect("ids");
    assert!(ids.iter().all(|id| id.as_deref() == Some("CLUSTER_0")));
    assert_eq!(clustered.report.weight_share_all_three, None);
}

#[test]
fn two_islands_without_people_are_two_clusters() {
    let mut cells = even(3, 3, 0.0);
    cells.extend(even(3, 3, 0.0).into_iter().map(|(c, r, w)| (c + 10, r, w)));
    let clustered = cluster(&table(&cells), json!({})).expect("clusters");
    assert_eq!(clustered.report.clusters, 2);
    assert_eq!(clustered.report.components, 2);
}

#[test]
fn cells_without_people_join_a_neighbour() {
    let cells: Vec<Cell> = even(20, 10, 1.0)
        .into_iter()
        .map(|(c, r, w)| (c, r, if (c + r) % 3 == 0 { 0.0 } else { w }))
        .collect();
    let clustered = cluster(&table(&cells), twenty()).expect("clusters");
    assert_eq!(clustered.report.share_in_range, Some(1.0));
    assert_eq!(clustered.report.share_contiguous, Some(1.0));
}

#[test]
fn one_row_is_one_cluster() {
    let clustered = cluster(&table(&[(0, 0, 5.0)]), json!({})).expect("a cluster");
    assert_eq!(
        clustered.table.texts("cluster_id").expect("ids"),
        [Some("CLUSTER_1".to_owned())]
    );
    assert_eq!(clustered.report.flags.undersized, 1);
    assert_eq!(clustered.report.median_radius, Some(0.0));
}

#[test]
fn bad_weights_are_refused_with_their_rows_or_counted_as_zero_or_dropped() {
    let cells = even(8, 8, 1.0);
    let mut weights = vec![Some(1.0); cells.len()];
    weights[3] = Some(f64::NAN);
    weights[5] = None;
    weights[9] = Some(-1.0);
    weights[10] = Some(f64::INFINITY);
    let table = table(&cells)
        .with_column(
            "population",
            Arc::new(Float64Array::from(weights)) as ArrayRef,
        )
        .expect("a table");

    let text = message(cluster(&table, twenty()));
    assert!(text.contains("\"population\" has 4 weights"), "{text}");
    assert!(text.contains("rows 3, 5, 9, 10"), "{text}");

    let mut zero = twenty();
    zero["bad_weights"] = "zero".into();
    let clustered = cluster(&table, zero).expect("clusters");
    assert_eq!(clustered.report.total_weight, 60.0);
    assert_eq!(clustered.report.rows_left_out, 0);

    let mut drop = twenty();
    drop["bad_weights"] = "drop".into();
    let clustered = cluster(&table, drop).expect("clusters");
    assert_eq!(clustered.report.rows_left_out, 4);
    let ids = clustered.table.texts("cluster_id").expect("ids");
    assert_eq!(ids.len(), 64);
    assert!(ids[60..].iter().all(Option::is_none) && ids[..60].iter().all(Option::is_some));
}

#[test]
fn missing_geometries_are_refused_with_their_rows_or_dropped() {
    let mut shapes: Vec<Option<Geometry>> = even(6, 6, 1.0)
        .iter()
        .map(|&(c, r, _)| {
            let centre = coord! { x: 121.5 + f64::from(c) * STEP, y: 14.5 + f64::from(r) * STEP };
            Some(Geometry::Point(centre.into()))
        })
        .collect();
    shapes[2] = None;
    shapes[7] = Some(Geometry::MultiPoint(MultiPoint::new(Vec::new())));
    let table = Table::new(Vec::new())
        .and_then(|table| table.with_geometries("place", &shapes, Crs::wgs84()))
        .expect("a table");
    let text = message(cluster(&table, twenty()));
    assert!(
        text.contains("\"place\" has 2 geometries") && text.contains("rows 2, 7"),
        "{text}"
    );
    let mut drop = twenty();
    drop["bad_geometries"] = "drop".into();
    let clustered = cluster(&table, drop).expect("clusters");
    assert_eq!(
        (clustered.report.rows, clustered.report.rows_left_out),
        (36, 2)
    );
}

#[test]
fn places_at_one_point_are_neighbours() {
    let cells: Vec<Cell> = std::iter::repeat_n((4, 4, 1.0), 50).collect();
    let numbered: Vec<Cell> = cells;
    let table = table(&numbered);
    let clustered = cluster(&table, twenty()).expect("clusters");
    assert_eq!(clustered.report.components, 1);
    assert_eq!(clustered.table.rows(), 50);
    assert_eq!(clustered.report.share_in_range, Some(1.0));
    assert_eq!(clustered.report.share_contiguous, Some(1.0));
}

#[test]
fn a_cell_above_the_greatest_weight_is_a_cluster_of_its_own() {
    let mut cells = even(12, 12, 1.0);
    cells[70].2 = 500.0;
    let heavy = (cells[70].0, cells[70].1);
    let clustered = cluster(&table(&cells), twenty()).expect("clusters");
    let members = members(&clustered.table);
    let own = members
        .values()
        .find(|cells| cells.contains(&heavy))
        .expect("a cluster");
    assert_eq!(own.len(), 1);
    assert_eq!(clustered.report.flags.oversized, 1);
    assert_eq!(clustered.report.flags.undersized, 0);
    assert!(members.values().all(is_connected));
}

#[test]
fn a_small_island_is_flagged_or_attached() {
    let mut cells = even(10, 10, 1.0);
    cells.extend([(15, 3, 1.0), (16, 3, 1.0)]);
    let kept = cluster(&table(&cells), twenty()).expect("clusters");
    assert_eq!(
        (
            kept.report.flags.undersized,
            kept.report.flags.not_contiguous
        ),
        (1, 0)
    );

    let mut attach = twenty();
    attach["small_islands"] = "attach".into();
    let attached = cluster(&table(&cells), attach).expect("clusters");
    assert_eq!(
        (
            attached.report.flags.undersized,
            attached.report.flags.not_contiguous
        ),
        (0, 1)
    );
    assert_eq!(attached.report.clusters + 1, kept.report.clusters);
}

#[test]
fn without_a_crs_nothing_is_guessed() {
    let points = [coord! { x: 121.5, y: 14.5 }];
    let table = Table::new(Vec::new())
        .and_then(|table| table.with_points("geometry", &points, Crs::unknown()))
        .expect("a table");
    assert!(message(cluster(&table, json!({}))).contains("assume_crs"));
    cluster(&table, json!({"assume_crs": "EPSG:4326"})).expect("clusters");
}

#[test]
fn degrees_out_of_range_and_degrees_for_metres_are_refused() {
    let points = [coord! { x: 500_000.0, y: 14.5 }];
    let nowhere = Table::new(Vec::new())
        .and_then(|table| table.with_points("geometry", &points, Crs::wgs84()))
        .expect("a table");
    assert!(message(cluster(&nowhere, json!({}))).contains("500000"));
    let text = message(cluster(
        &table(&even(3, 3, 1.0)),
        json!({"projected_epsg": 4326}),
    ));
    assert!(text.contains("projected_epsg is 4326"), "{text}");
}

#[test]
fn a_projection_far_away_is_warned_of() {
    let clustered =
        cluster(&table(&even(5, 5, 60.0)), json!({"projected_epsg": 32631})).expect("clusters");
    assert!(
        clustered.report.warnings[0].contains("EPSG:32631"),
        "{:?}",
        clustered.report.warnings
    );
    let local = cluster(&table(&even(5, 5, 60.0)), json!({})).expect("clusters");
    assert!(local.report.warnings.is_empty());
}

#[test]
fn a_grid_across_180_degrees_is_one_piece() {
    let cells = even(20, 6, 1.0);
    let points: Vec<_> = cells
        .iter()
        .map(|&(c, r, _)| {
            let lon = 180.0 + (f64::from(c) - 9.5) * STEP;
            coord! { x: if lon > 180.0 { lon - 360.0 } else { lon }, y: -17.0 + f64::from(r) * STEP }
        })
        .collect();
    let table = table(&cells)
        .with_points("geometry", &points, Crs::wgs84())
        .expect("a table");
    let clustered = cluster(&table, twenty()).expect("clusters");
    assert_eq!(clustered.report.components, 1);
    assert_eq!(clustered.report.adjacency, Some(Adjacency::Lattice));
    assert!(clustered.report.median_radius.expect("a radius") < 1000.0);
}

#[test]
fn clustering_twice_needs_leave_to_overwrite() {
    let once = cluster(&table(&even(10, 10, 1.0)), twenty())
        .expect("clusters")
        .table;
    assert!(message(cluster(&once, twenty())).contains("overwrite"));
    let mut again = twenty();
    again["overwrite"] = true.into();
    let twice = cluster(&once, again).expect("clusters").table;
    assert_eq!(members(&once), members(&twice));
    assert_eq!(
        once.column_names().collect::<Vec<_>>(),
        twice.column_names().collect::<Vec<_>>()
    );
}

#[test]
fn a_missing_weight_column_is_named_beside_those_there_are() {
    let text = message(cluster(
        &table(&even(3, 3, 1.0)),
        json!({"weight_column": "people"}),
    ));
    assert_eq!(
        text,
        "there is no column \"people\": the table has cell, population, geometry"
    );
}

#[test]
fn without_a_weight_column_each_row_counts_one() {
    let table = table(&even(10, 10, 7.0))
        .without_column("population")
        .expect("a table");
    let clustered = cluster(&table, twenty()).expect("clusters");
    assert_eq!(clustered.report.total_weight, 100.0);
    assert_eq!(clustered.report.weight_column, None);
    let weights = clustered.table.column("cluster_weight").expect("weights");
    assert_eq!(weights.data_type().to_string(), "Int64");
}

#[test]
fn cluster_weights_have_the_type_of_the_weights_unless_sums_do_not_fit() {
    let cells = even(10, 10, 0.0);
    let typed = |weights: ArrayRef, target: f64| {
        let table = table(&cells)
            .with_column("population", weights)
            .expect("a table");
        let settings = json!({"desired_cluster_weight": target, "desired_cluster_radius": 350});
        let clustered = cluster(&table, settings).expect("clusters").table;
        clustered
            .column("cluster_weight")
            .expect("weights")
            .data_type()
            .to_string()
    };
    assert_eq!(
        typed(Arc::new(Float32Array::from(vec![1.5; 100])), 30.0),
        "Float32"
    );
    assert_eq!(
        typed(Arc::new(Int16Array::from(vec![2; 100])), 40.0),
        "Int16"
    );
    assert_eq!(
        typed(Arc::new(Int16Array::from(vec![3000; 100])), 60_000.0),
        "Int64"
    );
}

#[test]
fn a_rule_takes_a_setting_from_a_column_that_agrees() {
    let cells = even(10, 10, 1.0);
    let with = |urban: Vec<bool>| {
        table(&cells)
            .with_column("urban", Arc::new(BooleanArray::from(urban)) as ArrayRef)
            .expect("a table")
    };
    let mut settings = twenty();
    settings["desired_cluster_radius"] =
        json!({"column": "urban", "when": true, "then": 350, "otherwise": 900});
    let radius = |table: &Table| {
        cluster(table, settings.clone()).map(|c| c.report.limits.expect("limits").target_radius)
    };
    assert_eq!(radius(&with(vec![true; 100])).expect("clusters"), 350.0);
    assert_eq!(radius(&with(vec![false; 100])).expect("clusters"), 900.0);
}

#[test]
fn rows_with_different_settings_are_clustered_by_their_own() {
    // The west in clusters of 20, the east in clusters of 10, in one run.
    let cells = even(20, 10, 1.0);
    let smod = cells
        .iter()
        .map(|cell| if cell.0 < 10 { "11" } else { "30" });
    let table = table(&cells)
        .with_column(
            "smod",
            Arc::new(StringArray::from_iter_values(smod)) as ArrayRef,
        )
        .expect("a table");
    let mut settings = twenty();
    settings["desired_cluster_weight"] =
        json!({"column": "SMOD", "values": {"30": 10}, "otherwise": 20});
    settings["carry"] = json!(["smod"]);
    let clustered = cluster(&table, settings).expect("clusters");
    let report = &clustered.report;
    assert_eq!((report.limits, report.groups.len()), (None, 2));
    let targets: Vec<f64> = report
        .groups
        .iter()
        .map(|g| g.limits.target_weight)
        .collect();
    assert_eq!(
        (targets.iter().sum::<f64>(), report.share_in_range),
        (30.0, Some(1.0))
    );
    let carried = clustered.clusters.texts("smod").expect("a carried column");
    let weights = clustered
        .clusters
        .numbers("cluster_weight")
        .expect("weights");
    for (smod, weight) in carried.into_iter().zip(weights) {
        let target = if smod.as_deref() == Some("30") {
            10.0
        } else {
            20.0
        };
        assert!((weight.expect("a weight") / target - 1.0).abs() <= 0.25);
    }
    for cells in members(&clustered.table).values() {
        let west = cells.iter().filter(|cell| cell.0 < 10).count();
        assert!(west == 0 || west == cells.len());
    }
}

#[test]
fn clusters_never_cross_strata() {
    let cells = even(12, 10, 1.0);
    let district = cells
        .iter()
        .map(|&(column, _, _)| if column < 5 { "west" } else { "east" });
    let table = table(&cells)
        .with_column(
            "district",
            Arc::new(StringArray::from_iter_values(district)) as ArrayRef,
        )
        .expect("a table");
    let mut settings = twenty();
    settings["strata"] = "district".into();
    let clustered = cluster(&table, settings).expect("clusters");
    for cells in members(&clustered.table).values() {
        let west = cells.iter().filter(|cell| cell.0 < 5).count();
        assert!(west == 0 || west == cells.len());
    }
    assert_eq!(clustered.report.components, 2);
    assert_eq!(clustered.report.share_in_range, Some(1.0));
}

#[test]
fn with_the_radius_first_no_cluster_is_too_wide() {
    let cells: Vec<Cell> = even(30, 30, 0.1)
        .into_iter()
        .map(|(c, r, w)| (c, r, if c < 10 && r < 10 { 1.0 } else { w }))
        .collect();
    let mut settings = twenty();
    settings["on_conflict"] = "radius".into();
    let clustered = cluster(&table(&cells), settings).expect("clusters");
    assert_eq!(clustered.report.flags.wide, 0);
    assert_eq!(clustered.report.flags.oversized, 0);
    assert!(clustered.report.flags.undersized > 0);
    assert!(members(&clustered.table).values().all(is_connected));
}

#[test]
fn a_weight_that_fits_no_number_of_clusters_is_divided_below_the_least_weight() {
    // 350 cells for clusters of 180 to 300.
    let clustered = cluster(&table(&even(25, 14, 1.0)), json!({})).expect("clusters");
    assert_eq!(clustered.report.clusters, 2);
    // Two of 175 would be two out of range: 180 and 170 are one.
    assert_eq!(clustered.report.flags.undersized, 1);
    assert_eq!(clustered.report.flags.oversized, 0);
    let limits = clustered.report.limits.expect("limits");
    assert_eq!((limits.min_weight, limits.max_weight), (180.0, 300.0));
}

#[test]
fn neighbours_can_be_of_a_kind_that_is_asked_for() {
    // A gap of one column: queen neighbours do not reach across, Delaunay neighbours do.
    let mut cells = even(6, 6, 1.0);
    cells.extend(even(6, 6, 1.0).into_iter().map(|(c, r, w)| (c + 7, r, w)));
    let asked = |adjacency: &str| {
        let mut settings = twenty();
        settings["adjacency"] = adjacency.into();
        let report = cluster(&table(&cells), settings).expect("clusters").report;
        (report.adjacency.expect("neighbours"), report.components)
    };
    assert_eq!(asked("auto"), (Adjacency::Lattice, 2));
    assert_eq!(asked("lattice"), (Adjacency::Lattice, 2));
    assert_eq!(asked("scattered"), (Adjacency::Scattered, 1));
    // Points never touch.
    assert_eq!(asked("touching"), (Adjacency::Touching, 72));
}

#[test]
fn a_budget_that_is_spent_still_gives_connected_clusters_in_range() {
    let cells = even(40, 40, 1.0);
    let spent = Budget {
        memory: None,
        stop: &|| true,
    };
    let clustered = cluster_table(&table(&cells), &params(twenty()), &spent).expect("clusters");
    assert_eq!(clustered.report.share_in_range, Some(1.0));
    assert_eq!(clustered.report.share_contiguous, Some(1.0));
    let unhurried = cluster(&table(&cells), twenty()).expect("clusters").report;
    assert!(unhurried.weight_share_all_three > clustered.report.weight_share_all_three);
}

#[test]
fn a_table_too_large_for_the_memory_is_refused_before_any_work() {
    let cells = even(100, 100, 1.0);
    let with = |bytes: u64| {
        let budget = Budget {
            memory: Some(bytes),
            stop: &|| true,
        };
        cluster_table(&table(&cells), &params(twenty()), &budget)
    };
    let text = message(with(1_000_000));
    assert!(
        text.contains("10000 rows takes about 2 MB and 1 MB are left"),
        "{text}"
    );
    with(2_000_000).expect("clusters");
}

#[test]
fn little_memory_changes_no_cluster() {
    let table = table(&even(30, 30, 1.0));
    let with = |memory| {
        let budget = Budget {
            memory,
            stop: &|| false,
        };
        let settings = json!({"method": "tuned_kmeans", "desired_cluster_weight": 20, "desired_cluster_radius": 350});
        members(
            &cluster_table(&table, &params(settings), &budget)
                .expect("clusters")
                .table,
        )
    };
    assert_eq!(with(None), with(Some(144_000)));
}

#[test]
fn square_cells_as_polygons_are_a_lattice_and_parcels_touch() {
    let square = |c: f64, r: f64, width: f64| {
        let (x, y) = (121.5 + c * STEP, 14.5 + r * STEP);
        let (right, top) = (x + width * STEP, y + STEP);
        Some(Geometry::Polygon(
            polygon![(x: x, y: y), (x: right, y: y), (x: right, y: top), (x: x, y: top)],
        ))
    };
    let adjacency = |shapes: &[Option<Geometry>]| {
        let table = Table::new(Vec::new())
            .and_then(|table| table.with_geometries("geometry", shapes, Crs::wgs84()))
            .expect("a table");
        let report = cluster(&table, twenty()).expect("clusters").report;
        (report.adjacency, report.components, report.share_in_range)
    };
    let squares: Vec<_> = even(10, 8, 1.0)
        .iter()
        .map(|&(c, r, _)| square(f64::from(c), f64::from(r), 1.0))
        .collect();
    assert_eq!(
        adjacency(&squares),
        (Some(Adjacency::Lattice), 1, Some(1.0))
    );
    // Parcels of uneven width in rows, as walls of bricks.
    let mut parcels = Vec::new();
    for row in 0..8 {
        let mut left = 0.0;
        for number in 0..10 {
            let width = 1.0 + f64::from((number * 7 + row * 5) % 11) / 13.0;
            parcels.push(square(left, f64::from(row), width));
            left += width;
        }
    }
    assert_eq!(
        adjacency(&parcels),
        (Some(Adjacency::Touching), 1, Some(1.0))
    );
}

#[test]
fn a_misspelt_setting_is_named() {
    let error =
        serde_json::from_value::<Params>(json!({"desired_cluster_weigth": 3})).expect_err("a typo");
    assert!(
        error.to_string().contains("desired_cluster_weigth"),
        "{error}"
    );
}

#[test]
fn settings_that_cannot_be_right_are_named() {
    for (name, value) in [
        ("desired_cluster_weight", json!(0)),
        ("desired_cluster_radius", json!(-5)),
        ("min_weight", json!(500)),
        ("starts", json!(0)),
        ("minibatch_reassignment_ratio", json!(2)),
    ] {
        let text = message(cluster(&table(&even(3, 3, 1.0)), json!({ name: value })));
        assert!(text.contains(name), "{text}");
    }
}
