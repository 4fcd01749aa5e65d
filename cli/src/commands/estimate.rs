//! `transect estimate`: totals, means, shares and ratios from answers.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use clap::Args;
use contracts::{Fault, FaultName};
use serde::Serialize;
use survey::estimates::{
    Calibrated, Design, Estimate as Figure, LonelyPsu, Margin, NonresponseCells, Planned,
    Replicates, Variance, calibrate, post_stratify, rake,
};
use survey::{AnswerColumns, Answers, join_answers};
use tables::{ReadOptions, Table};

use super::select::design_path;

/// Estimate totals, means, shares and ratios from a file of answers, with the variance of the design (Taylor, by strata
/// and first-stage units) and intervals.
#[derive(Args)]
#[command(after_help = "Examples:
  transect estimate answers.csv --design sample.parquet --mean income --share own_car --by province
  transect estimate survey.csv --weight w --strata stratum --units psu --total y --ratio y/size
  transect estimate srs.csv --weight w --units household --population N --mean y --post-stratify age=ages.csv

Without --design the answers have the columns themselves. Known totals are CSV files of level and total.")]
pub struct Estimate {
    /// Answers, a row each
    answers: PathBuf,
    /// The sample that they belong to, as select or select-within wrote it
    #[arg(long, value_name = "SAMPLE")]
    design: Option<PathBuf>,
    /// Column by which answers and sample belong together [default: `unit_id`, `psu_id`, or another id that both have]
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
    /// Totals of these columns
    #[arg(long, value_delimiter = ',', value_name = "COLUMN,...")]
    total: Vec<String>,
    /// Means of these columns
    #[arg(long, value_delimiter = ',', value_name = "COLUMN,...")]
    mean: Vec<String>,
    /// Shares of yes in these columns, or of a value (COLUMN=VALUE), with intervals within 0 to 1
    #[arg(long, value_delimiter = ',', value_name = "COLUMN,...")]
    share: Vec<String>,
    /// Ratios of totals
    #[arg(long, value_delimiter = ',', value_name = "Y/X,...")]
    ratio: Vec<String>,
    /// Also for each value of these columns
    #[arg(long, value_delimiter = ',', value_name = "COLUMN,...")]
    by: Vec<String>,
    /// Column of weights [default: weight]
    #[arg(long, value_name = "COLUMN")]
    weight: Option<String>,
    /// Column of strata; an empty name for none [default: stratum, if there]
    #[arg(long, value_name = "COLUMN")]
    strata: Option<String>,
    /// Columns of the units of each stage, from the first [default: `psu_id`, if there; else every row]
    #[arg(long, value_delimiter = ',', value_name = "COLUMN,...")]
    units: Vec<String>,
    /// Columns of population sizes of each stage, for simple random samples
    #[arg(long, value_delimiter = ',', value_name = "COLUMN,...")]
    population: Vec<String>,
    /// Columns of probabilities of each stage, for Brewer's variance and those of pairs
    #[arg(long, value_delimiter = ',', value_name = "COLUMN,...")]
    probability: Vec<String>,
    /// ultimate (with --probability: Brewer's), hartley-rao, yates-grundy, horvitz-thompson, successive-differences,
    /// jackknife, brr or fay:RHO
    #[arg(long, default_value = "ultimate", value_name = "METHOD")]
    variance: String,
    /// Joint probabilities of pairs, as `select --joint` wrote them
    #[arg(long, value_name = "FILE")]
    joint: Option<PathBuf>,
    /// A stratum with one unit: refuse, collapse, certainty, average, centred or adjust (as R does)
    #[arg(long, default_value = "refuse", value_name = "RULE")]
    single_unit: String,
    /// Column that says what became of each unit: answered, refused, ineligible or unknown
    #[arg(long, value_name = "COLUMN")]
    status: Option<String>,
    /// Column of the cells in which weights grow for nonresponse [default: the strata]
    #[arg(long, value_name = "COLUMN")]
    cells: Option<String>,
    /// Known totals of the classes of a column
    #[arg(long, value_name = "COLUMN=FILE")]
    post_stratify: Option<String>,
    /// Known totals of the classes of several columns, met in turn
    #[arg(long, value_name = "COLUMN=FILE")]
    rake: Vec<String>,
    /// Known totals of numbers, with (Intercept) for the units themselves: a CSV of variable and total
    #[arg(long, value_name = "FILE")]
    calibrate: Option<PathBuf>,
    /// Confidence of the intervals
    #[arg(long, default_value_t = 0.95)]
    level: f64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A line of the result.
#[derive(Serialize)]
struct Row {
    what: &'static str,
    variable: String,
    domain: String,
    estimate: f64,
    se: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    interval: &'static str,
    df: usize,
    design_effect: Option<f64>,
    rows: usize,
    units: usize,
}

/// Values of rows and which of them have one.
struct Values {
    values: Vec<f64>,
    there: Vec<bool>,
}

impl Estimate {
    pub fn run(self) -> Result<(), Fault> {
        if self.total.is_empty()
            && self.mean.is_empty()
            && self.share.is_empty()
            && self.ratio.is_empty()
        {
            return Err(wrong(
                "nothing is asked for: name columns by --total, --mean, --share or --ratio",
            ));
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(wrong(format!(
                "--level is {}: it must lie between 0 and 1, such as 0.95",
                self.level
            )));
        }
        let answers = Table::open(&self.answers, &ReadOptions::default())?;
        let sample = self
            .design
            .as_ref()
            .map(|path| Table::open(path, &ReadOptions::default()))
            .transpose()?;
        let columns = AnswerColumns {
            id: self.id.clone(),
            weight: self.weight.clone(),
            strata: self.strata.clone(),
            units: self.units.clone(),
            populations: self.population.clone(),
            probabilities: self.probability.clone(),
            status: self.status.clone(),
            cells: self.cells.clone(),
        };
        let lonely = single_unit(&self.single_unit)?;
        let joined = join_answers(
            &answers,
            sample.as_ref(),
            &columns,
            NonresponseCells::default(),
            lonely,
        )?;
        let calibrated = self.calibrated(&joined)?;
        let rows = self.rows(&joined, calibrated.as_ref())?;
        self.print(&joined, &rows)
    }

