//! Whether the points of an area are uniform over its ground, judged by means of their own: the
//! closed form of the authalic latitude, clipping by `geo`, chi-square and Kolmogorov-Smirnov.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use arrow_array::StringArray;
use geo::{
    Area, BooleanOps, BoundingRect, Contains, Coord, Geometry, LineString, LinesIter, MapCoords,
    MultiPolygon, Point, Polygon, Rect, coord,
};
use sampling::{AreaPlan, Batches, plan_areas};
use tables::{Crs, Table};

fn polygon(outer: &[(f64, f64)], holes: &[&[(f64, f64)]]) -> Polygon {
    let ring = |points: &[(f64, f64)]| LineString::from(points.to_vec());
    Polygon::new(ring(outer), holes.iter().map(|hole| ring(hole)).collect())
}

fn shapes() -> Vec<(&'static str, MultiPolygon)> {
    let convex = polygon(
        &[(7., 50.), (9., 51.), (8.5, 53.), (7.5, 53.2), (6.5, 52.)],
        &[],
    );
    let concave = polygon(
        &[
            (0., 40.),
            (6., 40.),
            (6., 46.),
            (5., 46.),
            (3., 41.),
            (1., 46.),
            (0., 46.),
        ],
        &[],
    );
    let holed = polygon(
        &[(-3., 55.), (3., 55.), (3., 61.), (-3., 61.)],
        &[
            &[(-2., 56.), (0., 57.), (-2., 60.)],
            &[(0.5, 56.), (2.5, 56.), (2.5, 60.), (1., 58.)],
        ],
    );
    let parts = MultiPolygon::new(vec![
        polygon(&[(100., -10.), (101., -10.), (100., -9.)], &[]),
        polygon(
            &[(102., -10.), (105., -10.), (105., -7.), (102., -7.)],
            &[&[(103., -9.), (104., -9.), (103.5, -8.)]],
        ),
        polygon(&[(100., -3.), (104., -5.), (102., -2.)], &[]),
    ]);
    let tall = polygon(
        &[(10., 0.), (30., 0.), (50., 70.), (20., 70.), (22., 35.)],
        &[],
    );
    vec![
        ("convex", convex.into()),
        ("concave", concave.into()),
        ("holed", holed.into()),
        ("of several parts", parts),
        ("tall", tall.into()),
    ]
}

fn points_in(shape: &MultiPolygon, n: u32, seed: u64) -> Vec<Coord> {
    let table = Table::new(vec![(
        "id".into(),
        Arc::new(StringArray::from(vec!["one"])),
    )])
    .and_then(|t| t.with_geometries("geometry", &[Some(shape.clone().into())], Crs::wgs84()))
    .unwrap();
    let plan = AreaPlan {
        file: "shape".into(),
        id: "id".into(),
        per_area: Some(n),
        ..AreaPlan::default()
    };
    let planned = plan_areas(&table, &plan, seed, Batches::Count(1)).unwrap();
    assert_eq!(planned.rejected, []);
    planned.samples.table().unwrap().points().unwrap().unwrap()
}

/// Ground from the equator to a latitude, in units of its own (Snyder 1987, eq. 3-12).
fn authalic(latitude: f64) -> f64 {
    let e2: f64 = 0.006_694_379_990_141_317;
    let (e, s) = (e2.sqrt(), latitude.to_radians().sin());
    s / (1.0 - e2 * s * s) + (e * s).atanh() / e
}

/// Ground of a shape whose edges are straight in degrees: shoelace in an equal-area projection,
/// after its edges were cut into many.
fn ground(shape: &MultiPolygon) -> f64 {
    let fine = |ring: &LineString| -> LineString {
        ring.lines_iter()
            .flat_map(|line| {
                (0..200).map(move |i| line.start + (line.end - line.start) * (f64::from(i) / 200.0))
            })
            .collect()
    };
    shape
        .iter()
        .map(|part| {
            Polygon::new(
                fine(part.exterior()),
                part.interiors().iter().map(fine).collect(),
            )
        })
        .map(|part| {
            part.map_coords(|c| coord! {x: c.x, y: authalic(c.y)})
                .unsigned_area()
        })
        .sum()
}

