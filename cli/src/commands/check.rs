//! `transect check`: every mistake of a study, and what it would cost.

use std::path::PathBuf;

use clap::Args;
use contracts::{Fault, FaultName};
use study::Study;

/// Check a study without changing anything: every mistake with its line, then an estimate of
/// requests, bytes, time and cost.
#[derive(Args)]
pub struct Check {
    /// Study, TOML
    study: PathBuf,
}

impl Check {
    pub fn run(self) -> Result<(), Fault> {
        let study = read(&self.study)?;
        let folder = tempfile::tempdir().map_err(|e| Fault::internal(&e))?;
        let (samples, rejected) = planned(&study, &self.study, folder.path())?;
        if samples == 0 {
            return Err(no_samples(&study, rejected));
        }
        let estimate = imagery::estimate(
            &study.source,
            &study.taken_picture(),
            &study.limits,
            samples as u64,
        )
        .map_err(study::Error::from)?;
        println!("{}: no mistakes", self.study.display());
        println!("samples   {samples}");
        println!("requests  {}", estimate.requests);
        println!("bytes     {}", indicatif::HumanBytes(estimate.bytes));
        println!(
            "time      {}",
            indicatif::HumanDuration(
                std::time::Duration::try_from_secs_f64(estimate.seconds)
                    .unwrap_or(std::time::Duration::MAX)
            )
        );
        match estimate.usd {
            Some(usd) => println!("cost      {usd:.2} USD"),
            None => println!("cost      none that is known"),
        }
        println!("{}", estimate.note);
        Ok(())
    }
}

/// Reads a study; all its mistakes are one fault, a line each.
pub fn read(path: &std::path::Path) -> Result<Study, Fault> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|source| tables::Error::Io {
        name: name.clone(),
        source,
    })?;
    Study::from_toml(&text).map_err(|mistakes| {
        let lines: Vec<String> = mistakes
            .iter()
            .map(|mistake| format!("{name}, {mistake}"))
            .collect();
        Fault::new(FaultName::InvalidStudy, lines.join("\n       "))
    })
}

/// The fault of a study whose plan gives no samples.
pub fn no_samples(study: &Study, rejected: u64) -> Fault {
    Fault::new(
        FaultName::InvalidStudy,
        format!(
            "plan: {} gives no samples ({rejected} places were rejected; rejected.jsonl beside the plan says why)",
            study.plan.file()
        ),
    )
}

/// Plans into a folder that is thrown away, to count.
fn planned(
    study: &Study,
    path: &std::path::Path,
    folder: &std::path::Path,
) -> Result<(usize, u64), Fault> {
    let base = path.parent().unwrap_or(std::path::Path::new("."));
    let planned = study::plan_only(&study.plan, study.seed, study.batching(), base, folder)?;
    super::plan::tell(&planned);
    Ok((planned.samples.len(), planned.rejected.len() as u64))
}
