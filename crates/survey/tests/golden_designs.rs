//! Estimates against R's `survey`: 35 variants of 12 designs over made-up answers.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use serde_json::Value;
use survey::estimates::{
    Calibrated, Correction, Design, Estimate, LonelyPsu, Margin, Planned, Replicates, Stage,
    Variance, calibrate, post_stratify, rake,
};
use survey::selection::{Method, joint};

fn folder() -> PathBuf {
    PathBuf::from(std::env::var("TRANSECT_DATA").expect("TRANSECT_DATA")).join("survey_golden")
}

fn json(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder().join(name)).expect("a file")).expect("JSON")
}

struct Answers(HashMap<String, Vec<String>>);

impl Answers {
    fn read(name: &str) -> Self {
        let mut reader = csv::Reader::from_path(folder().join(name)).expect("a file");
        let names: Vec<String> = reader
            .headers()
            .expect("names")
            .iter()
            .map(str::to_owned)
            .collect();
        let mut columns: Vec<Vec<String>> = vec![Vec::new(); names.len()];
        for record in reader.records() {
            for (column, value) in columns.iter_mut().zip(record.expect("a row").iter()) {
                column.push(value.to_owned());
            }
        }
        Self(names.into_iter().zip(columns).collect())
    }

    fn texts(&self, name: &str) -> Vec<String> {
        self.0
            .get(name)
            .unwrap_or_else(|| unreachable!("column {name}"))
            .clone()
    }

    fn numbers(&self, name: &str) -> Vec<f64> {
        let number = |text: &String| {
            if text == "Inf" {
                f64::INFINITY
            } else {
                text.parse().expect("a number")
            }
        };
        self.texts(name).iter().map(number).collect()
    }
}

fn margin(by: &str, what: &str, answers: &Answers) -> Margin {
    let totals = Answers::read("population_totals.csv");
    let (whats, levels, households) = (
        totals.texts("what"),
        totals.texts("level"),
        totals.numbers("households"),
    );
    let known = (0..whats.len())
        .filter(|&row| whats[row] == what)
        .map(|row| (levels[row].clone(), households[row]));
    Margin {
        name: by.to_owned(),
        classes: answers.texts(by),
        known: known.collect(),
    }
}

fn stage(strata: Option<Vec<String>>, units: Vec<String>, correction: Correction) -> Stage {
    Stage {
        strata,
        units,
        correction,
    }
}

/// The design of a call of R, by its name.
fn design(id: &str, answers: &Answers, lonely: LonelyPsu) -> Design {
    let texts = |name| answers.texts(name);
    let w = || answers.numbers("w");
    let clusters = || stage(Some(texts("stratum")), texts("psu"), Correction::None);
    let (weights, stages) = match id {
        "d01" | "d07" => (
            w(),
            vec![stage(
                None,
                texts("hh"),
                Correction::Population(answers.numbers("N")),
            )],
        ),
        "d01_nofpc" => (w(), Vec::new()),
        "d02" => (
            w(),
            vec![stage(
                Some(texts("stratum")),
                texts("hh"),
                Correction::Population(answers.numbers("Nh")),
            )],
        ),
        "d02_nofpc" => (
            w(),
            vec![stage(Some(texts("stratum")), texts("hh"), Correction::None)],
        ),
        "d03_wr" => (w(), Vec::new()),
        _ if id.starts_with("d03") => {
            let pi = answers.numbers("pi");
            let weights = pi.iter().map(|pi| 1.0 / pi).collect();
            (
                weights,
                vec![stage(None, texts("psu"), Correction::Probability(pi))],
            )
        }
        "d04_brewer" | "d05_brewer" => {
            let (pi1, pi2) = (answers.numbers("pi1"), answers.numbers("pi2"));
            let weights = pi1.iter().zip(&pi2).map(|(a, b)| 1.0 / (a * b)).collect();
            let stages = vec![
                stage(
                    Some(texts("stratum")),
                    texts("psu"),
                    Correction::Probability(pi1),
                ),
                stage(
                    Some(texts("psu")),
                    texts("hh"),
                    Correction::Probability(pi2),
                ),
            ];
            (weights, stages)
        }
        "d04_fpc" => {
            // R takes the weights from the population sizes: Npsu / n times M / 6.
            let (areas, households) = (answers.numbers("Npsu"), answers.numbers("M"));
            let mut psus: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (h, psu) in texts("stratum").into_iter().zip(texts("psu")) {
                let units = psus.entry(h).or_default();
                if !units.contains(&psu) {
                    units.push(psu);
                }
            }
            let weights = texts("stratum")
                .iter()
                .enumerate()
                .map(|(row, h)| areas[row] / psus[h].len() as f64 * households[row] / 6.0)
                .collect();
            let stages = vec![
                stage(
                    Some(texts("stratum")),
                    texts("psu"),
                    Correction::Population(areas),
                ),
                stage(None, texts("hh"), Correction::Population(households)),
            ];
            (weights, stages)
        }
        "d05" => {
            let (pi1, psu, hh) = (answers.numbers("pi1"), texts("psu"), texts("hh"));
            let units = (0..pi1.len()).map(|row| {
                if pi1[row] >= 1.0 {
                    hh[row].clone()
                } else {
                    psu[row].clone()
                }
            });
            let correction = Correction::Population(answers.numbers("vfpc"));
            (
                w(),
                vec![stage(Some(texts("vstratum")), units.collect(), correction)],
            )
        }
        "d11_JK1" => (w(), vec![stage(None, texts("psu"), Correction::None)]),
        _ if id.starts_with("d11") => (
            w(),
            vec![stage(Some(texts("h")), texts("psu"), Correction::None)],
        ),
        "d12" => (
            w(),
            vec![stage(Some(texts("h")), texts("place"), Correction::None)],
        ),
        _ => (w(), vec![clusters()]),
    };
    Design::new(weights, &stages, lonely).expect("a design")
}

