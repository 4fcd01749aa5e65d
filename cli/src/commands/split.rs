//! `transect split`: one table to one file per value of a column.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use clap::Args;
use lambda_shell::Fault;
use tables::split::{Source, split_by_column};

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
        let unfinished = |value: Option<&str>| self.path(value).with_extension("unfinished");
        std::fs::create_dir_all(&self.output).map_err(|source| tables::Error::Io {
            name: self.output.display().to_string(),
            source,
        })?;
        let summary = split_by_column(
            Source::Path(self.input.clone()),
            &self.column,
            |value| Ok(BufWriter::new(File::create_new(unfinished(value))?)),
            |value, mut out: BufWriter<File>, _| {
                out.flush()?;
                std::fs::rename(unfinished(value), self.path(value))
            },
        );
        match summary {
            Ok(summary) => {
                println!(
                    "{} rows in {} files in {}",
                    summary.rows,
                    summary.files,
                    self.output.display()
                );
                Ok(())
            }
            Err(error) => {
                self.remove_unfinished();
                Err(error.into())
            }
        }
    }

    fn path(&self, value: Option<&str>) -> PathBuf {
        let name = value.map_or_else(|| "__null__".to_owned(), sampling::slug);
        self.output.join(format!("{name}.parquet"))
    }

    fn remove_unfinished(&self) {
        let Ok(entries) = std::fs::read_dir(&self.output) else {
            return;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path
                .extension()
                .is_some_and(|extension| extension == "unfinished")
            {
                // The error that is reported is the one that stopped the split.
                let _ = std::fs::remove_file(path);
            }
        }
    }
}
