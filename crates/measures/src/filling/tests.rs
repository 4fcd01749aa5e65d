//! The specification's vectors, the fallbacks and the laws of filling.

use proptest::prelude::*;

use super::*;

/// Samples every `step` thousandths of a degree along the equator (111.319 m each), on one way and side.
fn lane<'a>(way: i64, side: &'a str, longitudes: &[f64]) -> Vec<RoadSample<'a>> {
    let places = (1..).zip(longitudes);
    places
        .map(|(sequence, x)| sample(way, side, sequence, Coord { x: *x, y: 0.0 }))
        .collect()
}

fn sample(way: i64, side: &str, sequence: i64, place: Coord) -> RoadSample<'_> {
    RoadSample {
        town: None,
        way,
        side,
        sequence,
        place,
        heading: None,
        distance_m: None,
    }
}

fn evenly(count: usize) -> Vec<f64> {
    (0..count).map(|index| index as f64 / 1000.0).collect()
}

fn values(filled: &[Filled]) -> Vec<Option<f64>> {
    filled.iter().map(|filled| filled.value).collect()
}

fn assert_near(found: &[Option<f64>], expected: &[Option<f64>]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        match (found, expected) {
            (Some(found), Some(expected)) => {
                assert!((found - expected).abs() < 1e-12, "{found} {expected}");
            }
            _ => assert_eq!(found, expected),
        }
    }
}

const BY_INDEX: Filling = Filling {
    method: Method::Interpolate,
    distance: Distance::Index,
    fallback: Fallback::None,
};
const BY_ROAD: Filling = Filling {
    distance: Distance::Road,
    ..BY_INDEX
};

#[test]
fn by_index_the_specifications_vectors_come_out() {
    let some = |values: &[f64]| values.iter().copied().map(Some).collect::<Vec<_>>();
    let n = None;
    let cases: [(Vec<Option<f64>>, Vec<Option<f64>>); 5] = [
        (
            vec![Some(0.3), n, n, n, n, Some(0.1)],
            some(&[
                0.3,
                0.8 * 0.3 + 0.2 * 0.1,
                0.6 * 0.3 + 0.4 * 0.1,
                0.4 * 0.3 + 0.6 * 0.1,
                0.2 * 0.3 + 0.8 * 0.1,
                0.1,
            ]),
        ),
        (
            vec![n, Some(10.0), Some(10.0), n, Some(3.0)],
            some(&[10.0, 10.0, 10.0, 6.5, 3.0]),
        ),
        (
            vec![n, n, Some(0.0283), Some(0.0376), n, n, Some(0.5673), n, n],
            some(&[
                0.0283,
                0.0283,
                0.0283,
                0.0376,
                2.0 / 3.0 * 0.0376 + 0.5673 / 3.0,
                0.0376 / 3.0 + 2.0 / 3.0 * 0.5673,
                0.5673,
                0.5673,
                0.5673,
            ]),
        ),
        (vec![n; 4], vec![n; 4]),
        (vec![], vec![]),
    ];
    for (readings, expected) in cases {
        let samples = lane(1, "left", &evenly(readings.len()));
        assert_near(
            &values(&fill(&samples, &readings, &BY_INDEX, None)),
            &expected,
        );
    }
}

#[test]
fn by_road_a_reading_weighs_by_its_distance_along_the_way() {
    let samples = lane(1, "left", &[0.0, 0.001, 0.004, 0.010]);
    let filled = fill(
        &samples,
        &[Some(1.0), None, None, Some(0.0)],
        &BY_ROAD,
        None,
    );
    assert!((filled[1].value.unwrap() - 0.9).abs() < 1e-9);
    assert!((filled[2].value.unwrap() - 0.6).abs() < 1e-9);
    assert!((filled[1].support_m.unwrap() - 111.319).abs() < 1e-2);
    assert!((filled[2].support_m.unwrap() - 4.0 * 111.319).abs() < 1e-2);
}

#[test]
fn planned_distances_come_before_straight_ones() {
    let mut samples = lane(1, "left", &evenly(3));
    for (sample, metres) in samples.iter_mut().zip([10.0, 40.0, 50.0]) {
        sample.distance_m = Some(metres);
    }
    let filled = fill(&samples, &[Some(1.0), None, Some(0.0)], &BY_ROAD, None);
    assert_eq!(
        (filled[1].value, filled[1].support_m),
        (Some(0.25), Some(10.0))
    );
}

#[test]
fn samples_in_one_place_are_filled_with_the_middle() {
    let samples = lane(1, "left", &[0.0; 3]);
    assert_eq!(
        fill(&samples, &[Some(0.2), None, Some(0.6)], &BY_ROAD, None)[1].value,
        Some(0.4)
    );
}

