//! `transect completions`, `transect man` and `transect schema`: made from what the code says.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;
use contracts::Fault;

/// Generated from `study::Study`; a test of that crate keeps it in step.
const STUDY_SCHEMA: &[u8] = include_bytes!("../../../statemachines/schemas/study.schema.json");

/// Print what makes a shell complete `transect`'s commands and options.
///
/// Example: transect completions bash > ~/.local/share/bash-completion/completions/transect
#[derive(Args)]
pub struct Completions {
    /// Which shell
    shell: Shell,
}

impl Completions {
    pub fn run(self, mut program: clap::Command) -> Result<(), Fault> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut program, "transect", &mut script);
        // A reader that has seen enough, such as `head`, is no failure.
        let _ = std::io::stdout().write_all(&script);
        Ok(())
    }
}

/// Print the JSON schema of a study, by which editors complete and check it.
///
/// Example: transect schema > study.schema.json, and `#:schema ./study.schema.json` as the first line of study.toml
#[derive(Args)]
pub struct Schema {}

impl Schema {
    pub fn run() -> Result<(), Fault> {
        let _ = std::io::stdout().write_all(STUDY_SCHEMA);
        Ok(())
    }
}

/// Write a manual page for every command into a folder.
///
/// Example: transect man ~/.local/share/man/man1
#[derive(Args)]
pub struct Man {
    /// Folder for transect.1, transect-cluster.1 and so on
    folder: PathBuf,
}

impl Man {
    pub fn run(self, program: clap::Command) -> Result<(), Fault> {
        std::fs::create_dir_all(&self.folder).map_err(|source| tables::Error::Io {
            name: self.folder.display().to_string(),
            source,
        })?;
        clap_mangen::generate_to(program, &self.folder).map_err(|source| tables::Error::Io {
            name: self.folder.display().to_string(),
            source,
        })?;
        println!("manual pages written to {}", self.folder.display());
        Ok(())
    }
}
