//! Weights of those who answered, for those who did not.

use std::collections::BTreeMap;

use crate::{Error, Result};

/// What became of a unit that was drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It answered.
    Answered,
    /// It belongs to the population and did not answer.
    NotAnswered,
    /// It does not belong to the population: empty, demolished, no dwelling.
    Ineligible,
    /// Nobody knows whether it belongs.
    Unknown,
}

impl std::str::FromStr for Status {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "r" | "answered" | "respondent" | "complete" | "completed" | "yes" | "1" => {
                Ok(Self::Answered)
            }
            "n" | "refused" | "nonresponse" | "not answered" | "noncontact" | "no" | "0" => {
                Ok(Self::NotAnswered)
            }
            "i" | "ineligible" | "vacant" | "empty" | "demolished" => Ok(Self::Ineligible),
            "u" | "unknown" => Ok(Self::Unknown),
            _ => Err(Error::setting(
                "status",
                text,
                "answered, refused, ineligible or unknown (or r, n, i, u)",
            )),
        }
    }
}

/// When cells are joined with their neighbour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NonresponseCells {
    /// The fewest answers of a cell.
    pub answers: usize,
    /// The largest factor of a cell.
    pub factor: f64,
}

impl Default for NonresponseCells {
    fn default() -> Self {
        Self {
            answers: 20,
            factor: 2.0,
        }
    }
}

/// What was done in a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CellFactor {
    /// The cells that it was made of, by name.
    pub cells: Vec<String>,
    /// Units by status: answered, not, ineligible, unknown.
    pub counts: [usize; 4],
    /// (known + unknown) / known.
    pub unknown: f64,
    /// (answered + not) / answered, by weight, among the eligible.
    pub nonresponse: f64,
}

/// Weights after unknown eligibility and nonresponse, in cells: 0 for units without an answer.
///
/// Answered: w f1 f2; ineligible: w f1; the others 0. All sums are of weights (Lohr, chapter 8; Särndal and others, chapter 15). A
/// cell with fewer answers or a larger factor than the settings allow is joined with the next in name order.
///
/// # Errors
/// [`Error::Answers`] if nobody answered.
pub fn adjust_nonresponse(
    weights: &[f64],
    status: &[Status],
    cells: &[String],
    settings: NonresponseCells,
) -> Result<(Vec<f64>, Vec<CellFactor>)> {
    if status.len() != weights.len() || cells.len() != weights.len() {
        return Err(Error::Answers(format!(
            "status and cells need one for each of {} rows",
            weights.len()
        )));
    }
    let mut sums: BTreeMap<&str, Cell> = BTreeMap::new();
    for ((weight, status), cell) in weights.iter().zip(status).zip(cells) {
        let cell = sums.entry(cell).or_default();
        cell.weights[*status as usize] += weight;
        cell.counts[*status as usize] += 1;
    }
    let mut joined: Vec<(Vec<String>, Cell)> = sums
        .into_iter()
        .map(|(name, cell)| (vec![name.to_owned()], cell))
        .collect();
    while joined.len() > 1 {
        let Some(at) = joined.iter().position(|(_, cell)| !cell.keeps(settings)) else {
            break;
        };
        let (names, cell) = joined.remove(at);
        let to = at.min(joined.len() - 1);
        let (other_names, other) = &mut joined[to];
        other_names.splice(0..0, names);
        for k in 0..4 {
            other.weights[k] += cell.weights[k];
            other.counts[k] += cell.counts[k];
        }
    }
    if joined.iter().any(|(_, cell)| cell.counts[0] == 0) {
        return Err(Error::Answers("nobody answered".to_owned()));
    }
    let mut of_cell = BTreeMap::new();
    let mut report = Vec::new();
    for (names, cell) in &joined {
        let (unknown, nonresponse) = cell.factors();
        for name in names {
            of_cell.insert(name.as_str(), (unknown, nonresponse));
        }
        report.push(CellFactor {
            cells: names.clone(),
            counts: cell.counts,
            unknown,
            nonresponse,
        });
    }
    let adjusted = weights
        .iter()
        .zip(status)
        .zip(cells)
        .map(|((weight, status), cell)| {
            let (unknown, nonresponse) = of_cell[cell.as_str()];
            match status {
                Status::Answered => weight * unknown * nonresponse,
                Status::Ineligible => weight * unknown,
                Status::NotAnswered | Status::Unknown => 0.0,
            }
        });
    Ok((adjusted.collect(), report))
}

/// Weights and counts by status, in the order of [`Status`].
#[derive(Clone, Copy, Default)]
struct Cell {
    weights: [f64; 4],
    counts: [usize; 4],
}

impl Cell {
    fn factors(&self) -> (f64, f64) {
        let [answered, not, ineligible, unknown] = self.weights;
        let known = answered + not + ineligible;
        ((known + unknown) / known, (answered + not) / answered)
    }

    fn keeps(&self, settings: NonresponseCells) -> bool {
        let (unknown, nonresponse) = self.factors();
        self.counts[0] >= settings.answers && unknown * nonresponse <= settings.factor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(weight: f64, cell: &str, status: &str) -> (Vec<f64>, Vec<Status>, Vec<String>) {
        let status: Vec<Status> = status
            .chars()
            .map(|code| code.to_string().parse().unwrap())
            .collect();
        (
            vec![weight; status.len()],
            status.clone(),
            vec![cell.to_owned(); status.len()],
        )
    }

    #[test]
    fn factors_are_those_worked_out_by_hand() {
        // r 560, n 140, i 140, u 280: 1120 / 840 and 700 / 560.
        let (weights, status, cells) = drawn(140.0, "2", "rrnruuri");
        let one = NonresponseCells {
            answers: 1,
            factor: 9.0,
        };
        let (adjusted, report) = adjust_nonresponse(&weights, &status, &cells, one).unwrap();
        assert!(
            (report[0].unknown - 4.0 / 3.0).abs() < 1e-12
                && (report[0].nonresponse - 1.25).abs() < 1e-12
        );
        assert!((adjusted[0] - 140.0 * 5.0 / 3.0).abs() < 1e-10);
        assert_eq!((adjusted[2], adjusted[4]), (0.0, 0.0));
        // Nothing is lost: answers and ineligible ones carry all weight.
        assert!((adjusted.iter().sum::<f64>() - 1120.0).abs() < 1e-9);
    }

    #[test]
    fn small_cells_are_joined_with_the_next() {
        let mut all = drawn(1.0, "a", &"r".repeat(25));
        for (cell, status) in [("b", "rn"), ("c", &"r".repeat(30))] {
            let (weights, codes, cells) = drawn(1.0, cell, status);
            all.0.extend(weights);
            all.1.extend(codes);
            all.2.extend(cells);
        }
        let (adjusted, report) =
            adjust_nonresponse(&all.0, &all.1, &all.2, NonresponseCells::default()).unwrap();
        assert_eq!(
            report
                .iter()
                .map(|cell| cell.cells.join("+"))
                .collect::<Vec<_>>(),
            ["a", "b+c"]
        );
        assert!((report[1].nonresponse - 32.0 / 31.0).abs() < 1e-12);
        assert!((adjusted.iter().sum::<f64>() - 57.0).abs() < 1e-9);
        let (weights, status, cells) = drawn(1.0, "a", "nn");
        assert!(
            adjust_nonresponse(&weights, &status, &cells, NonresponseCells::default()).is_err()
        );
    }
}
