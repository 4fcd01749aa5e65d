//! From a plan and its ledger to the tables and maps that are published.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float64Array, Int32Array, Int64Array, StringArray, TimestampMillisecondArray,
};
use measures::filling::{Distance, Fallback, Filling, Method};
use measures::{
    fill_roads, summarise_areas, summarise_roads, summarise_towns, town_tables, with_readings,
    write_road_geojson,
};
use tables::{Coord, Crs, ReadOptions, Table};

fn green() -> Vec<String> {
    vec!["green".to_owned()]
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from_iter(
        values
            .iter()
            .map(|text| (!text.is_empty()).then_some(*text)),
    ))
}

fn floats(values: &[Option<f64>]) -> ArrayRef {
    Arc::new(Float64Array::from_iter(values.iter().copied()))
}

fn table(columns: Vec<(&str, ArrayRef)>) -> Table {
    Table::new(
        columns
            .into_iter()
            .map(|(name, values)| (name.to_owned(), values))
            .collect(),
    )
    .unwrap()
}

/// A plan's samples in areas `a` and `b`, and a ledger that has them in another order, without the last.
fn areas_study() -> (Table, Table) {
    let samples = table(vec![
        (
            "sample_id",
            texts(&["a-1", "a-2", "a-3", "b-1", "b-2", "b-3", "b-4"]),
        ),
        ("area_id", texts(&["a", "a", "a", "b", "b", "b", "b"])),
    ]);
    let ledger = table(vec![
        (
            "sample_id",
            texts(&["b-3", "b-2", "b-1", "a-3", "a-2", "a-1"]),
        ),
        (
            "status",
            texts(&["failed", "blank", "ok", "no_imagery", "exists", "ok"]),
        ),
        ("reason", texts(&["timeout", "", "", "", "", ""])),
        (
            "green",
            floats(&[None, Some(0.0), Some(0.5), None, Some(0.3), Some(0.1)]),
        ),
    ]);
    (samples, ledger)
}

#[test]
fn every_sample_keeps_its_place_beside_its_ledger_row() {
    let (samples, ledger) = areas_study();
    let readings = with_readings(&samples, &ledger, &green()).unwrap();
    let status = readings.texts("status").unwrap();
    let expected = ["ok", "exists", "no_imagery", "ok", "blank", "failed", ""];
    assert_eq!(
        status
            .iter()
            .map(|status| status.as_deref().unwrap_or(""))
            .collect::<Vec<_>>(),
        expected
    );
    assert_eq!(
        readings.numbers("green").unwrap()[..2],
        [Some(0.1), Some(0.3)]
    );
    assert_eq!(
        readings.texts("reason").unwrap()[5].as_deref(),
        Some("timeout")
    );
}

#[test]
fn a_ledger_with_a_sample_twice_is_refused() {
    let (samples, ledger) = areas_study();
    let twice = Table::concat(&[ledger.clone(), ledger]).unwrap();
    let error = with_readings(&samples, &twice, &green()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "row 6, column sample_id: b-3 stands twice in the ledger, expected one row a sample"
    );
}

#[test]
fn an_area_counts_what_became_of_its_samples_and_means_its_readings() {
    let (samples, ledger) = areas_study();
    let summary = summarise_areas(
        &with_readings(&samples, &ledger, &green()).unwrap(),
        None,
        &green(),
    )
    .unwrap();
    let columns: Vec<&str> = summary.column_names().collect();
    assert_eq!(
        columns,
        [
            "area_id",
            "asked",
            "got",
            "blank",
            "no_imagery",
            "failed",
            "waiting",
            "green_n",
            "green_mean",
            "green_se",
            "green_low",
            "green_high"
        ]
    );
    let row = |column: &str| summary.numbers(column).unwrap();
    assert_eq!(row("asked"), [Some(3.0), Some(4.0)]);
    assert_eq!(row("got"), [Some(2.0), Some(1.0)]);
    assert_eq!(row("blank"), [Some(0.0), Some(1.0)]);
    assert_eq!(row("no_imagery"), [Some(1.0), Some(0.0)]);
    assert_eq!(row("failed"), [Some(0.0), Some(1.0)]);
    assert_eq!(row("waiting"), [Some(0.0), Some(1.0)]);
    // Two readings .1 and .3: se .1, t(0.975, 1) = 12.7062. The blank picture of b is no reading of b.
    assert_eq!(row("green_n"), [Some(2.0), Some(1.0)]);
    assert!((row("green_low")[0].unwrap() - (0.2 - 1.270_620_473_6)).abs() < 1e-9);
    assert_eq!(
        (
            row("green_mean")[1],
            row("green_se")[1],
            row("green_high")[1]
        ),
        (Some(0.5), None, None)
    );
}