    fn calibrated(&self, joined: &Answers) -> Result<Option<Calibrated>, Fault> {
        let weights = joined.design.weights();
        let asked = usize::from(self.post_stratify.is_some())
            + usize::from(!self.rake.is_empty())
            + usize::from(self.calibrate.is_some());
        if asked > 1 {
            return Err(wrong(
                "--post-stratify, --rake and --calibrate exclude each other: rake takes several margins",
            ));
        }
        if let Some(named) = &self.post_stratify {
            return Ok(Some(post_stratify(
                weights,
                &margin(named, &joined.table)?,
            )?));
        }
        if !self.rake.is_empty() {
            let margins: Vec<Margin> = self
                .rake
                .iter()
                .map(|named| margin(named, &joined.table))
                .collect::<Result<_, _>>()?;
            return Ok(Some(rake(weights, &margins)?));
        }
        let Some(path) = &self.calibrate else {
            return Ok(None);
        };
        let known = Table::open(path, &ReadOptions::default())?;
        let (names, totals) = (known.texts("variable")?, known.numbers("total")?);
        let (mut columns, mut wanted) = (Vec::new(), Vec::new());
        for (name, total) in names.into_iter().zip(totals) {
            let (Some(name), Some(total)) = (name, total) else {
                return Err(wrong(format!(
                    "{}: every row needs a variable and a total",
                    path.display()
                )));
            };
            columns.push(match name.as_str() {
                "(Intercept)" => vec![1.0; weights.len()],
                _ => whole(&joined.table, &name)?,
            });
            wanted.push(total);
        }
        Ok(Some(calibrate(weights, &columns, &wanted)?))
    }

