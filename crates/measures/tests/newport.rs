//! Filling judged on real readings: the share of vegetation in street-level pictures of the whole of Newport, Wales (ONS
//! Data Science Campus, OGL v3). Readings are hidden, filled in again and compared. `TRANSECT_DATA` names the folder of
//! the file; `make bench-filling` prints the table of docs/streets.md.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use measures::filling::{Distance, Fallback, Filled, Filling, Method, RoadSample, fill};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64Mcg;
use sampling::gap_order::{Lane, gap_order};
use sampling::visiting_order::fold;
use tables::Coord;

/// Spacing of the samples, metres (the median).
const SPACING_M: f64 = 7.07;

const INDEX: Filling = Filling {
    method: Method::Interpolate,
    distance: Distance::Index,
    fallback: Fallback::None,
};
const ROAD: Filling = Filling {
    distance: Distance::Road,
    ..INDEX
};
const CONNECTED: Filling = Filling {
    fallback: Fallback::Connected,
    ..ROAD
};
const NEAREST: Filling = Filling {
    fallback: Fallback::Nearest,
    ..ROAD
};
const KRIGING: Filling = Filling {
    method: Method::Kriging,
    ..ROAD
};

/// A town's readings, sorted by way, side and sequence.
struct Survey {
    samples: Vec<RoadSample<'static>>,
    readings: Vec<f64>,
}

