//! Plans of chips: what they cover, how they overlap, and what they are called.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use arrow_array::StringArray;
use geo::{Geometry, Intersects, LineString, Point, Polygon, Rect, coord};
use proptest::prelude::*;
use sampling::{
    AllFolds, Batches, Border, ChipPlan, Error, FoldIndex, Folds, Keep, Planned, Select,
    draw_chips, plan_chips,
};
use tables::{Crs, Table};

/// Fields of 200 m at these places in UTM zone 31, half of them for training.
fn fields(places: &[(f64, f64)]) -> Table {
    let squares: Vec<Option<Geometry>> = places
        .iter()
        .map(|&(x, y)| {
            let (min, max) = (coord! {x: x, y: y}, coord! {x: x + 200.0, y: y + 200.0});
            Some(Rect::new(min, max).to_polygon().into())
        })
        .collect();
    let split: StringArray = (0..places.len())
        .map(|n| Some(["train", "test"][n % 2]))
        .collect();
    Table::new(vec![("split".into(), Arc::new(split))])
        .and_then(|t| t.with_geometries("geometry", &squares, Crs::from_epsg(32631).unwrap()))
        .unwrap()
}

fn plan() -> ChipPlan {
    ChipPlan {
        crs: Some("EPSG:32631".into()),
        ..ChipPlan::of("fields")
    }
}

fn planned(features: &Table, plan: &ChipPlan) -> Planned {
    plan_chips(features, plan, 7, Batches::default()).unwrap()
}

/// Name, west and north edge of each chip.
fn chips(planned: &Planned) -> Vec<(String, f64, f64)> {
    let table = planned.samples.table().unwrap();
    let number = |column| table.numbers(column).unwrap().into_iter().flatten();
    let ids = table.texts("sample_id").unwrap().into_iter().flatten();
    ids.zip(number("x_min"))
        .zip(number("y_max"))
        .map(|((id, x), y)| (id, x, y))
        .collect()
}

#[test]
fn chips_keep_to_their_lattice_and_their_names_whatever_the_region() {
    let overlapping = ChipPlan {
        overlap: 0.5,
        ..plan()
    };
    let one = chips(&planned(&fields(&[(5e5, 1e6)]), &overlapping));
    let both = chips(&planned(
        &fields(&[(5e5, 1e6), (503_000.0, 1_002_000.0)]),
        &overlapping,
    ));
    assert!(one.iter().all(|chip| both.contains(chip)));
    assert!(both.len() > one.len());
    for (_, x, y) in &both {
        let steps = [x / 610.56, (y - 1221.12) / 610.56];
        assert!(
            steps.iter().all(|s| (s - s.round()).abs() < 1e-6),
            "{steps:?}"
        );
    }
    // south to north, each row from west to east
    let rows: Vec<(i64, i64)> = both
        .iter()
        .map(|(_, x, y)| (y.round() as i64, x.round() as i64))
        .collect();
    assert!(rows.is_sorted());
    assert!(
        one.iter()
            .all(|(id, ..)| id.starts_with("chip_") && id.len() >= 10)
    );
}

#[test]
fn the_keep_rules_differ_as_they_should() {
    let features = fields(&[(5e5, 1e6)]);
    let count = |keep| {
        planned(
            &features,
            &ChipPlan {
                keep,
                overlap: 0.5,
                ..plan()
            },
        )
        .samples
        .len()
    };
    let (all, window, disc) = (count(Keep::All), count(Keep::Window), count(Keep::Disc));
    assert!(
        all > window && window > disc && disc > 0,
        "{all} {window} {disc}"
    );
}

#[test]
fn a_least_share_of_labels_drops_the_others() {
    let field = Rect::new(
        coord! {x: 5e5, y: 1e6},
        coord! {x: 502_442.24, y: 1_002_442.24},
    );
    let features = Table::new(vec![(
        "n".into(),
        Arc::new(StringArray::from(vec!["a", "b"])),
    )])
    .and_then(|t| {
        let polygon: Geometry = field.to_polygon().into();
        t.with_geometries(
            "geometry",
            &[Some(polygon.clone()), Some(polygon)],
            Crs::from_epsg(32631)?,
        )
    })
    .unwrap();
    let least = |share| {
        planned(
            &features,
            &ChipPlan {
                min_label_share: Some(share),
                ..plan()
            },
        )
    };
    let shares = |planned: &Planned| {
        planned
            .samples
            .table()
            .unwrap()
            .numbers("label_share")
            .unwrap()
    };
    let all = least(0.0);
    assert_eq!(all.samples.len(), 9);
    // the two labels are one another's copies: four chips' worth in all
    let sum: f64 = shares(&all).into_iter().flatten().sum();
    assert!((sum - 4.0).abs() < 1e-6, "{sum}");
    assert!(
        shares(&least(0.5))
            .into_iter()
            .flatten()
            .all(|share| share >= 0.5)
    );
    assert!(least(0.5).samples.len() < 9);
}

