//! A sample of one stratum, with reserves.
//!
//! Units that are certain for the sample are always in it. From the rest m + R are drawn, and of those m are kept by an
//! equal-probability draw; the others are reserves. So every probability is known, and if r of the m + R are released in
//! order the probability is that of the large draw times r / (m + R).

use super::pareto::{pareto, pareto_lambda};
use super::sampford::sampford;
use super::srs::{equal_steps, simple_random};
use super::{Method, probabilities, systematic_from};
use crate::{Error, Result, Stream};

/// A unit that was drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// Its index in the list.
    pub unit: usize,
    /// The probability of being in the sample.
    pub probability: f64,
    /// The probability of being drawn at all, as sample or reserve.
    pub drawn_probability: f64,
    /// Whether it was in the sample from the start, as large as it is.
    pub certain: bool,
    /// Its place among the reserves, if it is one.
    pub reserve: Option<Reserve>,
}

/// A reserve's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserve {
    /// When it is released: 1 is first.
    pub order: usize,
    /// The sample unit that it stands by for: the next in list order that has none yet.
    pub replaces: Option<usize>,
}

/// Draws `n` units and `reserve` more from one stratum, in list order.
///
/// # Errors
/// [`Error::TooMany`] with the stratum's name, [`Error::BadValues`]; [`Error::Design`] where a method cannot do it.
pub fn draw(
    sizes: &[f64],
    n: usize,
    reserve: usize,
    method: Method,
    seed: u64,
    stratum: &str,
) -> Result<Vec<Drawn>> {
    let measured: Vec<f64> = match method {
        // Sizes only say what is there.
        Method::Srs => sizes
            .iter()
            .map(|&size| if size > 0.0 { 1.0 } else { size })
            .collect(),
        _ => sizes.to_vec(),
    };
    let pi = probabilities(&measured, n)?;
    let available = sizes.iter().filter(|&&size| size > 0.0).count();
    if n + reserve > available {
        return Err(Error::TooMany {
            place: if stratum.is_empty() {
                "the frame".to_owned()
            } else {
                format!("stratum {stratum}")
            },
            asked: n + reserve,
            available,
        });
    }
    let certain: Vec<usize> = (0..pi.len()).filter(|&i| pi[i] >= 1.0).collect();
    let rest: Vec<usize> = (0..pi.len())
        .filter(|&i| measured[i] > 0.0 && pi[i] < 1.0)
        .collect();
    let kept_of_rest = n - certain.len();
    let of_rest = if kept_of_rest == 0 {
        0
    } else {
        kept_of_rest + reserve
    };
    let rest_sizes: Vec<f64> = rest.iter().map(|&i| measured[i]).collect();
    let rest_pi = probabilities(&rest_sizes, of_rest)?;
    let drawn = draw_by(
        method,
        &rest_pi,
        &rest_sizes,
        &mut Stream::of(seed, stratum, "draw"),
    )?;
    let kept = if of_rest == kept_of_rest {
        (0..drawn.len()).collect()
    } else {
        let mut stream = Stream::of(seed, stratum, "keep");
        match method {
            Method::Systematic => equal_steps(drawn.len(), kept_of_rest, &mut stream),
            _ => simple_random(drawn.len(), kept_of_rest, &mut stream),
        }
    };
    let share = if of_rest == 0 {
        0.0
    } else {
        kept_of_rest as f64 / of_rest as f64
    };
    let mut sample: Vec<Drawn> = certain
        .into_iter()
        .map(|unit| Drawn {
            unit,
            probability: 1.0,
            drawn_probability: 1.0,
            certain: true,
            reserve: None,
        })
        .collect();
    let mut reserves = Vec::new();
    for (place, &at) in drawn.iter().enumerate() {
        let unit = Drawn {
            unit: rest[at],
            probability: rest_pi[at] * share,
            drawn_probability: rest_pi[at],
            certain: false,
            reserve: None,
        };
        if kept.contains(&place) {
            sample.push(unit)
        } else {
            reserves.push(unit)
        }
    }
    sample.sort_by_key(|drawn| drawn.unit);
    release(
        &sample,
        &mut reserves,
        &mut Stream::of(seed, stratum, "release"),
    );
    sample.extend(reserves);
    Ok(sample)
}

/// Draws by the method from probabilities of which some may be 1.
fn draw_by(method: Method, pi: &[f64], sizes: &[f64], stream: &mut Stream) -> Result<Vec<usize>> {
    let mut drawn: Vec<usize> = (0..pi.len()).filter(|&i| pi[i] >= 1.0).collect();
    let open: Vec<usize> = (0..pi.len()).filter(|&i| pi[i] < 1.0).collect();
    let open_pi: Vec<f64> = open.iter().map(|&i| pi[i]).collect();
    let n = open_pi.iter().sum::<f64>().round() as usize;
    let chosen = match method {
        Method::Systematic => {
            let sizes: Vec<f64> = open.iter().map(|&i| sizes[i]).collect();
            systematic_from(&sizes, n, stream.unit())
        }
        Method::Srs => simple_random(open.len(), n, stream),
        Method::Pareto => pareto(&pareto_lambda(&open_pi).lambda, n, stream),
        Method::Sampford => sampford(&open_pi, stream)?,
    };
    drawn.extend(chosen.into_iter().map(|place| open[place]));
    drawn.sort_unstable();
    Ok(drawn)
}