impl Survey {
    /// `None`, and a word why, where the data is not at hand.
    fn of_newport() -> Option<Self> {
        let Some(folder) = std::env::var_os("TRANSECT_DATA") else {
            println!("skipped: TRANSECT_DATA is not set");
            return None;
        };
        let file = File::open(Path::new(&folder).join("streets/newport_segments.csv.zip"))
            .expect("the Newport file");
        let mut archive = zip::ZipArchive::new(BufReader::new(file)).expect("a zip file");
        let mut rows = csv::Reader::from_reader(archive.by_index(0).expect("a file in it"));
        let mut survey: Vec<(RoadSample<'static>, f64)> = rows
            .records()
            .map(|row| {
                let row = row.expect("a row");
                let number = |column: usize| row[column].parse::<f64>().expect("a number");
                let sample = RoadSample {
                    town: None,
                    way: number(1) as i64,
                    side: if &row[2] == "left" { "left" } else { "right" },
                    sequence: number(3) as i64,
                    place: Coord {
                        x: number(5),
                        y: number(4),
                    },
                    heading: None,
                    distance_m: None,
                };
                (sample, number(15))
            })
            .collect();
        survey.sort_by_key(|(sample, _)| (sample.way, sample.side, sample.sequence));
        let (samples, readings) = survey.into_iter().unzip();
        Some(Self { samples, readings })
    }

    /// The samples of each way and side.
    fn lanes(&self) -> impl Iterator<Item = &[RoadSample<'static>]> {
        self.samples
            .chunk_by(|one, next| (one.way, one.side) == (next.way, next.side))
    }

    /// Folding depth and rank of every sample.
    fn folded(&self) -> Vec<(u32, u32)> {
        self.lanes()
            .flat_map(|lane| fold(lane.len()))
            .map(|visit| (visit.priority, visit.order))
            .collect()
    }

    /// The order of work when roads are folded: depth, rank, way, sequence, side.
    fn by_folding(&self) -> Vec<usize> {
        let folded = self.folded();
        let mut rows: Vec<usize> = (0..self.samples.len()).collect();
        rows.sort_by_key(|row| {
            (
                folded[*row],
                self.samples[*row].way,
                self.samples[*row].sequence,
            )
        });
        rows
    }

    fn by_gaps(&self) -> Vec<usize> {
        let distances: Vec<Vec<f64>> = self
            .lanes()
            .map(|lane| {
                let steps = lane
                    .windows(2)
                    .map(|pair| metres(pair[0].place, pair[1].place));
                let along = steps.scan(SPACING_M, |along, step| {
                    *along += step;
                    Some(*along)
                });
                std::iter::once(SPACING_M).chain(along).collect()
            })
            .collect();
        let lanes: Vec<Lane<'_>> = distances
            .iter()
            .map(|distances_m| Lane {
                distances_m,
                length_m: distances_m.last().copied().unwrap_or(0.0) + SPACING_M,
            })
            .collect();
        let ranks: Vec<u32> = gap_order(&lanes).concat();
        let mut rows: Vec<usize> = (0..ranks.len()).collect();
        rows.sort_by_key(|row| ranks[*row]);
        rows
    }

    fn by_chance(&self) -> Vec<usize> {
        let mut rows: Vec<usize> = (0..self.samples.len()).collect();
        rows.shuffle(&mut Pcg64Mcg::seed_from_u64(1));
        rows
    }

    /// Keeps the readings of some rows, fills the others and compares them with what was hidden.
    fn error_with(&self, kept: &[usize], filling: &Filling) -> Outcome {
        let mut readings = vec![None; self.readings.len()];
        for row in kept {
            readings[*row] = Some(self.readings[*row]);
        }
        let filled = fill(&self.samples, &readings, filling, None);
        let hidden: Vec<(&Filled, f64)> = filled
            .iter()
            .zip(&self.readings)
            .zip(&readings)
            .filter(|(_, reading)| reading.is_none())
            .map(|((filled, truth), _)| (filled, *truth))
            .collect();
        let errors: Vec<f64> = hidden
            .iter()
            .filter_map(|(filled, truth)| Some((filled.value? - truth).abs()))
            .collect();
        let mean = filled.iter().filter_map(|filled| filled.value).sum::<f64>()
            / (filled.len() - hidden.len() + errors.len()) as f64;
        Outcome {
            mae: errors.iter().sum::<f64>() / errors.len() as f64,
            unfilled: hidden.len() - errors.len(),
            mean,
        }
    }
}

struct Outcome {
    /// Mean absolute error of what was hidden and filled.
    mae: f64,
    unfilled: usize,
    /// Mean over the town with what was filled.
    mean: f64,
}

/// Within a hundredth of a metre at this spacing, whatever the formula.
fn metres(one: Coord, other: Coord) -> f64 {
    let north = (other.y - one.y).to_radians();
    let east = (other.x - one.x).to_radians() * one.y.to_radians().cos();
    6_371_008.8 * north.hypot(east)
}

#[test]
fn folded_to_depth_1_to_4_newport_has_the_published_errors() {
    let Some(survey) = Survey::of_newport() else {
        return;
    };
    assert_eq!(survey.samples.len(), 108_367);
    let folded = survey.folded();
    for (depth, expected) in [
        (1, 0.130_841),
        (2, 0.105_383),
        (3, 0.086_462),
        (4, 0.071_656),
    ] {
        let kept: Vec<usize> = (0..folded.len())
            .filter(|row| folded[*row].0 <= depth)
            .collect();
        let outcome = survey.error_with(&kept, &INDEX);
        assert!(
            (outcome.mae - expected).abs() < 5e-7,
            "depth {depth}: {}",
            outcome.mae
        );
        assert_eq!(outcome.unfilled, 0);
    }
}

#[test]
fn the_gap_order_and_kriging_err_a_tenth_less_than_folding_and_index_distance_at_every_share() {
    let Some(survey) = Survey::of_newport() else {
        return;
    };
    let orders = BTreeMap::from([
        ("fold", survey.by_folding()),
        ("random", survey.by_chance()),
        ("gap", survey.by_gaps()),
    ]);
    let fillings = [
        ("index", INDEX),
        ("road", ROAD),
        ("connected", CONNECTED),
        ("nearest", NEAREST),
        ("kriging", KRIGING),
    ];
    let truth = survey.readings.iter().sum::<f64>() / survey.readings.len() as f64;
    println!("mean of all readings {truth:.4}");
    println!("| share | order | filling | MAE | unfilled | mean with filled |");
    for percent in [5, 15, 30, 50] {
        let size = (survey.samples.len() * percent + 50) / 100;
        let mut found = BTreeMap::new();
        for (order, rows) in &orders {
            for (name, filling) in &fillings {
                let outcome = survey.error_with(&rows[..size], filling);
                let Outcome {
                    mae,
                    unfilled,
                    mean,
                } = outcome;
                println!("| {percent} % | {order} | {name} | {mae:.4} | {unfilled} | {mean:.4} |");
                if ["nearest", "kriging"].contains(name) {
                    assert_eq!(outcome.unfilled, 0, "{percent} % {order} {name}");
                }
                found.insert((*order, *name), outcome);
            }
        }
        let (best, original) = (&found[&("gap", "kriging")], &found[&("fold", "index")]);
        assert!(
            best.mae < 0.9 * original.mae,
            "{percent} %: {} against {}",
            best.mae,
            original.mae
        );
    }
}