#[test]
fn selections_and_folds_are_parts_of_the_whole() {
    let places: Vec<(f64, f64)> = (0..16)
        .map(|n| (5e5 + f64::from(n) * 5000.0, 1e6))
        .collect();
    let features = fields(&places);
    let whole = chips(&planned(&features, &plan()));
    let mut together = Vec::new();
    for index in 0..4 {
        let fold = ChipPlan {
            folds: Some(Folds::one(4, index)),
            ..plan()
        };
        together.extend(chips(&planned(&features, &fold)));
    }
    together.sort_by(|a, b| a.0.cmp(&b.0));
    let mut sorted = whole.clone();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(together, sorted);
    let train = Some(Select {
        column: "split".into(),
        value: "train".into(),
    });
    let train = planned(
        &features,
        &ChipPlan {
            select: train,
            ..plan()
        },
    );
    assert!(!train.samples.is_empty() && train.samples.len() < whole.len());
    let none = Some(Select {
        column: "split".into(),
        value: "holdout".into(),
    });
    let error = plan_chips(
        &features,
        &ChipPlan {
            select: none,
            ..plan()
        },
        7,
        Batches::default(),
    );
    assert_eq!(
        error.unwrap_err().to_string(),
        "the table of features has no row with \"holdout\" in column \"split\""
    );
}

/// Fold and window of each chip.
fn windows(planned: &Planned) -> Vec<(usize, Rect)> {
    let table = planned.samples.table().unwrap();
    let number = |column| table.numbers(column).unwrap();
    let (folds, west, north) = (number("fold"), number("x_min"), number("y_max"));
    let (pixels, sides) = (number("pixel_m"), number("chip_px"));
    (0..table.rows())
        .map(|row| {
            let side = pixels[row].unwrap() * sides[row].unwrap();
            let corner = coord! {x: west[row].unwrap(), y: north[row].unwrap()};
            let far = coord! {x: corner.x + side, y: corner.y - side};
            (folds[row].unwrap() as usize, Rect::new(corner, far))
        })
        .collect()
}

fn all_folds(chunks: usize, border: Border) -> Option<Folds> {
    Some(Folds {
        chunks,
        index: FoldIndex::All(AllFolds::All),
        border,
    })
}

#[test]
fn all_folds_of_one_run_are_those_of_a_run_each_and_the_cost_of_borders_is_said() {
    let places: Vec<(f64, f64)> = (0..16).map(|n| (5e5 + f64::from(n) * 700.0, 1e6)).collect();
    let features = fields(&places);
    let folds = |border| ChipPlan {
        folds: all_folds(4, border),
        overlap: 0.5,
        ..plan()
    };
    let dropped = planned(&features, &folds(Border::Drop));
    let kept = planned(&features, &folds(Border::Keep));
    assert!(dropped.samples.len() < kept.samples.len());
    let note = &dropped.notes[0];
    for words in [
        format!("\"drop\" leaves {} chips", dropped.samples.len()),
        format!("\"keep\" {} with 16", kept.samples.len()),
    ] {
        assert!(note.contains(&words), "{note}");
    }
    let ids = |planned: &Planned| {
        chips(planned)
            .into_iter()
            .map(|chip| chip.0)
            .collect::<Vec<_>>()
    };
    let mut one_by_one = Vec::new();
    for index in 0..4 {
        let fold = ChipPlan {
            folds: Some(Folds::one(4, index)),
            ..folds(Border::Drop)
        };
        one_by_one.extend(ids(&planned(&features, &fold)));
    }
    assert_eq!(ids(&dropped), one_by_one);
    // a place that is a chip of two folds has two names
    let mut names = ids(&kept);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), kept.samples.len());
    assert!(names[0].contains("_f"), "{}", names[0]);
    let plan: ChipPlan =
        serde_json::from_str(r#"{"file": "f", "folds": {"chunks": 4, "index": "all"}}"#).unwrap();
    assert_eq!(plan.folds, all_folds(4, Border::Drop));
}