#[test]
fn every_area_of_the_study_has_a_row_its_size_and_its_outline() {
    let (samples, ledger) = areas_study();
    let readings = with_readings(&samples, &ledger, &green()).unwrap();
    // A square of a hundredth of a degree at the equator is 1.230 km2 on WGS 84; its ring may run either way.
    let areas = r#"{"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"tract": "c"}, "geometry": {"type": "Polygon", "coordinates": [[[0,0],[0.01,0],[0.01,0.01],[0,0.01],[0,0]]]}},
        {"type": "Feature", "properties": {"tract": "b"}, "geometry": {"type": "Polygon", "coordinates": [[[0,0],[0,0.01],[0.01,0.01],[0.01,0],[0,0]]]}},
        {"type": "Feature", "properties": {"tract": "a"}, "geometry": null}]}"#;
    let areas = Table::from_bytes(
        "areas.geojson",
        areas.as_bytes().to_vec().into(),
        &ReadOptions::default(),
    )
    .unwrap();
    let summary = summarise_areas(&readings, Some((&areas, "tract")), &green()).unwrap();
    let ids: Vec<String> = summary
        .texts("area_id")
        .unwrap()
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(ids, ["c", "b", "a"]);
    assert_eq!(
        summary.numbers("asked").unwrap(),
        [Some(0.0), Some(4.0), Some(3.0)]
    );
    assert_eq!(summary.numbers("green_mean").unwrap()[0], None);
    let km2 = summary.numbers("area_km2").unwrap();
    assert!(
        (km2[0].unwrap() - 1.23090720).abs() < 1e-6 && (km2[1].unwrap() - 1.23090720).abs() < 1e-6,
        "{km2:?}"
    );
    assert_eq!(km2[2], None);
    assert_eq!(summary.geometry_column(), Some("geometry"));

    let error = summarise_areas(
        &readings,
        Some((&areas.take(&[0, 1]).unwrap(), "tract")),
        &green(),
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "row 0, column area_id: no area \"a\" in the column tract of the areas"
    );
}

/// One way of three points in Newport and one of one point elsewhere; the last point of the first has no left side.
fn roads_study() -> Table {
    let place = |x: f64| Coord { x, y: 51.5 };
    table(vec![
        (
            "sample_id",
            texts(&["n-r3", "n-l1", "n-r1", "n-l2", "n-r2", "e-l1"]),
        ),
        (
            "town",
            texts(&["Newport", "Newport", "Newport", "Newport", "Newport", "Ely"]),
        ),
        (
            "road_name",
            texts(&[
                "High Street",
                "High Street",
                "High Street",
                "High Street",
                "High Street",
                "",
            ]),
        ),
        (
            "osm_way_id",
            Arc::new(Int64Array::from(vec![7, 7, 7, 7, 7, 2])) as ArrayRef,
        ),
        (
            "side",
            texts(&["right", "left", "right", "left", "right", "left"]),
        ),
        (
            "sequence",
            Arc::new(Int32Array::from(vec![3, 1, 1, 2, 2, 1])) as ArrayRef,
        ),
        (
            "fetched_at",
            Arc::new(
                TimestampMillisecondArray::from(vec![
                    Some(1_700_000_000_000),
                    None,
                    Some(1_700_000_001_500),
                    None,
                    None,
                    None,
                ])
                .with_timezone("UTC"),
            ),
        ),
        (
            "green",
            floats(&[Some(0.5), None, Some(0.123_456), None, None, None]),
        ),
    ])
    .with_points(
        "geometry",
        &[
            place(0.003),
            place(0.001),
            place(0.001),
            place(0.002),
            place(0.002),
            place(1.0),
        ],
        Crs::wgs84(),
    )
    .unwrap()
}