#[test]
fn a_negative_reading_counts_as_0_and_stays_what_it_is() {
    let samples = lane(1, "left", &evenly(3));
    let filled = fill(&samples, &[Some(-1.0), None, Some(0.4)], &BY_INDEX, None);
    assert_near(&values(&filled), &[Some(-1.0), Some(0.2), Some(0.4)]);
    assert_eq!(filled[0].from, Some(FilledFrom::Reading));
}

#[test]
fn rows_may_come_in_any_order() {
    let mut samples = lane(1, "left", &evenly(5));
    let mut readings = vec![Some(0.0), None, None, None, Some(1.0)];
    samples.swap(0, 3);
    readings.swap(0, 3);
    assert_near(
        &values(&fill(&samples, &readings, &BY_ROAD, None)),
        &[Some(0.75), Some(0.25), Some(0.5), Some(0.0), Some(1.0)],
    );
}

#[test]
fn a_side_without_readings_takes_those_opposite_it() {
    let samples = [
        lane(1, "left", &evenly(4)),
        lane(1, "right", &evenly(4)),
        lane(1, "up", &evenly(1)),
    ]
    .concat();
    let readings = [vec![Some(0.8), None, None, Some(0.2)], vec![None; 5]].concat();
    let without = fill(&samples, &readings, &BY_INDEX, None);
    assert_eq!(values(&without)[4..], [None; 5]);
    let with = fill(
        &samples,
        &readings,
        &Filling {
            fallback: Fallback::OtherSide,
            ..BY_INDEX
        },
        None,
    );
    assert_near(
        &values(&with)[4..],
        &[Some(0.8), Some(0.6), Some(0.4), Some(0.2), None],
    );
    assert_eq!(with[5].from, Some(FilledFrom::OtherSide));
    assert!((with[5].support_m.unwrap() - 111.319).abs() < 1e-2);
    assert_eq!(with[8], Filled::default());
}

#[test]
fn a_way_without_readings_takes_the_mean_of_its_connections_ring_after_ring() {
    let way = |id: i64, from: f64| lane(id, "left", &[from, from + 0.001]);
    let samples = [
        way(1, 0.0),
        way(2, 0.01),
        way(3, 0.02),
        way(4, 0.03),
        way(5, 0.04),
    ]
    .concat();
    let readings = [vec![Some(0.2), None, Some(0.6)], vec![None; 7]].concat();
    let filling = Filling {
        fallback: Fallback::Connected,
        ..BY_INDEX
    };
    let filled = fill(
        &samples,
        &readings,
        &filling,
        Some(&[(1, 3), (3, 2), (4, 3)]),
    );
    assert_near(
        &values(&filled)[4..],
        &[Some(0.4), Some(0.4), Some(0.4), Some(0.4), None, None],
    );
    assert_eq!(filled[6].from, Some(FilledFrom::Connected));
    // Way 4 rests on ways 1 and 2 by way of 3; the nearest reading is the first of way 2.
    assert!((filled[6].support_m.unwrap() - 20.0 * 111.319).abs() < 0.1);
}

#[test]
fn connections_that_are_not_known_are_inferred_from_nearness() {
    // Way 2 goes on 1.5 spacings after way 1, way 3 lies 2.5 spacings away.
    let samples = [
        lane(1, "left", &[0.0, 0.001]),
        lane(2, "left", &[0.0025, 0.0035]),
        lane(3, "left", &[0.006]),
    ]
    .concat();
    let readings = [Some(0.5), None, None, None, None];
    let filled = fill(
        &samples,
        &readings,
        &Filling {
            fallback: Fallback::Connected,
            ..BY_ROAD
        },
        None,
    );
    assert_eq!(
        values(&filled),
        [Some(0.5), Some(0.5), Some(0.5), Some(0.5), None]
    );
}

#[test]
fn what_nothing_is_connected_to_takes_the_nearest_reading_of_a_camera_as_high() {
    let samples = [
        lane(1, "left", &[0.0, 0.001]),
        lane(2, "right", &[0.05]),
        lane(3, "leftup", &[0.06]),
    ]
    .concat();
    let nearest = Filling {
        fallback: Fallback::Nearest,
        ..BY_ROAD
    };
    let filled = fill(
        &samples,
        &[Some(0.1), Some(0.3), None, None],
        &nearest,
        Some(&[]),
    );
    assert_eq!(values(&filled), [Some(0.1), Some(0.3), Some(0.3), None]);
    assert_eq!(filled[2].from, Some(FilledFrom::Nearby));
    assert!((filled[2].support_m.unwrap() - 49.0 * 111.319).abs() < 0.5);
}

#[test]
fn another_towns_readings_never_help() {
    let mut samples = lane(1, "left", &evenly(2));
    samples[1].town = Some("Elsewhere");
    for method in [Method::Interpolate, Method::Kriging] {
        let filling = Filling {
            method,
            distance: Distance::Road,
            fallback: Fallback::Connected,
        };
        assert_eq!(
            fill(&samples, &[Some(0.5), None], &filling, Some(&[(1, 1)]))[1],
            Filled::default()
        );
    }
}

