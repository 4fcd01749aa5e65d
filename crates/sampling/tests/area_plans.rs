//! What a plan of areas keeps, refuses and rejects.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int32Array, StringArray};
use geo::{Contains, Geometry, LineString, Point, Polygon, Rect, coord};
use sampling::{AreaPlan, Batches, Error, Planned, plan_areas};
use tables::{Crs, ReadOptions, Table};

fn square(x: f64, y: f64, side: f64) -> Geometry {
    let corners = (coord! {x: x, y: y}, coord! {x: x + side, y: y + side});
    Rect::new(corners.0, corners.1).to_polygon().into()
}

fn ring(points: &[(f64, f64)]) -> Geometry {
    Polygon::new(LineString::from(points.to_vec()), vec![]).into()
}

/// Areas with the ids given, and with columns `n` and `kind`.
fn areas(rows: Vec<(Option<&str>, Option<Geometry>)>) -> Table {
    let (ids, geometries): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    let n: Int32Array = (0..ids.len() as i32).map(Some).collect();
    let kind: StringArray = (0..ids.len())
        .map(|row| Some(if row % 2 == 0 { "urban" } else { "rural" }))
        .collect();
    let columns: Vec<(String, ArrayRef)> = vec![
        ("geoid".into(), Arc::new(StringArray::from(ids))),
        ("n".into(), Arc::new(n)),
        ("kind".into(), Arc::new(kind)),
    ];
    Table::new(columns)
        .and_then(|t| t.with_geometries("geometry", &geometries, Crs::wgs84()))
        .unwrap()
}

fn squares(ids: &[&str]) -> Table {
    let rows = ids.iter().enumerate();
    areas(
        rows.map(|(x, id)| (Some(*id), Some(square(x as f64, 10.0, 0.9))))
            .collect(),
    )
}

fn plan() -> AreaPlan {
    AreaPlan {
        file: "areas".into(),
        id: "geoid".into(),
        per_area: Some(10),
        ..AreaPlan::default()
    }
}

fn texts(planned: &Planned, column: &str) -> Vec<String> {
    let table = planned.samples.table().unwrap();
    table.texts(column).unwrap().into_iter().flatten().collect()
}

fn points(planned: &Planned) -> Vec<geo::Coord> {
    planned.samples.table().unwrap().points().unwrap().unwrap()
}

#[test]
fn an_area_gets_the_same_points_whatever_is_planned_beside_it() {
    let all = plan_areas(&squares(&["a", "b", "c"]), &plan(), 7, Batches::default()).unwrap();
    assert_eq!(all.rejected, []);
    assert_eq!(texts(&all, "sample_id")[..2], ["a-0001", "a-0002"]);
    // the same squares in the opposite order, alone, and in other batches
    let rows = vec![
        (Some("c"), Some(square(2.0, 10.0, 0.9))),
        (Some("a"), Some(square(0.0, 10.0, 0.9))),
    ];
    let fewer = plan_areas(&areas(rows), &plan(), 7, Batches::Size(3)).unwrap();
    assert_eq!(points(&fewer)[..10], points(&all)[20..]);
    assert_eq!(points(&fewer)[10..], points(&all)[..10]);
    let reseeded = plan_areas(&squares(&["a", "b", "c"]), &plan(), 8, Batches::default()).unwrap();
    assert_ne!(points(&reseeded), points(&all));
}

#[test]
fn asking_for_more_points_keeps_the_first_ones() {
    let ten = plan_areas(&squares(&["a"]), &plan(), 7, Batches::default()).unwrap();
    let twenty = AreaPlan {
        per_area: Some(20),
        ..plan()
    };
    let twenty = plan_areas(&squares(&["a"]), &twenty, 7, Batches::default()).unwrap();
    assert_eq!(points(&twenty)[..10], points(&ten));
}