    fn variance(&self, joined: &Answers) -> Result<Variance, Fault> {
        Ok(match self.variance.as_str() {
            "ultimate" | "brewer" => Variance::UltimateClusters,
            "successive-differences" => Variance::SuccessiveDifferences,
            "hartley-rao" => Variance::HartleyRao(self.frame_squares()?),
            "yates-grundy" => Variance::YatesGrundy(self.pairs()?),
            "horvitz-thompson" => Variance::HorvitzThompson(self.pairs()?),
            _ if self.replicates(&joined.design)?.is_some() => Variance::UltimateClusters,
            other => {
                return Err(wrong(format!(
                    "--variance {other}: expected ultimate, hartley-rao, yates-grundy, horvitz-thompson, successive-differences, jackknife, brr or fay:RHO"
                )));
            }
        })
    }

    fn replicates(&self, design: &Design) -> Result<Option<Replicates>, Fault> {
        Ok(Some(match self.variance.split_once(':') {
            None if self.variance == "jackknife" => Replicates::jackknife(design)?,
            None if self.variance == "brr" => Replicates::balanced(design, 0.0)?,
            Some(("fay", rho)) => {
                let rho = rho
                    .parse()
                    .map_err(|_| wrong("--variance fay: a number is expected, such as fay:0.3"))?;
                Replicates::balanced(design, rho)?
            }
            _ => return Ok(None),
        }))
    }

