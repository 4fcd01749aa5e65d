//! Drawing from tables of areas, and structures in them.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, StringArray};
use geo::{Coord, Geometry, LineString, Polygon};
use survey::selection::Method;
use survey::{Selection, Within, select, select_within};
use tables::{Crs, Table};

/// Areas of three provinces, with ids that begin with zeros.
fn frame() -> Table {
    let rows = 60;
    let ids: ArrayRef = Arc::new(StringArray::from_iter_values(
        (0..rows).map(|row| format!("{row:07}")),
    ));
    let province = |row: usize| {
        if row < 30 {
            "N"
        } else {
            ["S", "W"][usize::from(row >= 50)]
        }
    };
    let provinces: ArrayRef = Arc::new(StringArray::from_iter_values((0..rows).map(province)));
    let households: ArrayRef = Arc::new(Float64Array::from_iter_values(
        (0..rows).map(|row| 100.0 + (row * 37 % 90) as f64),
    ));
    Table::new(vec![
        ("ea_id".to_owned(), ids),
        ("province".to_owned(), provinces),
        ("households".to_owned(), households),
    ])
    .expect("a frame")
}

fn by_province(n: usize) -> Selection {
    Selection {
        n: Some(n),
        strata: vec!["province".to_owned()],
        size: Some("households".to_owned()),
        ..Selection::default()
    }
}

fn numbers(table: &Table, column: &str) -> Vec<f64> {
    table
        .numbers(column)
        .expect("numbers")
        .into_iter()
        .map(|value| value.unwrap_or(f64::NAN))
        .collect()
}

#[test]
fn weights_of_each_stratum_add_up_to_its_size() {
    for method in [Method::Systematic, Method::Pareto, Method::Sampford] {
        let drawn = select(
            &frame(),
            &Selection {
                method,
                ..by_province(12)
            },
        )
        .expect("a sample");
        assert_eq!(drawn.table.rows(), 12);
        let (weights, sizes) = (
            numbers(&drawn.table, "weight"),
            numbers(&drawn.table, "households"),
        );
        let strata = drawn.table.texts("stratum").expect("strata");
        for stratum in &drawn.strata {
            let total: f64 = (0..12)
                .filter(|&row| strata[row].as_deref() == Some(stratum.stratum.as_str()))
                .map(|row| weights[row] * sizes[row])
                .sum();
            assert!(
                (total / stratum.size - 1.0).abs() < 1e-12,
                "{method:?} {total} {}",
                stratum.size
            );
        }
        assert_eq!(
            drawn.table.texts("psu_id").expect("ids")[0]
                .as_ref()
                .map(String::len),
            Some(7)
        );
    }
}

#[test]
fn a_sample_is_drawn_again_into_new_columns_only() {
    let first = select(&frame(), &by_province(20)).expect("a sample").table;
    let again = Selection {
        n: Some(4),
        strata: Vec::new(),
        method: Method::Srs,
        ..by_province(4)
    };
    let second = select(&first, &again).expect("a sample").table;
    let ids = second.texts("psu_id").expect("ids");
    let first_ids = first.texts("psu_id").expect("ids");
    for (row, id) in ids.iter().enumerate() {
        let at = first_ids
            .iter()
            .position(|first| first == id)
            .expect("drawn before");
        for column in ["p_1", "stratum_units", "stratum_drawn"] {
            assert_eq!(
                numbers(&second, column)[row],
                numbers(&first, column)[at],
                "{column}"
            );
        }
        assert_eq!(numbers(&second, "p_2")[row], 0.2);
        let both = numbers(&first, "p_1")[at] * 0.2;
        assert!((numbers(&second, "p")[row] - both).abs() < 1e-15);
        assert!((numbers(&second, "weight")[row] - 1.0 / both).abs() < 1e-9);
    }
}

#[test]
fn a_column_that_no_draw_wrote_is_not_overwritten() {
    let weights: ArrayRef = Arc::new(Float64Array::from(vec![1.0; 60]));
    let taken = frame().with_column("weight", weights).expect("a frame");
    let refused = select(&taken, &by_province(6))
        .expect_err("it has a weight")
        .to_string();
    assert!(refused.contains("a column `weight` already"), "{refused}");
}

#[test]
fn reserves_have_an_order_and_no_weight() {
    let drawn = select(
        &frame(),
        &Selection {
            reserve: 6,
            ..by_province(12)
        },
    )
    .expect("a sample")
    .table;
    assert_eq!(drawn.rows(), 18);
    let orders = drawn.numbers("reserve_order").expect("orders");
    let weights = drawn.numbers("weight").expect("weights");
    let replaces = drawn.texts("replaces").expect("ids");
    assert_eq!(orders.iter().flatten().count(), 6);
    for row in 0..18 {
        assert_eq!(orders[row].is_some(), weights[row].is_none());
        assert_eq!(orders[row].is_some(), replaces[row].is_some());
    }
}