fn lonely(id: &str) -> LonelyPsu {
    match id {
        "d06_adjust" => LonelyPsu::Adjust,
        "d06_certainty" | "d06_remove" => LonelyPsu::Certainty,
        "d06_average" => LonelyPsu::Average,
        "d06_collapsed" => LonelyPsu::Collapse,
        _ => LonelyPsu::Refuse,
    }
}

fn calibrated(id: &str, answers: &Answers, design: &Design) -> Option<Calibrated> {
    let weights = design.weights();
    let size = || answers.numbers("size");
    match id {
        "d07" => Some(post_stratify(weights, &margin("age", "age", answers)).expect("weights")),
        "d07_two_stage" => {
            Some(post_stratify(weights, &margin("age", "age_but_W07", answers)).expect("weights"))
        }
        "d08_regression" => {
            let columns = vec![vec![1.0; weights.len()], size()];
            Some(calibrate(weights, &columns, &[5916.0, 24741.0]).expect("weights"))
        }
        "d10" | "d10_calibrate" => {
            let margins = [
                margin("age", "age_but_W07", answers),
                margin("sex", "sex_but_W07", answers),
            ];
            let mut raked = rake(weights, &margins).expect("weights");
            raked.residuals_without_weights = id == "d10";
            Some(raked)
        }
        _ => None,
    }
}

fn frame_squares() -> HashMap<String, f64> {
    let pi = Answers::read("d03_frame.csv").numbers("pi");
    HashMap::from([("(all)".to_owned(), pi.iter().map(|pi| pi * pi).sum())])
}

