//! `transect check`: every mistake of a study, and what it would cost.

use std::path::PathBuf;

use clap::Args;
use contracts::{Fault, FaultName};
use imagery::{Format, RasterFacts, Source};
use study::Study;

/// Check a study without changing anything: every mistake with its line, what the raster and the
/// label layer say of themselves, then an estimate of requests, bytes, time and cost.
#[derive(Args)]
pub struct Check {
    /// Study, TOML
    study: PathBuf,
    /// Ask no server: rasters elsewhere are not opened
    #[arg(long)]
    offline: bool,
}

impl Check {
    pub async fn run(self) -> Result<(), Fault> {
        let study = read(&self.study)?;
        labels(&study, &self.study)?;
        let raster = self.raster(&study).await?;
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
        if let Some(raster) = raster {
            println!("raster    {}", told(&raster));
        }
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

    /// The head of the raster that the study cuts its pictures from, if that can be opened.
    async fn raster(&self, study: &Study) -> Result<Option<RasterFacts>, Fault> {
        let Source::Cog(cog) = &study.source else {
            return Ok(None);
        };
        if self.offline && cog.url.contains("://") {
            return Ok(None);
        }
        let stores = store_s3::stores(&super::run::cloud().await);
        let facts = study::raster_facts(&study.source, &stores).await?;
        let format = study.picture.format;
        let held: &[&str] = match format {
            Format::Png => &["uint8", "uint16"],
            Format::Jpeg | Format::Webp => &["uint8"],
            Format::Tiff | Format::Npy => return Ok(facts),
        };
        match &facts {
            Some(facts) if !held.contains(&facts.value_type.as_str()) => Err(Fault::new(
                FaultName::InvalidStudy,
                format!(
                    "{}: picture.format is {format}, which cannot hold the {} of {}: expected tiff or npy",
                    self.study.display(),
                    facts.value_type,
                    facts.location
                ),
            )),
            _ => Ok(facts),
        }
    }
}

/// Opens the label layer and its column as a run does.
fn labels(study: &Study, path: &std::path::Path) -> Result<(), Fault> {
    let Some(labels) = &study.picture.labels else {
        return Ok(());
    };
    let base = path.parent().unwrap_or(std::path::Path::new("."));
    let layer = base.join(&labels.layer);
    let table = tables::Table::open(&layer, &tables::ReadOptions::default())?;
    imagery::labels::LabelLayer::from_table(&table, labels.column.as_deref()).map_err(|error| {
        Fault::new(
            FaultName::InvalidInput,
            format!("{}: {error}", layer.display()),
        )
    })?;
    Ok(())
}

/// A line on a raster.
fn told(raster: &RasterFacts) -> String {
    let nodata = raster.nodata.map_or("no nodata value".to_owned(), |value| {
        format!("nodata {value}")
    });
    let overviews = match raster.overviews {
        0 => "no overviews: coarse pictures read every pixel below them".to_owned(),
        count => format!("{count} overviews"),
    };
    format!(
        "{}: {}, {} x {} px of {} x {}, {} of {}: {}; {nodata}; {overviews}",
        raster.location,
        raster.crs,
        raster.size.0,
        raster.size.1,
        raster.pixel.0,
        raster.pixel.1,
        if raster.bands.len() == 1 {
            "a band"
        } else {
            "bands"
        },
        raster.value_type,
        raster.bands.join(", "),
    )
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