#[test]
fn adding_a_stratum_changes_no_other_draw() {
    let whole = select(&frame(), &by_province(12)).expect("a sample");
    let n = whole
        .strata
        .iter()
        .find(|stratum| stratum.stratum == "N")
        .expect("N")
        .drawn;
    let north: Vec<u32> = (0..30).collect();
    let alone = select(&frame().take(&north).expect("rows"), &by_province(n)).expect("a sample");
    let ids = |table: &Table| table.texts("psu_id").expect("ids");
    assert_eq!(ids(&alone.table), ids(&whole.table)[..n]);
}

#[test]
fn serpentine_order_turns_every_second_group() {
    let province: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "a", "b", "a", "b"]));
    let height: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 1.0, 2.0, 2.0, 3.0, 3.0]));
    let table = Table::new(vec![
        ("province".to_owned(), province),
        ("height".to_owned(), height),
    ])
    .expect("a frame");
    let settings = Selection {
        n: Some(6),
        order_by: vec!["province".to_owned(), "height".to_owned()],
        serpentine: true,
        method: Method::Srs,
        ..Selection::default()
    };
    // All are drawn, in list order: a 1 2 3, then b 3 2 1.
    let drawn = select(&table, &settings).expect("a sample").table;
    assert_eq!(numbers(&drawn, "height"), [1.0, 2.0, 3.0, 3.0, 2.0, 1.0]);
}

/// A square of about 220 m with 20 structures on a line, and one that stands 100 m from the others.
fn unit_and_buildings() -> (Table, Table) {
    let (lon, lat, side) = (30.0, -2.0, 0.002);
    let ring = [
        (0.0, 0.0),
        (side, 0.0),
        (side, side),
        (0.0, side),
        (0.0, 0.0),
    ]
    .map(|(x, y)| Coord {
        x: lon + x,
        y: lat + y,
    });
    let outline = Geometry::Polygon(Polygon::new(LineString::new(ring.to_vec()), Vec::new()));
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["A"]));
    let sizes: ArrayRef = Arc::new(Float64Array::from(vec![120.0]));
    let frame = Table::new(vec![
        ("cluster_id".to_owned(), ids),
        ("cluster_weight".to_owned(), sizes),
    ])
    .expect("a frame")
    .with_geometries("geometry", &[Some(outline)], Crs::wgs84())
    .expect("an outline");
    let sample = select(
        &frame,
        &Selection {
            n: Some(1),
            ..Selection::default()
        },
    )
    .expect("a sample")
    .table;
    let mut places: Vec<Coord> = (0..20)
        .map(|k| Coord {
            x: lon + 0.0001 + 0.00005 * f64::from(k),
            y: lat + 0.0005,
        })
        .collect();
    places.push(Coord {
        x: lon + 0.0005,
        y: lat + 0.0016,
    });
    places.push(Coord {
        x: lon + 0.0100,
        y: lat,
    });
    let numbers: ArrayRef = Arc::new(StringArray::from_iter_values(
        (0..22).map(|k| format!("b{k:02}")),
    ));
    let buildings = Table::new(vec![("building_id".to_owned(), numbers)])
        .expect("buildings")
        .with_points("geometry", &places, Crs::wgs84())
        .expect("points");
    (sample, buildings)
}

#[test]
fn structures_have_the_product_of_both_stages_and_lonely_ones_none() {
    let (sample, buildings) = unit_and_buildings();
    let road = LineString::new(vec![
        Coord {
            x: 30.0,
            y: -1.99959,
        },
        Coord {
            x: 30.002,
            y: -1.99959,
        },
    ]);
    let settings = Within {
        take: 5,
        reserve: 2,
        systematic: false,
        isolated: Some((2, 50.0)),
        road_within: 30.0,
        unit_column: None,
        seed: 1,
    };
    let drawn = select_within(&sample, &buildings, &[("road".to_owned(), road)], &settings)
        .expect("structures");
    assert_eq!(drawn.elsewhere, 1);
    let unit = &drawn.units[0];
    assert_eq!(
        (unit.structures, unit.set_aside, unit.drawn, unit.reserves),
        (21, 1, 5, 2)
    );
    assert_eq!(numbers(&drawn.table, "p_within")[..5], [0.25; 5]);
    assert_eq!(numbers(&drawn.table, "weight")[..5], [4.0; 5]);
    assert_eq!(
        drawn.table.texts("unit_id").expect("ids")[0].as_deref(),
        Some("A-001")
    );
    // 0.00009 degrees of latitude near the equator are 9.95 m (110,574 m a degree on the ellipsoid).
    for metres in numbers(&drawn.table, "road_distance_m") {
        assert!((metres - 10.0).abs() < 0.11, "{metres}");
    }
    assert!(
        drawn
            .table
            .flags("on_road")
            .expect("flags")
            .iter()
            .all(|flag| *flag == Some(true))
    );
    assert_eq!(drawn.lines.rows(), 7);
}