fn filled() -> Table {
    let filling = Filling {
        method: Method::Interpolate,
        distance: Distance::Index,
        fallback: Fallback::OtherSide,
    };
    fill_roads(&roads_study(), &green(), &filling, None).unwrap()
}

#[test]
fn a_filled_table_says_which_values_were_predicted_and_from_what() {
    let filled = filled();
    let found = filled.numbers("green").unwrap();
    assert_eq!(found[..3], [Some(0.5), Some(0.123_456), Some(0.123_456)]);
    assert!((found[3].unwrap() - 0.311_728).abs() < 1e-12);
    assert_eq!(found[5], None);
    let flags = [
        Some(false),
        Some(true),
        Some(false),
        Some(true),
        Some(true),
        None,
    ];
    assert_eq!(filled.flags("predicted").unwrap(), flags);
    let from: Vec<Option<String>> = filled.texts("filled_from").unwrap();
    let from: Vec<&str> = from
        .iter()
        .map(|from| from.as_deref().unwrap_or(""))
        .collect();
    assert_eq!(
        from,
        ["reading", "other_side", "reading", "other_side", "way", ""]
    );
    assert_eq!(filled.numbers("support_m").unwrap()[0], Some(0.0));
}

#[test]
fn a_town_has_its_points_its_readings_and_its_means() {
    let summary = summarise_towns(&filled(), None, &green()).unwrap();
    assert_eq!(
        summary.texts("town").unwrap(),
        [Some("Ely".to_owned()), Some("Newport".to_owned())]
    );
    let row = |column: &str| summary.numbers(column).unwrap();
    assert_eq!(row("points"), [Some(1.0), Some(3.0)]);
    assert_eq!(row("samples"), [Some(1.0), Some(5.0)]);
    assert_eq!(row("readings"), [Some(0.0), Some(2.0)]);
    assert_eq!(row("unfilled"), [Some(1.0), Some(0.0)]);
    assert_eq!(row("green_mean"), [None, Some(0.311_728)]);
    assert!(
        (row("green_mean_filled")[1].unwrap() - (0.5 + 2.0 * 0.123_456 + 2.0 * 0.311_728) / 5.0)
            .abs()
            < 1e-12
    );
}

#[test]
fn a_town_table_follows_its_roads() {
    let towns = town_tables(&filled()).unwrap();
    let names: Vec<Option<&str>> = towns.iter().map(|(town, _)| town.as_deref()).collect();
    assert_eq!(names, [Some("Ely"), Some("Newport")]);
    let ids: Vec<String> = towns[1]
        .1
        .texts("sample_id")
        .unwrap()
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(ids, ["n-l1", "n-r1", "n-l2", "n-r2", "n-r3"]);
}

#[test]
fn the_map_has_a_feature_a_point_and_a_column_a_side() {
    let mut out = Vec::new();
    write_road_geojson(&filled(), &green(), &mut out).unwrap();
    let map: serde_json::Value = serde_json::from_slice(&out).unwrap();
    let features = map["features"].as_array().unwrap();
    let of = |name: &str| -> Vec<serde_json::Value> {
        features
            .iter()
            .map(|feature| feature["properties"][name].clone())
            .collect()
    };
    let json = |values: serde_json::Value| values.as_array().unwrap().clone();
    use serde_json::json;
    assert_eq!(features[1]["geometry"]["coordinates"], json!([0.001, 51.5]));
    assert_eq!(
        of("road"),
        json(json!([null, "High Street", "High Street", "High Street"]))
    );
    assert_eq!(of("green_left"), json(json!([null, 0.1235, 0.3117, null])));
    assert_eq!(of("green_right"), json(json!([null, 0.1235, 0.3117, 0.5])));
    assert_eq!(of("green"), json(json!([null, 0.1235, 0.3117, 0.5])));
    assert_eq!(of("id_left"), json(json!(["e-l1", "n-l1", "n-l2", null])));
    assert_eq!(of("predicted_left"), json(json!([null, true, true, null])));
    assert_eq!(
        of("predicted_right"),
        json(json!([null, false, true, false]))
    );
    assert_eq!(of("fetched_right")[1], "2023-11-14T22:13:21.500Z");
    assert_eq!(
        of("marker-color"),
        json(json!(["#7e7e7e", "#001f00", "#004f00", "#007f00"]))
    );
}