/// Puts reserves in random order and gives each the next sample unit that has none.
fn release(sample: &[Drawn], reserves: &mut [Drawn], stream: &mut Stream) {
    let order = stream.permutation(reserves.len());
    let mut free: Vec<usize> = sample
        .iter()
        .filter(|drawn| !drawn.certain)
        .map(|drawn| drawn.unit)
        .collect();
    for (place, &at) in order.iter().enumerate() {
        let next = free
            .iter()
            .position(|&unit| unit > reserves[at].unit)
            .unwrap_or(0);
        let replaces = (next < free.len()).then(|| free.remove(next));
        reserves[at].reserve = Some(Reserve {
            order: place + 1,
            replaces,
        });
    }
    reserves.sort_by_key(|drawn| drawn.reserve.as_ref().map(|reserve| reserve.order));
}

/// The probability once `released` of all `drawn` (sample and reserves, certain units apart) are worked, in release order.
#[must_use]
pub fn released_probability(drawn_probability: f64, released: usize, drawn: usize) -> f64 {
    drawn_probability * released as f64 / drawn as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [f64; 10] = [20.0, 10.0, 30.0, 25.0, 15.0, 40.0, 5.0, 35.0, 12.0, 8.0];

    #[test]
    fn probabilities_with_reserves_are_those_worked_out_by_hand() {
        // Of 6 drawn rows 6 and 8 are certain: the other 4 share 125, so row 1 has 4 * 20 / 125 = 0.64; 3 of 6 are kept.
        let mut seen = [false; 10];
        for seed in 0..40 {
            let drawn = draw(&SIZES, 3, 3, Method::Systematic, seed, "A").unwrap();
            assert_eq!(drawn.len(), 6);
            assert_eq!(
                drawn.iter().filter(|drawn| drawn.reserve.is_none()).count(),
                3
            );
            for drawn in drawn {
                let both = [0.64, 0.32, 0.96, 0.8, 0.48, 1.0, 0.16, 1.0, 0.384, 0.256][drawn.unit];
                assert!((drawn.drawn_probability - both).abs() < 1e-12);
                assert!((drawn.probability - both / 2.0).abs() < 1e-12);
                assert!(
                    (released_probability(drawn.drawn_probability, 4, 6) - both * 4.0 / 6.0).abs()
                        < 1e-12
                );
                seen[drawn.unit] = true;
            }
        }
        assert_eq!(seen, [true; 10]);
    }

    #[test]
    fn reserves_stand_by_for_different_units_in_random_order() {
        for method in [
            Method::Systematic,
            Method::Srs,
            Method::Pareto,
            Method::Sampford,
        ] {
            let drawn = draw(&SIZES, 4, 3, method, 9, "A").unwrap();
            let reserves: Vec<&Reserve> = drawn
                .iter()
                .filter_map(|drawn| drawn.reserve.as_ref())
                .collect();
            assert_eq!(
                reserves
                    .iter()
                    .map(|reserve| reserve.order)
                    .collect::<Vec<_>>(),
                [1, 2, 3]
            );
            let mut replaced: Vec<usize> = reserves
                .iter()
                .filter_map(|reserve| reserve.replaces)
                .collect();
            replaced.sort_unstable();
            replaced.dedup();
            assert_eq!(replaced.len(), 3, "{method:?}");
        }
    }

    #[test]
    fn strata_of_equal_sizes_draw_different_units() {
        let sizes = [30.0; 55];
        let units = |stratum| -> Vec<usize> {
            draw(&sizes, 5, 0, Method::Systematic, 1, stratum)
                .unwrap()
                .iter()
                .map(|drawn| drawn.unit)
                .collect()
        };
        assert_ne!(units("N"), units("S"));
        assert_eq!(units("N"), units("N"));
    }

    #[test]
    fn all_of_them_are_certain_and_more_are_refused() {
        let drawn = draw(&[5.0, 1.0, 0.0, 3.0], 3, 0, Method::Sampford, 1, "").unwrap();
        assert!(
            drawn
                .iter()
                .all(|drawn| drawn.certain && drawn.probability == 1.0)
        );
        let refused = draw(&[5.0, 1.0, 0.0, 3.0], 2, 2, Method::Srs, 1, "X")
            .unwrap_err()
            .to_string();
        assert_eq!(
            refused,
            "stratum X: 4 units are asked for and 3 have a size above 0"
        );
    }
}