fn clipped(shape: &MultiPolygon, to: Rect) -> f64 {
    ground(&shape.intersection(&MultiPolygon::from(to.to_polygon())))
}

/// Chi-square over a grid of cells as a standard normal deviate (Wilson and Hilferty 1931).
fn chi_square_deviate(shape: &MultiPolygon, points: &[Coord]) -> f64 {
    const CELLS: usize = 8;
    let bounds = shape.bounding_rect().unwrap();
    let cell_of =
        |v: f64, low: f64, size: f64| (((v - low) / size * CELLS as f64) as usize).min(CELLS - 1);
    let mut seen = [[0.0; CELLS]; CELLS];
    for point in points {
        let column = cell_of(point.x, bounds.min().x, bounds.width());
        seen[column][cell_of(point.y, bounds.min().y, bounds.height())] += 1.0;
    }
    let whole = ground(shape);
    let (mut chi_square, mut cells, mut rest_seen, mut rest_expected) = (0.0, 0.0, 0.0, 0.0);
    for (column, seen) in seen.iter().enumerate() {
        for (row, seen) in seen.iter().enumerate() {
            let corner = |c: usize, r: usize| {
                bounds.min()
                    + coord! {x: bounds.width() * c as f64 / CELLS as f64, y: bounds.height() * r as f64 / CELLS as f64}
            };
            let cell = Rect::new(corner(column, row), corner(column + 1, row + 1));
            let expected = points.len() as f64 * clipped(shape, cell) / whole;
            if expected < 10.0 {
                rest_seen += seen;
                rest_expected += expected;
            } else {
                chi_square += (seen - expected).powi(2) / expected;
                cells += 1.0;
            }
        }
    }
    if rest_expected > 1.0 {
        chi_square += (rest_seen - rest_expected).powi(2) / rest_expected;
        cells += 1.0;
    }
    let freedom = cells - 1.0;
    let spread = 2.0 / (9.0 * freedom);
    ((chi_square / freedom).cbrt() - (1.0 - spread)) / spread.sqrt()
}

/// Largest difference between the shares of points and of ground south of a latitude (or, turned,
/// west of a longitude), times the square root of the number: above 1.95 in one of a thousand.
fn kolmogorov_smirnov(shape: &MultiPolygon, points: &[Coord], along: fn(Coord) -> f64) -> f64 {
    let bounds = shape.bounding_rect().unwrap();
    let whole = ground(shape);
    let (low, high) = (along(bounds.min()), along(bounds.max()));
    let differences = (1..100).map(|step| {
        let bound = low + (high - low) * f64::from(step) / 100.0;
        let south = clipped(
            shape,
            Rect::new(bounds.min(), coord! {x: bounds.max().x, y: bound}),
        );
        let west = clipped(
            shape,
            Rect::new(bounds.min(), coord! {x: bound, y: bounds.max().y}),
        );
        let along_y = along(coord! {x: 0.0, y: 1.0}) > 0.5;
        let expected = if along_y { south } else { west } / whole;
        let seen = points.iter().filter(|&&point| along(point) < bound).count();
        (seen as f64 / points.len() as f64 - expected).abs()
    });
    differences.fold(0.0, f64::max) * (points.len() as f64).sqrt()
}

#[test]
fn points_of_every_kind_of_shape_are_uniform_over_the_ground_and_inside() {
    for (name, shape) in shapes() {
        let points = points_in(&shape, 20_000, 11);
        assert_eq!(points.len(), 20_000);
        assert!(
            points.iter().all(|&p| shape.contains(&Point::from(p))),
            "{name}: a point lies outside"
        );
        let deviate = chi_square_deviate(&shape, &points);
        assert!(
            deviate.abs() < 3.3,
            "{name}: chi-square deviates by {deviate} sigma"
        );
        for (axis, along) in [
            ("latitude", (|p: Coord| p.y) as fn(Coord) -> f64),
            ("longitude", |p| p.x),
        ] {
            let ks = kolmogorov_smirnov(&shape, &points, along);
            assert!(ks < 1.95, "{name}: Kolmogorov-Smirnov along {axis} {ks}");
        }
    }
}