    fn frame_squares(&self) -> Result<HashMap<String, f64>, Fault> {
        let sample = self.design.as_ref().ok_or_else(|| wrong("--variance hartley-rao needs --design: it asks for the whole frame's probabilities"))?;
        let path = design_path(sample);
        let text = std::fs::read(&path).map_err(|error| {
            wrong(format!(
                "{}: {error}; `transect select` writes it",
                path.display()
            ))
        })?;
        let design: serde_json::Value = serde_json::from_slice(&text)
            .map_err(|error| wrong(format!("{}: {error}", path.display())))?;
        let strata = design["strata"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        Ok(strata
            .iter()
            .filter_map(|stratum| {
                let name = stratum["stratum"].as_str()?;
                let name = if name.is_empty() { "(all)" } else { name };
                Some((name.to_owned(), stratum["sum_p_squared"].as_f64()?))
            })
            .collect())
    }

    fn pairs(&self) -> Result<HashMap<(String, String), f64>, Fault> {
        let path = self.joint.as_ref().ok_or_else(|| {
            wrong("this variance needs --joint FILE, as `transect select --joint` writes it")
        })?;
        let table = Table::open(path, &ReadOptions::default())?;
        let (a, b, p) = (
            table.texts("unit_a")?,
            table.texts("unit_b")?,
            table.numbers("p")?,
        );
        let pairs = a.into_iter().zip(b).zip(p);
        Ok(pairs
            .map(|((a, b), p)| {
                (
                    (a.unwrap_or_default(), b.unwrap_or_default()),
                    p.unwrap_or(0.0),
                )
            })
            .collect())
    }

    fn rows(&self, joined: &Answers, calibrated: Option<&Calibrated>) -> Result<Vec<Row>, Fault> {
        let method = self.variance(joined)?;
        let replicates = self.replicates(&joined.design)?;
        if replicates.is_some() && calibrated.is_some() {
            return Err(wrong(
                "replicate weights are not calibrated: take the default variance with known totals",
            ));
        }
        let mut planned = Planned::of(&joined.design, &method).named(&joined.units);
        if let Some(calibrated) = calibrated {
            planned = planned.calibrated(calibrated);
        }
        let domains = self.domains(&joined.table)?;
        let mut rows = Vec::new();
        for (what, names) in [
            ("total", &self.total),
            ("mean", &self.mean),
            ("share", &self.share),
            ("ratio", &self.ratio),
        ] {
            for name in names {
                let (y, x) = self.variables(&joined.table, what, name)?;
                let missing = y.there.iter().filter(|there| !**there).count();
                if missing > 0 && what == "total" {
                    return Err(wrong(format!(
                        "column `{name}` has no answer in {missing} rows: a total would leave them out; estimate a mean, or fill them"
                    )));
                }
                if missing > 0 {
                    eprintln!(
                        "warning: {missing} rows without an answer in {name} are left out of its {what}"
                    );
                }
                for (domain, inside) in &domains {
                    let inside: Vec<bool> =
                        inside.iter().zip(&y.there).map(|(a, b)| *a && *b).collect();
                    let x = x.as_deref();
                    let figure = match &replicates {
                        Some(replicates) => {
                            again(replicates, &joined.design, what, &y.values, x, &inside)
                        }
                        None => match (what, x) {
                            ("total", _) => planned.total(&y.values, Some(&inside)),
                            ("ratio", Some(x)) => planned.ratio(&y.values, x, Some(&inside)),
                            _ => planned.mean(&y.values, Some(&inside)),
                        },
                    }?;
                    rows.push(self.row(what, name, domain, &figure));
                }
            }
        }
        Ok(rows)
    }

    fn variables(
        &self,
        table: &Table,
        what: &str,
        name: &str,
    ) -> Result<(Values, Option<Vec<f64>>), Fault> {
        if what == "ratio" {
            let (y, x) = name
                .split_once('/')
                .ok_or_else(|| wrong(format!("--ratio {name}: expected Y/X")))?;
            let (mut y, x) = (values(table, y)?, values(table, x)?);
            for (there, other) in y.there.iter_mut().zip(&x.there) {
                *there &= *other;
            }
            return Ok((y, Some(x.values)));
        }
        if what != "share" {
            return Ok((values(table, name)?, None));
        }
        if let Some((column, value)) = name.split_once('=') {
            let texts = table.texts(column)?;
            let there = texts.iter().map(Option::is_some).collect();
            let values = texts
                .iter()
                .map(|text| f64::from(u8::from(text.as_deref() == Some(value))))
                .collect();
            return Ok((Values { values, there }, None));
        }
        let flags = match table.flags(name) {
            Ok(flags) => flags,
            // A share of something, such as of a picture, need not be yes or no.
            Err(_) => {
                let found = values(table, name)?;
                let outside = found
                    .values
                    .iter()
                    .zip(&found.there)
                    .any(|(v, there)| *there && !(0.0..=1.0).contains(v));
                return if outside {
                    Err(wrong(format!(
                        "column `{name}` is no share: expected yes and no, or numbers from 0 to 1"
                    )))
                } else {
                    Ok((found, None))
                };
            }
        };
        let there = flags.iter().map(Option::is_some).collect();
        let values = flags
            .iter()
            .map(|flag| f64::from(u8::from(*flag == Some(true))))
            .collect();
        Ok((Values { values, there }, None))
    }

    /// All rows, then those of each value of each column.
    fn domains(&self, table: &Table) -> Result<Vec<(String, Vec<bool>)>, Fault> {
        let mut domains = vec![("all".to_owned(), vec![true; table.rows()])];
        for column in &self.by {
            let texts = table.texts(column)?;
            let levels: BTreeMap<&str, ()> = texts
                .iter()
                .flatten()
                .map(|text| (text.as_str(), ()))
                .collect();
            for level in levels.into_keys() {
                let inside = texts
                    .iter()
                    .map(|text| text.as_deref() == Some(level))
                    .collect();
                domains.push((format!("{column}={level}"), inside));
            }
        }
        Ok(domains)
    }

    fn row(&self, what: &'static str, name: &str, domain: &str, figure: &Figure) -> Row {
        let (ends, interval) = if what == "share" {
            let found = figure.share_interval(self.level);
            (found.ends, found.rule.name())
        } else {
            match figure.interval(self.level) {
                Some(ends) => (Some(ends), "t"),
                None => (None, "too few"),
            }
        };
        Row {
            what,
            variable: name.to_owned(),
            domain: domain.to_owned(),
            estimate: figure.estimate,
            se: figure.se,
            low: ends.map(|ends| ends.0),
            high: ends.map(|ends| ends.1),
            interval,
            df: figure.df,
            design_effect: figure.design_effect,
            rows: figure.rows,
            units: figure.units,
        }
    }

    fn print(&self, joined: &Answers, rows: &[Row]) -> Result<(), Fault> {
        let design = &joined.design;
        if self.json {
            let whole = serde_json::json!({
                "estimates": rows,
                "level": self.level,
                "variance": self.variance,
                "strata": design.strata(),
                "units": design.units(),
                "df": design.df(),
                "sum_of_weights": design.weights().iter().sum::<f64>(),
                "notes": joined.notes,
            });
            println!("{whole:#}");
            return Ok(());
        }
        for note in &joined.notes {
            eprintln!("note: {note}");
        }
        println!(
            "{:<6} {:<18} {:<20} {:>14} {:>12} {:>14} {:>14} {:>6} {:>6}",
            "what", "variable", "domain", "estimate", "se", "low", "high", "deff", "rows"
        );
        let shown = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), short);
        for row in rows {
            println!(
                "{:<6} {:<18} {:<20} {:>14} {:>12} {:>14} {:>14} {:>6} {:>6}",
                row.what,
                row.variable,
                row.domain,
                short(row.estimate),
                shown(row.se),
                shown(row.low),
                shown(row.high),
                row.design_effect
                    .map_or_else(|| "-".to_owned(), |effect| format!("{effect:.2}")),
                row.rows
            );
        }
        println!(
            "{} answers of {} units in {} strata, {} degrees of freedom, {:.0} % intervals",
            design.rows(),
            design.units(),
            design.strata(),
            design.df(),
            self.level * 100.0
        );
        Ok(())
    }
}

