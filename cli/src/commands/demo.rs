//! `transect demo`: a first result on made-up data.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use contracts::Fault;

use crate::files;

/// The commands of the demo, as anybody can type them in its folder.
const CLUSTERS: [&str; 2] = [
    "generate town town.parquet --cells 6000 --seed 5",
    "cluster town.parquet clustered_town.parquet --weight population --target-weight 60 --target-radius 1600",
];
const PICTURES: [&str; 2] = [
    "generate picture place --size 1200 --seed 4",
    "run study.toml --out out",
];
const STUDY: &str = include_str!("demo_study.toml");

/// A first result in ten seconds: survey clusters of a made-up town, and a study of a made-up
/// aerial picture.
///
/// Prints every command it runs, so that you can go on from there. Needs no network and no account.
#[derive(Args)]
pub struct Demo {
    /// Folder for the files
    #[arg(default_value = "transect-demo")]
    folder: PathBuf,
    /// Do not open the pages in a browser
    #[arg(long)]
    no_open: bool,
}

impl Demo {
    /// Runs its commands by `command`, which gets the words of a command line.
    pub fn run(self, command: impl Fn(&[&str]) -> Result<(), Fault>) -> Result<(), Fault> {
        let begun = Instant::now();
        let failed = |source| {
            Fault::from(tables::Error::Io {
                name: self.folder.display().to_string(),
                source,
            })
        };
        std::fs::create_dir_all(&self.folder).map_err(failed)?;
        std::env::set_current_dir(&self.folder).map_err(failed)?;
        let folder = std::env::current_dir().map_err(failed)?;
        println!("$ cd {}", self.folder.display());
        for line in CLUSTERS {
            told(line, &command)?;
        }
        files::write_bytes(Path::new("study.toml"), STUDY.as_bytes())?;
        for line in PICTURES {
            told(line, &command)?;
        }
        let clusters = folder.join("clusters_town.html");
        let report = newest_report(&folder.join("out/reports"));
        println!(
            "\ndone in {:.1} s; to look at:",
            begun.elapsed().as_secs_f64()
        );
        println!("  clusters of the town    {}", clusters.display());
        if let Some(report) = &report {
            println!("  study of the picture    {}", report.display());
        }
        println!(
            "  study as written        {}",
            folder.join("study.toml").display()
        );
        if !self.no_open && has_browser() {
            for page in std::iter::once(&clusters).chain(&report) {
                if opener::open(page).is_err() {
                    eprintln!("no browser could be started: open the pages yourself");
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Prints a command, then runs it.
fn told(line: &str, command: impl Fn(&[&str]) -> Result<(), Fault>) -> Result<(), Fault> {
    println!("\n$ transect {line}");
    let words: Vec<&str> = std::iter::once("transect").chain(line.split(' ')).collect();
    command(&words)
}

/// The report of the study that was run last: an older demo may have left one of another plan.
fn newest_report(reports: &Path) -> Option<PathBuf> {
    let pages = std::fs::read_dir(reports).ok()?.flatten();
    let pages = pages.map(|entry| entry.path().join("index.html"));
    pages.max_by_key(|page| page.metadata().and_then(|file| file.modified()).ok())
}

/// Whether somebody sits at a screen.
fn has_browser() -> bool {
    let display = ["DISPLAY", "WAYLAND_DISPLAY"];
    let screen = cfg!(not(target_os = "linux"))
        || display.iter().any(|name| std::env::var_os(name).is_some());
    screen && std::io::stdout().is_terminal()
}
