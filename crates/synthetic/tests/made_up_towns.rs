//! What every made-up town must hold to.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{HashMap, HashSet};

use geo::{Coord, Distance, Euclidean, Geometry, Validation};
use proptest::prelude::*;
use synthetic::{Error, Shape, TownSpec, town};
use tables::Table;

const LATTICES: [Shape; 5] = [
    Shape::Town,
    Shape::Coast,
    Shape::TwoValleys,
    Shape::DenseCore,
    Shape::ManyIslands,
];

fn made(shape: Shape, cells: usize, seed: u64) -> Table {
    town(&TownSpec::new(shape, cells, seed)).unwrap()
}

fn points(table: &Table) -> Vec<Coord> {
    table.points().unwrap().unwrap()
}

fn people(table: &Table) -> Vec<f64> {
    table
        .numbers("population")
        .unwrap()
        .into_iter()
        .flatten()
        .collect()
}

/// Column and row of each cell in a lattice of 3 arc-seconds.
fn cells(table: &Table) -> Vec<(i64, i64)> {
    points(table)
        .iter()
        .map(|point| {
            let (column, row) = (point.x * 1200.0, point.y * 1200.0);
            assert!((column - column.round()).abs() < 1e-6 && (row - row.round()).abs() < 1e-6);
            (column.round() as i64, row.round() as i64)
        })
        .collect()
}

/// Sizes of the lands, largest first: cells that touch by a side or a corner belong together.
fn lands(table: &Table) -> Vec<usize> {
    let mut left: HashSet<(i64, i64)> = cells(table).into_iter().collect();
    assert_eq!(left.len(), table.rows(), "a cell occurs twice");
    let mut sizes = Vec::new();
    while let Some(&first) = left.iter().next() {
        let mut size = 0;
        let mut open = vec![first];
        left.remove(&first);
        while let Some((column, row)) = open.pop() {
            size += 1;
            for near in (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (column + dx, row + dy))) {
                if left.remove(&near) {
                    open.push(near);
                }
            }
        }
        sizes.push(size);
    }
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    sizes
}

#[test]
fn a_town_has_a_mainland_and_two_islands_the_second_too_small_for_a_cluster() {
    for seed in 0..6 {
        assert_eq!(lands(&made(Shape::Town, 20_000, seed)), [19_000, 600, 400]);
        assert_eq!(lands(&made(Shape::Coast, 20_000, seed)), [19_000, 600, 400]);
    }
}

#[test]
fn valleys_and_a_dense_core_are_in_one_piece_and_islands_in_many() {
    for seed in 0..4 {
        assert_eq!(lands(&made(Shape::TwoValleys, 8_000, seed)).len(), 1);
        assert_eq!(lands(&made(Shape::DenseCore, 8_000, seed)).len(), 1);
        let islands = lands(&made(Shape::ManyIslands, 8_000, seed));
        assert_eq!(islands.len(), 24);
        assert!(islands[0] > 10 * islands[23]);
    }
}

#[test]
fn a_town_has_dense_parts_thin_parts_and_empty_parts() {
    for shape in LATTICES {
        let table = made(shape, 60_000, 5);
        let mut people = people(&table);
        people.sort_unstable_by(f64::total_cmp);
        let total: f64 = people.iter().sum();
        assert!((total - 15_000.0).abs() < 0.1, "{shape}: {total}");
        let densest_tenth: f64 = people[54_000..].iter().sum();
        assert!(
            densest_tenth > 0.4 * total,
            "{shape}: {densest_tenth} of {total}"
        );
        assert!(
            people[59_999] < 180.0,
            "{shape}: no cell is heavier than a small cluster"
        );
        let empty = people.iter().filter(|&&people| people == 0.0).count();
        assert!(
            (60..12_000).contains(&empty),
            "{shape}: {empty} empty cells"
        );
    }
}

#[test]
fn most_people_of_a_dense_core_live_close_together() {
    let table = made(Shape::DenseCore, 40_000, 2);
    let (points, people) = (points(&table), people(&table));
    let core = points[(0..people.len())
        .max_by(|&a, &b| people[a].total_cmp(&people[b]))
        .unwrap()];
    let within: f64 = points
        .iter()
        .zip(&people)
        .filter(|(point, _)| Euclidean.distance(**point, core) < 25.0 / 1200.0)
        .map(|(_, people)| people)
        .sum();
    assert!(within > 0.5 * people.iter().sum::<f64>());
}

#[test]
fn nobody_lives_on_the_ridge_between_two_valleys() {
    let table = made(Shape::TwoValleys, 30_000, 1);
    let cells = cells(&table);
    let mut by_row: HashMap<i64, Vec<i64>> = HashMap::new();
    for (column, row) in cells {
        by_row.entry(row).or_default().push(column);
    }
    let north = by_row.keys().max().unwrap() - by_row.len() as i64 / 4;
    let mut columns = by_row.remove(&north).unwrap();
    columns.sort_unstable();
    let widest = columns
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .max()
        .unwrap();
    assert!(widest > 50, "{widest}");
}