#[test]
fn the_tests_would_see_points_that_are_uniform_over_degrees() {
    let (_, tall) = shapes().pop().unwrap();
    let bounds = tall.bounding_rect().unwrap();
    // a rank-1 lattice, thinned to the shape
    let degrees: Vec<Coord> = (0..60_000)
        .map(|i| coord! {
            x: bounds.min().x + bounds.width() * (f64::from(i) * 0.754_877_666_246_692_7).fract(),
            y: bounds.min().y + bounds.height() * (f64::from(i) * 0.569_840_290_998_053_2).fract()
        })
        .filter(|&p| tall.contains(&Point::from(p)))
        .take(20_000)
        .collect();
    assert!(chi_square_deviate(&tall, &degrees) > 30.0);
    assert!(kolmogorov_smirnov(&tall, &degrees, |p| p.y) > 10.0);
}

#[test]
fn a_million_points_in_a_hundred_thousand_vertices_are_all_drawn() {
    let n = 100_000;
    let star: LineString = (0..n)
        .map(|i| {
            let angle = f64::from(i) / f64::from(n) * std::f64::consts::TAU;
            // spikes of many lengths
            let r = 0.6 + 0.4 * (f64::from(i) * 0.618_033_988_749_895).fract();
            coord! {x: 8.0 + r * angle.cos(), y: 47.0 + r * angle.sin()}
        })
        .collect();
    let star = MultiPolygon::from(Polygon::new(star, vec![]));
    let points = points_in(&star, 1_000_000, 1);
    assert_eq!(points.len(), 1_000_000);
    let inside = geo::indexed::IntervalTreeMultiPolygon::new(&star);
    assert!(points.iter().step_by(2000).all(|p| inside.contains(p)));
}

#[test]
fn an_area_across_the_antimeridian_gets_points_on_both_sides() {
    // Taveuni, Fiji, roughly, three ways of writing it
    let wrapped = polygon(
        &[(179., -17.), (-179., -17.), (-179., -16.), (179., -16.)],
        &[],
    );
    let beyond = polygon(
        &[(179., -17.), (181., -17.), (181., -16.), (179., -16.)],
        &[],
    );
    let split = MultiPolygon::new(vec![
        polygon(
            &[(179., -17.), (180., -17.), (180., -16.), (179., -16.)],
            &[],
        ),
        polygon(
            &[(-180., -17.), (-179., -17.), (-179., -16.), (-180., -16.)],
            &[],
        ),
    ]);
    for shape in [wrapped.into(), beyond.into(), split] {
        let points = points_in(&shape, 2000, 5);
        let east = points
            .iter()
            .filter(|p| (179.0..=180.0).contains(&p.x))
            .count();
        let west = points
            .iter()
            .filter(|p| (-180.0..=-179.0).contains(&p.x))
            .count();
        assert_eq!(east + west, 2000);
        assert!(east.abs_diff(1000) < 100, "{east}");
    }
}

#[test]
fn points_of_a_projected_area_lie_in_it() {
    // a square kilometre in British National Grid
    let square: Geometry = Rect::new(
        coord! {x: 330_000., y: 187_000.},
        coord! {x: 331_000., y: 188_000.},
    )
    .to_polygon()
    .into();
    let crs = Crs::from_epsg(27700).unwrap();
    let table = Table::new(vec![(
        "id".into(),
        Arc::new(StringArray::from(vec!["ST38"])),
    )])
    .and_then(|t| t.with_geometries("geometry", &[Some(square)], crs.clone()))
    .unwrap();
    let plan = AreaPlan {
        file: "grid".into(),
        id: "id".into(),
        per_km2: Some(200.0),
        ..AreaPlan::default()
    };
    let planned = plan_areas(&table, &plan, 3, Batches::default()).unwrap();
    // the grid is 0.06 % off the ground here
    assert_eq!(planned.samples.len(), 200);
    let back = planned.samples.table().unwrap().reproject(&crs).unwrap();
    let reach = 0.05;
    for point in back.points().unwrap().unwrap() {
        assert!(
            (330_000.0 - reach..=331_000.0 + reach).contains(&point.x),
            "{point:?}"
        );
        assert!(
            (187_000.0 - reach..=188_000.0 + reach).contains(&point.y),
            "{point:?}"
        );
    }
}
