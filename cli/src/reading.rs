//! Tables from files: what every command that reads one takes.

use std::path::Path;

use clap::Args;
use contracts::{Fault, FaultName};
use tables::{Crs, Decimal, Limits, ReadOptions, Table};

/// How a table is read.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Reading tables")]
pub struct Reading {
    /// CRS of a table that names none, such as EPSG:4326; it is written to the output
    #[arg(long, value_name = "CRS")]
    assume_crs: Option<String>,
    /// Column of longitudes, or eastings, of a table without a geometry [default: found by its name]
    #[arg(long, value_name = "COLUMN")]
    lon: Option<String>,
    /// Column of latitudes, or northings, of a table without a geometry [default: found by its name]
    #[arg(long, value_name = "COLUMN")]
    lat: Option<String>,
    /// Layer of a GeoPackage that has several
    #[arg(long, value_name = "NAME")]
    layer: Option<String>,
    /// Mark between units and tenths in CSV: . or ,
    #[arg(long, value_name = "MARK", default_value = ".", value_parser = decimal)]
    decimal: Decimal,
}

fn decimal(text: &str) -> Result<Decimal, String> {
    match text {
        "." => Ok(Decimal::Point),
        "," => Ok(Decimal::Comma),
        other => Err(format!("expected . or , and found {other}")),
    }
}

impl Reading {
    /// The options of the reader.
    pub fn options(&self) -> Result<ReadOptions, Fault> {
        let crs = self
            .assume_crs
            .as_deref()
            .map(str::parse::<Crs>)
            .transpose();
        let crs = crs.map_err(|error| {
            Fault::new(FaultName::InvalidInput, format!("--assume-crs: {error}"))
        })?;
        Ok(ReadOptions {
            assume_crs: crs,
            lon_column: self.lon.clone(),
            lat_column: self.lat.clone(),
            layer: self.layer.clone(),
            decimal: self.decimal,
            limits: limits()?,
            ..ReadOptions::default()
        })
    }

    /// A whole table; what was taken for granted is told.
    pub fn open(&self, path: &Path) -> Result<Table, Fault> {
        let options = self.options()?;
        let table = Table::open(path, &options)?;
        for note in options.notes.take() {
            eprintln!("note: {note}");
        }
        Ok(table)
    }
}

/// The bounds of readers, as the environment raises them.
fn limits() -> Result<Limits, Fault> {
    const NAME: &str = "TRANSECT_MAX_TABLE_MIB";
    let Ok(text) = std::env::var(NAME) else {
        return Ok(Limits::default());
    };
    let mebibytes: u64 = text.trim().parse().map_err(|_| {
        Fault::new(
            FaultName::InvalidInput,
            format!("{NAME} is `{text}`: expected a number of mebibytes"),
        )
    })?;
    Ok(Limits {
        max_bytes: Some(mebibytes.saturating_mul(1 << 20)),
    })
}
