//! `transect split`: one table to one file per value of a column.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use clap::Args;
use contracts::Fault;
use tables::split::{Source, SplitSummary, split_by_column};

/// Split a big GeoParquet table into one file per value of a column, streaming.
#[derive(Args)]
pub struct Split {
    /// GeoParquet table
    input: PathBuf,
    /// Folder for the files, made if need be
    output: PathBuf,
    /// Column whose values make the files
    #[arg(long)]
    column: String,
}

impl Split {
    pub fn run(self) -> Result<(), Fault> {
        let failed = |source| tables::Error::Io {
            name: self.output.display().to_string(),
            source,
        };
        let made = !self.output.exists();
        std::fs::create_dir_all(&self.output).map_err(failed)?;
        let summary = self.split();
        if made && summary.is_err() {
            // Fails where something is in it; the error that is reported is the one that stopped the split.
            let _ = std::fs::remove_dir(&self.output);
        }
        let summary = summary?;
        println!(
            "{} rows in {} files in {}",
            summary.rows,
            summary.files,
            self.output.display()
        );
        Ok(())
    }

    /// Writes all files into a hidden folder first, which a failure takes with it.
    fn split(&self) -> Result<SplitSummary, Fault> {
        let failed = |source| tables::Error::Io {
            name: self.output.display().to_string(),
            source,
        };
        let unfinished = tempfile::Builder::new()
            .prefix(".unfinished-")
            .tempdir_in(&self.output)
            .map_err(failed)?;
        let mut names = Vec::new();
        let summary = split_by_column(
            Source::Path(self.input.clone()),
            &self.column,
            |value| {
                Ok(BufWriter::new(File::create_new(
                    unfinished.path().join(name(value)),
                )?))
            },
            |value, mut out: BufWriter<File>, _| {
                names.push(name(value));
                out.flush()
            },
        )
        .map_err(
            |error| match error.in_output(&self.output.to_string_lossy()) {
                error @ tables::Error::Io { .. } => Fault::from(error),
                error => Fault::from(error).named(&self.input, &self.input.to_string_lossy()),
            },
        )?;
        for name in names {
            std::fs::rename(unfinished.path().join(&name), self.output.join(&name))
                .map_err(failed)?;
        }
        Ok(summary)
    }
}

fn name(value: Option<&str>) -> String {
    let name = value.map_or_else(|| "__null__".to_owned(), sampling::slug);
    format!("{name}.parquet")
}