fn again(
    replicates: &Replicates,
    design: &Design,
    what: &str,
    y: &[f64],
    x: Option<&[f64]>,
    inside: &[bool],
) -> survey::Result<Figure> {
    let total = |w: &[f64], v: &[f64]| {
        (0..v.len())
            .filter(|&row| inside[row])
            .map(|row| w[row] * v[row])
            .sum::<f64>()
    };
    let ones = vec![1.0; y.len()];
    replicates.estimate(design, |w| match what {
        "total" => total(w, y),
        _ => total(w, y) / total(w, x.unwrap_or(&ones)),
    })
}

fn wrong(message: impl Into<String>) -> Fault {
    Fault::new(FaultName::InvalidInput, message)
}

fn single_unit(name: &str) -> Result<LonelyPsu, Fault> {
    Ok(match name {
        "refuse" => LonelyPsu::Refuse,
        "collapse" => LonelyPsu::Collapse,
        "certainty" => LonelyPsu::Certainty,
        "average" => LonelyPsu::Average,
        "centred" | "centered" => LonelyPsu::Centred,
        "adjust" => LonelyPsu::Adjust,
        other => {
            return Err(wrong(format!(
                "--single-unit {other}: expected refuse, collapse, certainty, average, centred or adjust"
            )));
        }
    })
}

fn margin(named: &str, table: &Table) -> Result<Margin, Fault> {
    let (column, path) = named
        .split_once('=')
        .ok_or_else(|| wrong(format!("{named}: expected COLUMN=FILE")))?;
    let known = Table::open(path, &ReadOptions::default())?;
    let levels = known
        .texts("level")?
        .into_iter()
        .zip(known.numbers("total")?);
    let known = levels
        .filter_map(|(level, total)| Some((level?, total?)))
        .collect();
    let classes = table
        .texts(column)?
        .into_iter()
        .map(Option::unwrap_or_default)
        .collect();
    Ok(Margin {
        name: column.to_owned(),
        classes,
        known,
    })
}

fn values(table: &Table, column: &str) -> Result<Values, Fault> {
    let numbers = table.numbers(column)?;
    let there = numbers
        .iter()
        .map(|value| value.is_some_and(f64::is_finite))
        .collect();
    Ok(Values {
        values: numbers
            .into_iter()
            .map(|value| value.filter(|v| v.is_finite()).unwrap_or(0.0))
            .collect(),
        there,
    })
}

fn whole(table: &Table, column: &str) -> Result<Vec<f64>, Fault> {
    let found = values(table, column)?;
    if found.there.contains(&false) {
        return Err(wrong(format!(
            "column `{column}` has missing values: calibration needs all of them"
        )));
    }
    Ok(found.values)
}

/// Six digits, as people read them.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.3}"),
        _ => format!("{value:.5}"),
    }
}