#[test]
fn cameras_that_look_ahead_are_on_the_map_too() {
    let ahead = filled().with_column("side", texts(&["ahead"; 6])).unwrap();
    let ids: ArrayRef = Arc::new(Int64Array::from((1..7).collect::<Vec<_>>()));
    let ahead = ahead.with_column("osm_way_id", ids).unwrap();
    let mut out = Vec::new();
    write_road_geojson(&ahead, &green(), &mut out).unwrap();
    let map: serde_json::Value = serde_json::from_slice(&out).unwrap();
    let features = map["features"].as_array().unwrap();
    assert_eq!(features.len(), 6);
    assert!(
        features
            .iter()
            .any(|feature| feature["properties"]["green_ahead"].is_number())
    );
    let roads = summarise_roads(&ahead, None, &green()).unwrap();
    assert_eq!(roads.rows(), 6);
    assert_eq!(
        roads.numbers("green_ahead").unwrap(),
        roads.numbers("green_mean_filled").unwrap()
    );
}

#[test]
fn roads_have_a_row_with_mean_error_and_line() {
    let roads = summarise_roads(&filled(), None, &green()).unwrap();
    assert_eq!(roads.rows(), 2);
    // the readings of the way in Newport are 0.12345 and 0.5: s / sqrt(2) is half their distance
    let row = roads
        .numbers("green_n")
        .unwrap()
        .iter()
        .position(|n| *n == Some(2.0))
        .unwrap();
    let number = |column: &str| roads.numbers(column).unwrap()[row].unwrap();
    let (one, other) = (
        number("green_mean") - number("green_se"),
        number("green_mean") + number("green_se"),
    );
    assert!(
        (other - 0.5).abs() < 1e-9 && (one - 0.12345).abs() < 1e-4,
        "{one} {other}"
    );
    assert_eq!(
        (number("points"), number("samples"), number("readings")),
        (3.0, 5.0, 2.0)
    );
    let geometries = roads.geometries().unwrap();
    assert!(matches!(&geometries[row], Some(geo::Geometry::LineString(line)) if line.0.len() == 3));
}

#[test]
fn means_weigh_points_by_the_metres_they_stand_for() {
    let metres = floats(&[
        Some(10.0),
        Some(30.0),
        Some(30.0),
        Some(10.0),
        Some(10.0),
        Some(5.0),
    ]);
    let weighted = filled().with_column("stands_for_m", metres).unwrap();
    let towns = summarise_towns(&weighted, None, &green()).unwrap();
    let (plain, all) = (summarise_towns(&filled(), None, &green()).unwrap(), &towns);
    let newport = |table: &Table, column: &str| {
        let towns = table.texts("town").unwrap();
        let row = towns
            .iter()
            .position(|town| town.as_deref() == Some("Newport"))
            .unwrap();
        table.numbers(column).unwrap()[row].unwrap()
    };
    // 0.5 stands for 10 m and 0.12345 for 30 m
    assert!((newport(all, "green_mean") - (0.5 * 10.0 + 0.12345 * 30.0) / 40.0).abs() < 1e-4);
    assert!((newport(&plain, "green_mean") - f64::midpoint(0.5, 0.12345)).abs() < 1e-4);
    // three points of 30, 10 and 10 m
    assert!((newport(all, "road_km") - 0.05).abs() < 1e-9);
}

#[test]
fn a_sample_without_a_way_is_named() {
    let roads = roads_study()
        .with_column(
            "osm_way_id",
            Arc::new(Int64Array::from(vec![
                Some(7),
                None,
                None,
                None,
                None,
                None,
            ])),
        )
        .unwrap();
    let error = fill_roads(&roads, &green(), &Filling::default(), None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "row 1, column osm_way_id: no value, expected one for every sample of a road"
    );
    let error = fill_roads(
        &roads_study(),
        &["leaves".to_owned()],
        &Filling::default(),
        None,
    )
    .unwrap_err();
    assert!(error.to_string().contains("leaves"), "{error}");
}
