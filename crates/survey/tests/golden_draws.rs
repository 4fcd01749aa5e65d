//! Probabilities of draws, allocation, reserves, shares, small areas and maps against figures worked out elsewhere.

use std::path::PathBuf;

use serde_json::Value;
use survey::selection::{
    Method, draw, joint, pareto_lambda, pareto_probabilities, probabilities, released_probability,
    systematic_from,
};
use survey::{
    Allocation, AreaVariance, FayHerriot, Share, ShareRule, StratumSize, allocate, beta_interval,
    logit_interval, map_accuracy, share_interval,
};

fn json(name: &str) -> Value {
    let folder =
        PathBuf::from(std::env::var("TRANSECT_DATA").expect("TRANSECT_DATA")).join("survey_golden");
    serde_json::from_slice(&std::fs::read(folder.join(name)).expect("a file")).expect("JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .map(|value| value.as_f64().unwrap_or(f64::NAN))
        .collect()
}

fn matrix(value: &Value) -> Vec<Vec<f64>> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .map(numbers)
        .collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn near(got: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (place, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert!(
            (got - expected).abs() <= tolerance,
            "{what} {place}: {got} against {expected}"
        );
    }
}

#[test]
#[ignore = "needs TRANSECT_DATA"]
fn allocations_equal_the_worked_ones() {
    for case in list(&json("worked.json")["allocation"]) {
        let units = numbers(&case["N"]);
        let strata: Vec<StratumSize> = list(&case["strata"])
            .iter()
            .zip(&units)
            .map(|(name, &units)| StratumSize {
                name: name.as_str().expect("a name").to_owned(),
                units: units as usize,
                measure: units,
            })
            .collect();
        let rule = match case["rule"].as_str().expect("a rule") {
            rule if rule.starts_with("equal") => Allocation::Equal,
            "power 0.5" => Allocation::Power(0.5),
            "power 0.25" => Allocation::Power(0.25),
            "Neyman, S = 10 20 30 40 50" => Allocation::Neyman(vec![10.0, 20.0, 30.0, 40.0, 50.0]),
            "Neyman, S = 10 20 30 40 900" => {
                Allocation::Neyman(vec![10.0, 20.0, 30.0, 40.0, 900.0])
            }
            _ => Allocation::Proportional,
        };
        let number = |member: &str| case[member].as_u64().expect("a number") as usize;
        let got = allocate(&strata, &rule, number("total"), number("minimum"));
        if case["result"].is_null() {
            assert!(got.is_err(), "{}", case["rule"]);
        } else {
            let got: Vec<f64> = got
                .expect("an allocation")
                .iter()
                .map(|&n| n as f64)
                .collect();
            assert_eq!(got, numbers(&case["result"]["n"]), "{}", case["rule"]);
        }
    }
}

#[test]
#[ignore = "needs TRANSECT_DATA"]
fn systematic_draws_and_reserves_equal_the_worked_ones() {
    let worked = json("worked.json");
    for case in list(&worked["systematic"]) {
        let case = if case["rest"].is_null() {
            case
        } else {
            &case["rest"]
        };
        let n = case["n"].as_u64().expect("a number") as usize;
        let got = systematic_from(
            &numbers(&case["sizes"]),
            n,
            case["start_u"].as_f64().expect("a start"),
        );
        let got: Vec<f64> = got.iter().map(|row| (row + 1) as f64).collect();
        assert_eq!(got, numbers(&case["rows_from_1"]));
    }
    let case = &worked["reserve"];
    let (sizes, both, sample) = (
        numbers(&case["sizes"]),
        numbers(&case["pi_drawn"]),
        numbers(&case["pi_sample"]),
    );
    let four = numbers(&case["pi_when_4_released"]);
    for drawn in draw(&sizes, 3, 3, Method::Systematic, 11, "").expect("a sample") {
        near(
            &[drawn.drawn_probability, drawn.probability],
            &[both[drawn.unit], sample[drawn.unit]],
            1e-12,
            "reserve",
        );
        near(
            &[released_probability(drawn.drawn_probability, 4, 6)],
            &[four[drawn.unit]],
            1e-12,
            "released",
        );
    }
}

#[test]
#[ignore = "needs TRANSECT_DATA"]
fn probabilities_and_joint_probabilities_equal_r() {
    let golden = json("pps.json");
    for case in list(&golden["inclusion"]["cases"]) {
        let n = case["n"].as_u64().expect("a number") as usize;
        near(
            &probabilities(&numbers(&case["x"]), n).expect("sizes"),
            &numbers(&case["pi"]),
            1e-10,
            "inclusion",
        );
    }
    for case in list(&golden["joint"]) {
        // Sizes in proportion to the probabilities give them back.
        let pi = numbers(&case["pi"]);
        let n = case["n"].as_u64().expect("a number") as usize;
        let units: Vec<usize> = (0..pi.len()).collect();
        for of in list(&case["joint"]) {
            let method = match of["method"].as_str() {
                Some("sampford") => Method::Sampford,
                Some("systematic_in_list_order") => Method::Systematic,
                _ => continue,
            };
            let got = joint(method, &pi, n, 0, &units)
                .expect("sizes")
                .expect("known");
            for (got, expected) in got.iter().zip(matrix(&of["pi2"])) {
                near(got, &expected, 1e-10, &format!("{} {method:?}", case["id"]));
            }
        }
    }
}

#[test]
#[ignore = "needs TRANSECT_DATA"]
fn pareto_equals_enumeration_and_its_adjustment_meets_the_target() {
    for case in list(&json("pareto.json")["cases"]) {
        let target = numbers(&case["target"]);
        let n = case["n"].as_u64().expect("a number") as usize;
        near(
            &pareto_probabilities(&target, n),
            &numbers(&case["pi"]),
            1e-9,
            "plain",
        );
        let adjusted = pareto_lambda(&target);
        near(
            &adjusted.lambda,
            &numbers(&case["adjusted_lambda"]),
            1e-9,
            "lambda",
        );
        near(
            &pareto_probabilities(&adjusted.lambda, n),
            &target,
            1e-11,
            "adjusted",
        );
    }
}

#[test]
#[ignore = "needs TRANSECT_DATA"]
fn intervals_of_shares_equal_r() {
    let golden = json("shares.json");
    let mut compared = 0;
    for case in list(&golden["equal_weights"])
        .iter()
        .chain(list(&golden["designs"]))
    {
        let number = |member: &str| case[member].as_f64();
        let rows = number("n").or(number("rows")).expect("rows") as usize;
        let df = number("df").unwrap_or(rows as f64 - 1.0);
        let (share, se) = (
            number("share").expect("a share"),
            number("se").expect("an error"),
        );
        if share == 0.0 || share == 1.0 {
            continue;
        }
        let of = Share {
            share,
            se,
            df,
            rows,
            units: df as usize + 1,
        };
        let (low, high) = beta_interval(of, 0.95);
        near(&[low, high], &numbers(&case["beta"]), 1e-8, "beta");
        let (low, high) = logit_interval(of, 0.95);
        near(&[low, high], &numbers(&case["logit"]), 1e-6, "logit");
        compared += 1;
    }
    assert!(compared > 50, "{compared}");
}

#[test]
#[ignore = "needs TRANSECT_DATA"]
fn the_rule_covers_what_it_was_found_to_cover() {
    let golden = json("coverage.json");
    let lowest = &golden["lowest_by_rule"];
    let sizes: Vec<usize> = list(&lowest["n"])
        .iter()
        .map(|n| n.as_u64().expect("n") as usize)
        .collect();
    for (n, expected) in sizes
        .into_iter()
        .zip(numbers(&lowest["coverage"]))
        .filter(|(n, _)| n % 10 == 0 || *n < 10)
    {
        let ends: Vec<(f64, f64)> = (0..=n)
            .map(|k| {
                let p = k as f64 / n as f64;
                let df = n as f64 - 1.0;
                let of = Share {
                    share: p,
                    se: (p * (1.0 - p) / df).sqrt(),
                    df,
                    rows: n,
                    units: n,
                };
                let found = share_interval(of, 0.95);
                assert_ne!(found.rule, ShareRule::TooFew);
                found.ends.expect("an interval")
            })
            .collect();
        let covered = (1..100).map(|percent| {
            let p = f64::from(percent) / 100.0;
            let mut term = (1.0 - p).powi(n as i32);
            let mut covered = 0.0;
            for (k, (low, high)) in ends.iter().enumerate() {
                if *low - 1e-12 <= p && p <= *high + 1e-12 {
                    covered += term;
                }
                term *= (n - k) as f64 / (k + 1) as f64 * p / (1.0 - p);
            }
            covered
        });
        let covered = covered.fold(1.0, f64::min);
        assert!(
            (covered - expected).abs() < 1e-9,
            "{n}: {covered} against {expected}"
        );
    }
}

#[test]
#[ignore = "needs TRANSECT_DATA"]
fn olofssons_example_comes_out_to_the_last_digit() {
    let golden = json("olofsson.json");
    let counts: Vec<Vec<u64>> = matrix(&golden["counts_map_rows_reference_columns"])
        .iter()
        .map(|row| row.iter().map(|&n| n as u64).collect())
        .collect();
    let got = map_accuracy(&counts, &numbers(&golden["mapped_pixels"])).expect("a matrix");
    for (member, got) in [
        ("area_share", &got.share),
        ("area_share_se", &got.share_se),
        ("users", &got.users),
        ("users_se", &got.users_se),
        ("producers", &got.producers),
        ("producers_se", &got.producers_se),
        ("overall", &vec![got.overall]),
        ("overall_se", &vec![got.overall_se]),
    ] {
        let expected = golden[member]
            .as_f64()
            .map_or_else(|| numbers(&golden[member]), |one| vec![one]);
        near(got, &expected, 1e-12, member);
    }
}

#[test]
#[ignore = "needs TRANSECT_DATA"]
fn small_areas_equal_the_reference_fits() {
    let golden = json("fay_herriot.json");
    let folder =
        PathBuf::from(std::env::var("TRANSECT_DATA").expect("TRANSECT_DATA")).join("survey_golden");
    let mut milk = csv::Reader::from_path(folder.join("milk.csv")).expect("a file");
    let (mut y, mut d, mut x) = (Vec::new(), Vec::new(), Vec::new());
    for row in milk.records() {
        let row = row.expect("a row");
        y.push(row[3].parse::<f64>().expect("y"));
        d.push(row[4].parse::<f64>().expect("sd").powi(2));
        let level = |major: &str| f64::from(u8::from(&row[1] == major));
        x.push(vec![1.0, level("2"), level("3"), level("4")]);
    }
    compare(&golden["milk"]["fits"], &y, &d, &x);
    for member in ["small", "variance_zero"] {
        let case = &golden[member];
        let x: Vec<Vec<f64>> = numbers(&case["x"]).iter().map(|&x| vec![1.0, x]).collect();
        compare(
            &case["fits"],
            &numbers(&case["y"]),
            &numbers(&case["D"]),
            &x,
        );
    }
}

fn compare(fits: &Value, y: &[f64], d: &[f64], x: &[Vec<f64>]) {
    for fit in list(fits) {
        let method = match fit["method"].as_str() {
            Some("REML") => AreaVariance::Reml,
            Some("ML") => AreaVariance::Ml,
            _ => AreaVariance::Moments,
        };
        let got = FayHerriot::fit(y, d, x, method).expect("a fit");
        near(&[got.variance], &[fit["A"].as_f64().expect("A")], 1e-9, "A");
        near(&got.coefficients, &numbers(&fit["beta"]), 1e-9, "beta");
        near(
            &got.coefficient_se,
            &numbers(&fit["beta_se"]),
            1e-9,
            "beta_se",
        );
        let column = |of: &dyn Fn(&survey::AreaEstimate) -> f64| {
            got.areas.iter().map(of).collect::<Vec<f64>>()
        };
        near(
            &column(&|area| area.estimate),
            &numbers(&fit["eblup"]),
            1e-9,
            "eblup",
        );
        near(
            &column(&|area| area.own_weight),
            &numbers(&fit["gamma"]),
            1e-9,
            "gamma",
        );
        near(
            &column(&|area| area.mse),
            &numbers(&fit["mse"]),
            1e-9,
            "mse",
        );
        let unseen = &fit["area_without_sample_x_0.5"];
        if !unseen.is_null() {
            let got = got.without_sample(&[1.0, 0.5]);
            let expected = [
                unseen["estimate"].as_f64().expect("an estimate"),
                unseen["mse"].as_f64().expect("an error"),
            ];
            near(&[got.estimate, got.mse], &expected, 1e-9, "without sample");
        }
    }
}