#[test]
fn points_and_lines_have_chips_too_and_degrees_find_their_zone() {
    let line = LineString::from(vec![(2.6, 9.1), (2.63, 9.12)]);
    let features = Table::new(vec![(
        "n".into(),
        Arc::new(StringArray::from(vec!["a", "b", "c"])),
    )])
    .and_then(|t| {
        let rows = [Some(Point::new(2.5, 9.0).into()), Some(line.into()), None];
        t.with_geometries("geometry", &rows, Crs::wgs84())
    })
    .unwrap();
    let planned = planned(&features, &ChipPlan::of("fields"));
    assert_eq!(planned.rejected.len(), 1);
    let table = planned.samples.table().unwrap();
    assert!(table.rows() >= 3);
    assert_eq!(
        table.texts("crs").unwrap()[0].as_deref(),
        Some("EPSG:32631")
    );
    let geographic = ChipPlan {
        crs: Some("EPSG:4326".into()),
        ..ChipPlan::of("fields")
    };
    let error = plan_chips(&features, &geographic, 7, Batches::default());
    assert!(matches!(error, Err(Error::Setting { field: "crs", .. })));
}

#[test]
fn a_drawing_shows_every_chip_and_every_feature() {
    let features = fields(&[(5e5, 1e6), (51e4, 1e6)]);
    let plan = ChipPlan {
        overlap: 0.5,
        folds: Some(Folds::one(2, 0)),
        ..plan()
    };
    let chips = planned(&features, &plan).samples.len();
    let svg = draw_chips(&features, &plan, 7).unwrap();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"));
    assert_eq!(svg.matches("<circle").count(), chips);
    assert_eq!(svg.matches("<path").count(), 2);
    assert!(svg.contains("overlap 50 %"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn no_feature_and_no_labelled_pixel_is_seen_by_two_folds(
        places in proptest::collection::vec((0.0_f64..12_000.0, 0.0_f64..12_000.0), 6..40),
        chunks in 2_usize..5, overlap in 0.0_f64..0.9, disc: bool,
    ) {
        let places: Vec<(f64, f64)> = places.into_iter().map(|(x, y)| (5e5 + x, 1e6 + y)).collect();
        let plan = ChipPlan {
            folds: all_folds(chunks, Border::Drop),
            overlap,
            keep: if disc { Keep::Disc } else { Keep::Window },
            ..plan()
        };
        let windows = windows(&planned(&fields(&places), &plan));
        for &(x, y) in &places {
            let field = Rect::new(coord! {x: x, y: y}, coord! {x: x + 200.0, y: y + 200.0});
            // whatever part of the field a chip sees, no chip of another fold sees any
            let mut folds: Vec<usize> = windows.iter()
                .filter(|(_, window)| window.intersects(&field)).map(|(fold, _)| *fold).collect();
            folds.sort_unstable();
            folds.dedup();
            prop_assert!(folds.len() <= 1, "{:?}", folds);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn chips_cover_every_feature(
        places in proptest::collection::vec((4e5_f64..4.2e5, 1e6_f64..1.02e6), 1..6),
        overlap in 0.0_f64..0.9,
    ) {
        let features = fields(&places);
        let plan = ChipPlan { overlap, margin_m: 0.0, ..plan() };
        let chips = chips(&planned(&features, &plan));
        for (x, y) in places {
            for (dx, dy) in [(0.1, 0.1), (199.9, 0.1), (199.9, 199.9), (100.0, 100.0)] {
                let inside = |(_, west, north): &(String, f64, f64)| {
                    (*west..=west + plan.chip_m()).contains(&(x + dx))
                        && (north - plan.chip_m()..=*north).contains(&(y + dy))
                };
                prop_assert!(chips.iter().any(inside));
            }
        }
    }
}

#[test]
fn a_feature_larger_than_chips_is_covered_within() {
    let field = LineString::from(vec![
        (5e5, 1e6),
        (505e3, 1e6),
        (505e3, 1_005e3),
        (5e5, 1_005e3),
    ]);
    let features = Table::new(vec![("n".into(), Arc::new(StringArray::from(vec!["a"])))])
        .and_then(|t| {
            let field: Geometry = Polygon::new(field, vec![]).into();
            t.with_geometries("geometry", &[Some(field)], Crs::from_epsg(32631)?)
        })
        .unwrap();
    // Chips of 1221.12 m on a lattice through the origin: columns 409 to 413, rows 818 to 823.
    assert_eq!(planned(&features, &plan()).samples.len(), 30);
}