#[test]
fn every_column_is_full_and_says_what_it_should() {
    let table = made(Shape::Town, 12_000, 3);
    let names: Vec<&str> = table.column_names().collect();
    assert_eq!(
        names,
        [
            "grid_id",
            "population",
            "urban",
            "settlement",
            "district",
            "geometry"
        ]
    );
    let ids = table.texts("grid_id").unwrap();
    assert_eq!(ids[0].as_deref(), Some("GRID_00001"));
    assert_eq!(ids[11_999].as_deref(), Some("GRID_12000"));
    let urban = table.flags("urban").unwrap();
    let settlement = table.texts("settlement").unwrap();
    for (urban, settlement) in urban.iter().zip(&settlement) {
        assert_eq!(*urban == Some(true), settlement.as_deref() == Some("town"));
    }
    let kinds: HashSet<_> = settlement.into_iter().flatten().collect();
    assert_eq!(kinds.len(), 3);
    let districts: HashSet<_> = table.texts("district").unwrap().into_iter().collect();
    assert!(districts.len() >= 2 && !districts.contains(&None));
    assert!(
        points(&table)
            .windows(2)
            .all(|pair| (pair[0].y, pair[0].x) < (pair[1].y, pair[1].x))
    );
}

#[test]
fn a_town_on_the_date_line_continues_on_the_other_side() {
    let table = town(&TownSpec::new(Shape::DenseCore, 3_000, 1).at(180.0, -17.0)).unwrap();
    let points = points(&table);
    assert!(
        points
            .iter()
            .all(|point| (-180.0..180.0).contains(&point.x))
    );
    assert!(
        points.iter().any(|point| point.x > 179.9) && points.iter().any(|point| point.x < -179.9)
    );
}

#[test]
fn a_town_far_north_is_as_round_on_the_ground_as_one_on_the_equator() {
    for lat in [0.0, 60.0] {
        let table = town(&TownSpec::new(Shape::DenseCore, 20_000, 4).at(10.0, lat)).unwrap();
        let bounds = table.bounds().unwrap().unwrap();
        let ratio = bounds.width() * lat.to_radians().cos() / bounds.height();
        assert!((0.6..1.6).contains(&ratio), "{lat}: {ratio}");
    }
}

#[test]
fn rooftops_are_valid_footprints_of_the_size_of_houses() {
    let table = town(&TownSpec::new(Shape::Rooftops, 3_000, 1).at(-6.0, 33.0)).unwrap();
    assert_eq!(
        table.column_names().collect::<Vec<_>>(),
        ["building_id", "district", "geometry"]
    );
    let footprints = table.geometries().unwrap();
    assert_eq!(footprints.len(), 3_000);
    let metres = tables::Crs::utm_for(-6.0, 33.0).unwrap();
    let footprints = table.reproject(&metres).unwrap().geometries().unwrap();
    for footprint in footprints.into_iter().flatten() {
        let Geometry::Polygon(polygon) = footprint else {
            panic!("a footprint is a polygon")
        };
        assert!(polygon.is_valid());
        let area = geo::Area::signed_area(&polygon);
        assert!((35.0..250.0).contains(&area), "{area}");
    }
    // About 45 on a square kilometre.
    let bounds = table.reproject(&metres).unwrap().bounds().unwrap().unwrap();
    let per_km2 = 3_000.0 / (bounds.width() * bounds.height() * 1e-6);
    assert!((20.0..60.0).contains(&per_km2), "{per_km2}");
}

#[test]
fn what_cannot_be_made_is_named() {
    assert!(matches!(
        town(&TownSpec::new(Shape::Town, usize::MAX, 1)),
        Err(Error::TooManyCells { .. })
    ));
    assert!(matches!(
        town(&TownSpec::new(Shape::Town, 10, 1).at(10.0, 89.0)),
        Err(Error::CentreOutOfRange { .. })
    ));
    assert!(matches!(
        town(&TownSpec {
            people_per_cell: f64::NAN,
            ..TownSpec::new(Shape::Town, 10, 1)
        }),
        Err(Error::PeoplePerCell { .. })
    ));
    assert_eq!(
        "village".parse::<Shape>().unwrap_err().to_string(),
        "no town shape is called `village`: town, coast, two-valleys, dense-core, many-islands, rooftops"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_town_has_the_rows_asked_for_and_is_the_same_each_time(
        shape in 0..Shape::ALL.len(),
        cells in prop_oneof![0_usize..40, 40_usize..3_000],
        seed: u64,
        lon in -180.0..180.0_f64,
        lat in -70.0..70.0_f64,
        people_per_cell in prop_oneof![Just(0.0), 0.001..5.0_f64],
    ) {
        let spec = TownSpec { people_per_cell, ..TownSpec::new(Shape::ALL[shape], cells, seed).at(lon, lat) };
        let table = town(&spec).unwrap();
        prop_assert_eq!(table.rows(), cells);
        let bytes = |table: &Table| table.to_geoparquet(&tables::WriteOptions::default()).unwrap();
        prop_assert!(bytes(&table) == bytes(&town(&spec).unwrap()));
        if spec.shape != Shape::Rooftops {
            let people = people(&table);
            prop_assert!(people.iter().all(|people| people.is_finite() && *people >= 0.0));
            // The mean is met but for rounding, unless all land is empty.
            let total: f64 = people.iter().sum();
            let wanted = people_per_cell * cells as f64;
            prop_assert!(total == 0.0 || (total - wanted).abs() <= 1e-6 * cells as f64 + 1e-9 * wanted);
        }
    }
}