#[test]
fn numbers_come_from_a_column_or_a_density_and_columns_are_carried() {
    let table = squares(&["a", "b", "c"]);
    let by_column = AreaPlan {
        per_area: None,
        per_area_column: Some("n".into()),
        stratum: Some("kind".into()),
        carry: vec!["n".into()],
        ..plan()
    };
    let planned = plan_areas(&table, &by_column, 7, Batches::default()).unwrap();
    assert_eq!(texts(&planned, "area_id"), ["b", "c", "c"]);
    assert_eq!(texts(&planned, "stratum"), ["rural", "urban", "urban"]);
    assert_eq!(texts(&planned, "n"), ["1", "2", "2"]);
    // a square of 0.9 degrees at 10 degrees north covers 9,806.6 km2 (geographiclib, edges cut fine)
    let by_density = AreaPlan {
        per_area: None,
        per_km2: Some(0.01),
        ..plan()
    };
    let planned = plan_areas(&squares(&["a"]), &by_density, 7, Batches::default()).unwrap();
    assert_eq!(planned.samples.len(), 98);
    let at_least_one = AreaPlan {
        per_area: None,
        per_km2: Some(1e-9),
        ..plan()
    };
    assert_eq!(
        plan_areas(&table, &at_least_one, 7, Batches::default())
            .unwrap()
            .samples
            .len(),
        3
    );
}

#[test]
fn areas_that_cannot_be_sampled_are_listed_and_the_others_go_on() {
    let bow_tie = ring(&[(0., 0.), (2., 2.), (2., 0.), (0., 2.)]);
    let flat = ring(&[(0., 0.), (1., 1.), (2., 2.)]);
    let rows = vec![
        (Some("good"), Some(square(5.0, 5.0, 1.0))),
        (Some("null"), None),
        (
            Some("empty"),
            Some(Geometry::MultiPolygon(geo::MultiPolygon::new(vec![]))),
        ),
        (Some("crossing"), Some(bow_tie)),
        (Some("flat"), Some(flat)),
        (
            Some("nan"),
            Some(ring(&[(0., 0.), (f64::NAN, 1.), (1., 0.)])),
        ),
        (Some("point"), Some(Point::new(1.0, 1.0).into())),
        (None, Some(square(8.0, 5.0, 1.0))),
        (Some("also good"), Some(square(7.0, 5.0, 1.0))),
    ];
    let planned = plan_areas(&areas(rows), &plan(), 7, Batches::default()).unwrap();
    assert_eq!(planned.samples.len(), 20);
    assert_eq!(texts(&planned, "sample_id")[10], "also_good-0001");
    assert_eq!(texts(&planned, "area_id")[10], "also good");
    let rejected: Vec<(usize, &str, &str)> = planned
        .rejected
        .iter()
        .map(|r| (r.row, r.id.as_deref().unwrap_or("-"), r.reason.as_str()))
        .collect();
    assert_eq!(
        rejected,
        [
            (1, "null", "no geometry"),
            (2, "empty", "the area is zero"),
            (
                3,
                "crossing",
                "the boundary crosses itself near longitude 1.000000, latitude 1.000000"
            ),
            (4, "flat", "the area is zero"),
            (5, "nan", "a coordinate is not a finite number"),
            (6, "point", "a point has no area; polygons are needed"),
            (7, "-", "no id"),
        ]
    );
}

#[test]
fn numbers_that_are_no_numbers_of_points_reject_their_row() {
    let ids = StringArray::from(vec!["a", "b", "c", "d"]);
    let n = Float64Array::from(vec![Some(2.0), Some(-1.0), Some(1.5), None]);
    let columns: Vec<(String, ArrayRef)> =
        vec![("geoid".into(), Arc::new(ids)), ("n".into(), Arc::new(n))];
    let squares: Vec<_> = (0..4)
        .map(|x| Some(square(f64::from(x), 0.0, 0.5)))
        .collect();
    let table = Table::new(columns)
        .and_then(|t| t.with_geometries("geometry", &squares, Crs::wgs84()))
        .unwrap();
    let by_column = AreaPlan {
        per_area: None,
        per_area_column: Some("n".into()),
        ..plan()
    };
    let planned = plan_areas(&table, &by_column, 7, Batches::default()).unwrap();
    assert_eq!(planned.samples.len(), 2);
    let reasons: Vec<&str> = planned.rejected.iter().map(|r| r.reason.as_str()).collect();
    assert_eq!(
        reasons,
        ["-1", "1.5", "nothing"].map(|found| format!(
            "column \"n\" gives {found} as the number of points; a whole number from 0 is needed"
        ))
    );
}