const KRIGING: Filling = Filling {
    method: Method::Kriging,
    ..BY_ROAD
};

#[test]
fn kriging_falls_back_to_the_mean_where_nothing_is_near() {
    let samples = [lane(1, "left", &[0.0, 0.0001]), lane(2, "left", &[1.0])].concat();
    let filled = fill(&samples, &[Some(0.5), Some(0.5), None], &KRIGING, None);
    assert!((filled[2].value.unwrap() - 0.5).abs() < 1e-12);
    assert_eq!(filled[2].from, Some(FilledFrom::Nearby));
    assert!((filled[2].support_m.unwrap() - 111_308.0).abs() < 10.0);
}

#[test]
fn kriging_weighs_the_near_reading_most() {
    let samples = lane(1, "left", &[0.0, 0.0001, 0.0009, 0.001]);
    let filled = fill(
        &samples,
        &[Some(0.8), None, None, Some(0.1)],
        &KRIGING,
        None,
    );
    let (near_the_high, near_the_low) = (filled[1].value.unwrap(), filled[2].value.unwrap());
    assert!(
        near_the_high > 0.5 && near_the_high < 0.8,
        "{near_the_high}"
    );
    assert!(near_the_low < 0.4 && near_the_low > 0.1, "{near_the_low}");
}

/// One reading z at covariance c of a point, mean m and variance 1: m + c (z - m), on the scale of powers of 0.8.
#[test]
fn kriging_from_two_readings_is_the_textbooks_formula() {
    let mut samples = [
        lane(1, "up", &[0.0]),
        lane(2, "up", &[0.001]),
        lane(3, "up", &[0.002]),
    ]
    .concat();
    samples
        .iter_mut()
        .for_each(|sample| sample.town = Some("Fleet"));
    let filled = fill(&samples, &[Some(0.3), None, Some(0.6)], &KRIGING, None);
    let powers = [0.3_f64.powf(0.8), 0.6_f64.powf(0.8)];
    let mean = f64::midpoint(powers[0], powers[1]);
    // By symmetry both weights are c1 / (1 + c2), and the excesses cancel out.
    assert!((filled[1].value.unwrap() - mean.powf(1.25)).abs() < 1e-9);
    let filled = fill(&samples, &[Some(0.3), Some(0.6), None], &KRIGING, None);
    let c = |metres: f64| 0.4 * (-metres / 120.0).exp();
    let (one, two) = (c(111.3195), c(222.639));
    // Weights of readings at two and at one spacing: solve [1 one; one 1] w = [two, one].
    let determinant = 1.0 - one * one;
    let (far, near) = (
        (two - one * one) / determinant,
        (one - one * two) / determinant,
    );
    let expected = (mean + far * (powers[0] - mean) + near * (powers[1] - mean)).powf(1.25);
    assert!(
        (filled[2].value.unwrap() - expected).abs() < 1e-6,
        "{:?} {expected}",
        filled[2]
    );
}

fn any_lanes() -> impl Strategy<Value = (Vec<(i64, bool, f64, f64)>, Vec<Option<f64>>)> {
    let sample = (0_i64..4, any::<bool>(), -0.01..0.01, -0.01..0.01);
    proptest::collection::vec((sample, proptest::option::weighted(0.3, 0.0..1.0)), 1..60)
        .prop_map(|rows| rows.into_iter().unzip())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_reading_is_never_changed_and_a_prediction_stays_between_0_and_the_highest_reading(
        (places, readings) in any_lanes(), kriging in any::<bool>(),
    ) {
        let samples: Vec<RoadSample<'_>> = (0..)
            .zip(&places)
            .map(|(sequence, (way, left, x, y))| {
                sample(*way, if *left { "left" } else { "right" }, sequence, Coord { x: *x, y: *y })
            })
            .collect();
        let method = if kriging { Method::Kriging } else { Method::Interpolate };
        let filling = Filling { method, distance: Distance::Road, fallback: Fallback::Nearest };
        let filled = fill(&samples, &readings, &filling, None);
        let highest = readings.iter().flatten().copied().fold(0.0, f64::max);
        for (filled, reading) in filled.iter().zip(&readings) {
            if reading.is_some() {
                prop_assert_eq!((filled.value, filled.support_m), (*reading, Some(0.0)));
            } else if let Some(value) = filled.value {
                prop_assert!((0.0..=highest + 1e-12).contains(&value), "{}", value);
                prop_assert!(filled.support_m.is_some_and(|metres| metres >= 0.0));
            }
        }
        if readings.iter().any(Option::is_some) {
            prop_assert!(filled.iter().all(|filled| filled.value.is_some()));
        }
    }
}
