//! Joint inclusion probabilities of the units of a stratum.

use super::{Method, pareto, probabilities, sampford, systematic};
use crate::Result;

/// The probabilities with which pairs of units come into a sample of `n` of this stratum together, by row and column of
/// `units`; the diagonal is the probability of the unit itself.
///
/// `reserve` more are drawn and `n` kept of all. `None` where the method does not have them: systematic samples with reserves,
/// and strata so large that the sums would take minutes. Systematic samples have zeros, for near neighbours: no
/// variance is unbiased there.
///
/// # Errors
/// As [`probabilities`].
pub fn joint(
    method: Method,
    sizes: &[f64],
    n: usize,
    reserve: usize,
    units: &[usize],
) -> Result<Option<Vec<Vec<f64>>>> {
    let measured: Vec<f64> = match method {
        Method::Srs => sizes
            .iter()
            .map(|&size| if size > 0.0 { 1.0 } else { 0.0 })
            .collect(),
        _ => sizes.to_vec(),
    };
    let sample_pi = probabilities(&measured, n)?;
    let rest: Vec<usize> = (0..sizes.len())
        .filter(|&i| measured[i] > 0.0 && sample_pi[i] < 1.0)
        .collect();
    let kept = n - sample_pi.iter().filter(|&&p| p >= 1.0).count();
    let of_rest = if kept == 0 { 0 } else { kept + reserve };
    let rest_sizes: Vec<f64> = rest.iter().map(|&i| measured[i]).collect();
    let rest_pi = probabilities(&rest_sizes, of_rest)?;
    // Units that are open among the m + R drawn, by their place in the rest.
    let open: Vec<usize> = (0..rest.len()).filter(|&i| rest_pi[i] < 1.0).collect();
    let place = |unit: usize| rest.binary_search(&unit).ok();
    let open_place = |unit: usize| place(unit).and_then(|at| open.binary_search(&at).ok());
    let mut pairs = Vec::new();
    for (row, &a) in units.iter().enumerate() {
        for &b in &units[..row] {
            if let (Some(a), Some(b)) = (open_place(a), open_place(b)) {
                pairs.push((a, b));
            }
        }
    }
    let open_pi: Vec<f64> = open.iter().map(|&at| rest_pi[at]).collect();
    let open_n = open_pi.iter().sum::<f64>().round() as usize;
    let found = match method {
        _ if pairs.is_empty() => Some(Vec::new()),
        Method::Systematic if of_rest != kept => None,
        Method::Systematic => {
            let sizes: Vec<f64> = open.iter().map(|&at| rest_sizes[at]).collect();
            Some(systematic::joint(&sizes, open_n, &pairs))
        }
        Method::Srs => {
            let (n, all) = (open_n as f64, open.len() as f64);
            Some(vec![n * (n - 1.0) / (all * (all - 1.0)); pairs.len()])
        }
        Method::Sampford => sampford::joint(&open_pi, &pairs),
        Method::Pareto => pareto::joint(&pareto::pareto_lambda(&open_pi).lambda, open_n, &pairs),
    };
    let Some(found) = found else { return Ok(None) };
    let (m, all) = (kept as f64, of_rest as f64);
    let one = if of_rest == 0 { 0.0 } else { m / all };
    let both = if of_rest < 2 {
        0.0
    } else {
        m * (m - 1.0) / (all * (all - 1.0))
    };
    let mut found = found.into_iter();
    let mut matrix = vec![vec![0.0; units.len()]; units.len()];
    for (row, &a) in units.iter().enumerate() {
        for (column, &b) in units[..row].iter().enumerate() {
            let p = match (place(a), place(b)) {
                (Some(a), Some(b))
                    if open.binary_search(&a).is_ok() && open.binary_search(&b).is_ok() =>
                {
                    both * found.next().unwrap_or(0.0)
                }
                (Some(a), Some(b)) => both * rest_pi[a] * rest_pi[b],
                // One of both is certain for the sample.
                (Some(at), None) | (None, Some(at)) => one * rest_pi[at],
                (None, None) => 1.0,
            };
            matrix[row][column] = p;
            matrix[column][row] = p;
        }
        matrix[row][row] = place(a).map_or(sample_pi[a], |at| one * rest_pi[at]);
    }
    Ok(Some(matrix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_add_up_for_samples_of_fixed_size() {
        let sizes = [500.0, 260.0, 60.0, 50.0, 40.0, 30.0, 30.0, 20.0, 5.0, 5.0];
        let units: Vec<usize> = (0..10).collect();
        for (method, reserve) in [
            (Method::Srs, 0),
            (Method::Srs, 2),
            (Method::Pareto, 0),
            (Method::Pareto, 2),
            (Method::Sampford, 0),
            (Method::Sampford, 2),
            (Method::Systematic, 0),
        ] {
            let matrix = joint(method, &sizes, 4, reserve, &units).unwrap().unwrap();
            for (i, row) in matrix.iter().enumerate() {
                let others: f64 = row.iter().sum::<f64>() - row[i];
                assert!(
                    (others - 3.0 * row[i]).abs() < 1e-9,
                    "{method:?} {reserve} {i}: {others} {}",
                    row[i]
                );
            }
        }
        assert!(
            joint(Method::Systematic, &sizes, 4, 2, &units)
                .unwrap()
                .is_none()
        );
    }
}