#[test]
fn plans_that_cannot_stand_are_refused() {
    let table = squares(&["a", "b", "a"]);
    let error = plan_areas(&table, &plan(), 7, Batches::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column \"geoid\": \"a\" is the id of row 0 and again of row 2; ids must be unique"
    );
    let table = squares(&["a", "b"]);
    let no_column = AreaPlan {
        id: "geo_id".into(),
        ..plan()
    };
    let error = plan_areas(&table, &no_column, 7, Batches::default())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("geo_id") && error.contains("geoid"),
        "{error}"
    );
    let too_many = AreaPlan {
        per_area: Some(u32::MAX),
        ..plan()
    };
    let error = plan_areas(&table, &too_many, 7, Batches::default()).unwrap_err();
    assert!(matches!(
        error,
        Error::TooManySamples {
            asked: 8_589_934_590,
            ..
        }
    ));
    let too_dense = AreaPlan {
        per_area: None,
        per_km2: Some(1e12),
        ..plan()
    };
    let error = plan_areas(&table, &too_dense, 7, Batches::default()).unwrap_err();
    assert!(matches!(error, Error::TooManySamples { .. }));
    let clash = AreaPlan {
        carry: vec!["geoid".into(), "geoid".into()],
        ..plan()
    };
    assert!(matches!(
        plan_areas(&table, &clash, 7, Batches::default()),
        Err(Error::Setting { field: "carry", .. })
    ));
    assert!(plan_areas(&table, &plan(), 7, Batches::Count(0)).is_err());
}

#[test]
fn batches_hold_whole_areas_where_that_is_even() {
    let ids: Vec<String> = (0..801).map(|id| id.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let rows = ids
        .iter()
        .map(|id| (Some(*id), Some(square(1.0, 1.0, 0.5))))
        .collect();
    let planned = plan_areas(&areas(rows), &plan(), 7, Batches::Count(50)).unwrap();
    let sizes: Vec<usize> = planned.batches.iter().map(ExactSizeIterator::len).collect();
    assert_eq!(
        (
            sizes.len(),
            sizes[0],
            sizes.iter().filter(|&&size| size == 160).count()
        ),
        (50, 170, 49)
    );
    let numbers = planned.samples.table().unwrap().numbers("batch").unwrap();
    assert_eq!(
        (numbers[169], numbers[170], numbers[8009]),
        (Some(0.0), Some(1.0), Some(49.0))
    );
    // two areas do not make five batches; their samples do
    let planned = plan_areas(&squares(&["a", "b"]), &plan(), 7, Batches::Count(5)).unwrap();
    assert_eq!(planned.batches, [0..4, 4..8, 8..12, 12..16, 16..20]);
}

#[test]
fn every_point_of_the_chicago_study_lies_in_its_tract() {
    let Some(data) = std::env::var_os("TRANSECT_DATA").map(PathBuf::from) else {
        println!("skipped: TRANSECT_DATA is not set");
        return;
    };
    let tracts = Table::open(data.join("chicago/tracts.geojson"), &ReadOptions::default()).unwrap();
    let plan = AreaPlan {
        id: "geoid10".into(),
        ..plan()
    };
    let planned = plan_areas(&tracts, &plan, 7, Batches::Count(50)).unwrap();
    assert_eq!(
        (
            planned.samples.len(),
            planned.batches.len(),
            planned.rejected.len()
        ),
        (8010, 50, 0)
    );
    assert_eq!(texts(&planned, "area_id")[0], "17031842400");
    let tracts = tracts.geometries().unwrap();
    for (n, point) in points(&planned).into_iter().enumerate() {
        let tract = tracts[n / 10].as_ref().unwrap();
        assert!(tract.contains(&Point::from(point)), "sample {n}");
    }
}