fn sampford_pairs(answers: &Answers) -> HashMap<(String, String), f64> {
    let frame = Answers::read("d03_frame.csv");
    let (names, sizes) = (frame.texts("psu"), frame.numbers("households"));
    let drawn = answers.texts("psu");
    let units: Vec<usize> = drawn
        .iter()
        .map(|psu| {
            names
                .iter()
                .position(|name| name == psu)
                .expect("a unit of the frame")
        })
        .collect();
    let matrix = joint(Method::Sampford, &sizes, 12, 0, &units)
        .expect("sizes")
        .expect("known");
    let pairs = (0..units.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    pairs
        .map(|(i, j)| ((drawn[i].clone(), drawn[j].clone()), matrix[i][j]))
        .collect()
}

fn variance(id: &str, answers: &Answers) -> Variance {
    match id {
        "d03_hartley_rao" => Variance::HartleyRao(frame_squares()),
        "d03_hartley_rao_default" => Variance::HartleyRaoInHtForm(frame_squares()),
        "d03_sampford_ht" => Variance::HorvitzThompson(sampford_pairs(answers)),
        "d03_sampford_yg" => Variance::YatesGrundy(sampford_pairs(answers)),
        _ => Variance::UltimateClusters,
    }
}

/// The columns of `f(~a, ~b, ...)`.
fn variables(call: &str) -> Vec<&str> {
    call.split('~')
        .skip(1)
        .map(|rest| rest.split([',', ')', ' ']).next().unwrap_or_default())
        .collect()
}

fn domain(call: &str, name: &str, answers: &Answers) -> Option<Vec<bool>> {
    let equal = |column: &str, value: &str| {
        answers
            .texts(column)
            .iter()
            .map(|v| v == value)
            .collect::<Vec<bool>>()
    };
    if call.starts_with("svyby") {
        let by = variables(call)[1];
        Some(equal(by, name))
    } else if call.contains("age == '55+' & sex == 'f'") {
        Some(
            equal("age", "55+")
                .iter()
                .zip(equal("sex", "f"))
                .map(|(a, b)| *a && b)
                .collect(),
        )
    } else if call.contains("subset(des, urban == '1')") {
        Some(equal("urban", "1"))
    } else {
        None
    }
}

fn close(got: f64, expected: f64, tolerance: f64, what: &str) {
    let off = (got - expected).abs() / expected.abs().max(1e-300);
    assert!(
        off <= tolerance,
        "{what}: {got} against {expected}, off by {off:.1e}"
    );
}

#[test]
#[ignore = "needs TRANSECT_DATA"]
fn all_variants_of_the_designs_equal_r() {
    let golden = json("survey_designs.json");
    let designs = golden["designs"].as_array().expect("designs");
    let (mut variants, mut figures) = (0, 0);
    for expected in designs {
        let id = expected["id"].as_str().expect("a name");
        variants += 1;
        let answers = Answers::read(expected["data"].as_str().expect("a file"));
        let design = design(id, &answers, lonely(id));
        assert_eq!(
            design.rows() as u64,
            expected["rows"].as_u64().expect("rows"),
            "{id}"
        );
        assert_eq!(
            design.df() as u64,
            expected["df"].as_u64().expect("df"),
            "{id}"
        );
        let calibrated = calibrated(id, &answers, &design);
        let weights = calibrated
            .as_ref()
            .map_or(design.weights(), |calibrated| &calibrated.weights);
        close(
            weights.iter().sum(),
            expected["sum_of_weights"].as_f64().expect("a sum"),
            1e-9,
            id,
        );
        let replicates = replicates(id, &design, expected);
        let method = variance(id, &answers);
        let units = if id.starts_with("d03") {
            answers.texts("psu")
        } else {
            Vec::new()
        };
        let mut planned = Planned::of(&design, &method).named(&units);
        if let Some(calibrated) = &calibrated {
            planned = planned.calibrated(calibrated);
        }
        let se_tolerance = match id {
            "d10" => 1e-3,
            "d10_calibrate" | "d08_regression" => 1e-7,
            _ => 1e-9,
        };
        for result in expected["results"].as_array().expect("results") {
            let call = result["call"].as_str().expect("a call");
            let what = format!("{id} {call} {}", result["name"]);
            let name = result["name"].as_str().unwrap_or_default();
            let names = variables(call);
            let y = answers.numbers(names[0]);
            let domain = domain(call, name, &answers);
            let domain = domain.as_deref();
            let x = || answers.numbers(names[1]);
            let got = match &replicates {
                Some(replicates) => by_replicates(replicates, &design, call, &y, x),
                None if call.starts_with("predict") => {
                    planned.ratio_total(&y, &x(), 24741.0, domain)
                }
                None if call.starts_with("svyratio") => planned.ratio(&y, &x(), domain),
                None if call.starts_with("svytotal") || call.contains("svytotal)") => {
                    planned.total(&y, domain)
                }
                None => planned.mean(&y, domain),
            };
            if let Some(error) = result["error"].as_str() {
                assert!(error.contains("has only one PSU"), "{error}");
                let refused = got.expect_err("R refuses").to_string();
                assert!(refused.contains("strata S and W have one PSU"), "{refused}");
                figures += 1;
                continue;
            }
            let got = got.unwrap_or_else(|error| unreachable!("{what}: {error}"));
            close(
                got.estimate,
                result["estimate"].as_f64().expect("an estimate"),
                1e-9,
                &what,
            );
            figures += 1;
            match result["se"].as_f64() {
                // The answer is 0, and R's is the root of rounding; or the form is negative.
                None => assert!(
                    got.se.is_none_or(|se| se < 1e-6 * got.estimate),
                    "{what}: {:?}",
                    got.se
                ),
                Some(se) if se < 1e-4 => {
                    assert!(got.se.is_none_or(|got| got < 1e-4), "{what}: {:?}", got.se)
                }
                Some(se) => {
                    close(got.se.expect("a standard error"), se, se_tolerance, &what);
                    if let Some(ends) = result["ci_t"].as_array().filter(|ends| ends[0].is_f64()) {
                        let (low, high) = got.interval(0.95).expect("an interval");
                        let width = high - low;
                        let off = (low - ends[0].as_f64().expect("an end"))
                            .abs()
                            .max((high - ends[1].as_f64().expect("an end")).abs());
                        assert!(
                            off < se_tolerance.max(1e-8) * (width + got.estimate.abs()),
                            "{what}: interval off by {off}"
                        );
                    }
                    for (member, got) in [
                        ("deff", got.design_effect),
                        ("deff_replace", got.design_effect_replace),
                    ] {
                        if let Some(effect) = result[member].as_f64() {
                            close(
                                got.expect("an effect"),
                                effect,
                                2.0 * se_tolerance,
                                &format!("{what} {member}"),
                            );
                            figures += 1;
                        }
                    }
                    figures += 1;
                }
            }
        }
    }
    assert_eq!(variants, designs.len());
    assert!(
        variants >= 35 && figures > 300,
        "{variants} variants, {figures} figures"
    );
}

fn replicates(id: &str, design: &Design, expected: &Value) -> Option<Replicates> {
    let file = match id {
        "d11_JK1" => return Some(Replicates::jackknife(design).expect("replicates")),
        "d11_JKn" => "d11_weights_jkn.csv",
        "d11_BRR" => "d11_weights_brr.csv",
        "d11_Fay" => "d11_weights_fay.csv",
        _ => return None,
    };
    let columns = Answers::read(file);
    let weights: Vec<Vec<f64>> = (1..columns.0.len())
        .map(|r| columns.numbers(&format!("r{r}")))
        .collect();
    let own = match id {
        "d11_JKn" => Replicates::jackknife(design),
        "d11_BRR" => Replicates::balanced(design, 0.0),
        _ => Replicates::balanced(design, 0.3),
    }
    .expect("replicates");
    assert_eq!(own.weights.len(), weights.len(), "{id}");
    assert!(
        (own.scale - expected["scale"].as_f64().expect("a scale")).abs() < 1e-12,
        "{id}"
    );
    if id == "d11_JKn" {
        for (own, given) in own.weights.iter().zip(&weights) {
            assert!(
                own.iter().zip(given).all(|(a, b)| (a - b).abs() < 1e-9),
                "{id}"
            );
        }
    }
    Some(Replicates { weights, ..own })
}

fn by_replicates(
    replicates: &Replicates,
    design: &Design,
    call: &str,
    y: &[f64],
    x: impl Fn() -> Vec<f64>,
) -> survey::Result<Estimate> {
    let total = |w: &[f64], v: &[f64]| w.iter().zip(v).map(|(w, v)| w * v).sum::<f64>();
    if call.starts_with("svyratio") {
        let x = x();
        replicates.estimate(design, |w| total(w, y) / total(w, &x))
    } else if call.starts_with("svytotal") {
        replicates.estimate(design, |w| total(w, y))
    } else {
        replicates.estimate(design, |w| total(w, y) / w.iter().sum::<f64>())
    }
}

#[test]
#[ignore = "needs TRANSECT_DATA"]
fn raked_weights_equal_those_of_r() {
    let answers = Answers::read("d04_two_stage.csv");
    let raked = rake(
        &answers.numbers("w"),
        &[
            margin("age", "age_but_W07", &answers),
            margin("sex", "sex_but_W07", &answers),
        ],
    )
    .expect("weights");
    for (got, expected) in raked
        .weights
        .iter()
        .zip(Answers::read("d10_raked_weights.csv").numbers("w_raked"))
    {
        close(*got, expected, 1e-7, "raked weight");
    }
}

#[test]
#[ignore = "needs TRANSECT_DATA"]
fn lonely_areas_centred_at_the_mean_of_all_equal_the_worked_figure() {
    let answers = Answers::read("d06_lonely.csv");
    let design = design("d06", &answers, LonelyPsu::Centred);
    let got = Planned::of(&design, &Variance::UltimateClusters)
        .total(&answers.numbers("y"), None)
        .expect("a total");
    let expected = json("worked.json")["lonely_total"]["se_grand_mean"]
        .as_f64()
        .expect("a figure");
    close(got.se.expect("a standard error"), expected, 1e-9, "centred");
}
