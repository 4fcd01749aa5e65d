//! A table in Python: opened from a file, or handed over as the bytes of one.

use std::path::PathBuf;

use contracts::{Fault, FaultName};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tables::{Crs, ReadOptions, WriteOptions};

use crate::errors::OrRaise;

/// A table of typed columns, at most one of them its geometry in a known reference system.
#[pyclass(frozen, module = "transect")]
#[derive(Clone)]
pub struct Table(pub tables::Table);

/// What to take for granted where a file or stream is silent.
fn options(
    assume_crs: Option<&str>,
    lon_column: Option<String>,
    lat_column: Option<String>,
) -> Result<ReadOptions, Fault> {
    Ok(ReadOptions {
        assume_crs: assume_crs.map(str::parse::<Crs>).transpose()?,
        lon_column,
        lat_column,
        ..ReadOptions::default()
    })
}

#[pymethods]
impl Table {
    /// Open a file: GeoParquet, GeoJSON, CSV with longitudes and latitudes, FlatGeobuf or Shapefile.
    #[staticmethod]
    #[pyo3(signature = (path, *, assume_crs=None, lon_column=None, lat_column=None))]
    fn open(
        py: Python<'_>,
        path: PathBuf,
        assume_crs: Option<&str>,
        lon_column: Option<String>,
        lat_column: Option<String>,
    ) -> PyResult<Self> {
        let options = options(assume_crs, lon_column, lat_column).or_raise(py)?;
        let table = py.detach(|| tables::Table::open(&path, &options));
        Ok(Self(table.or_raise(py)?))
    }

    /// Read a file's bytes, such as Parquet that another library wrote into memory.
    #[staticmethod]
    #[pyo3(signature = (bytes, *, name="table.parquet", assume_crs=None, lon_column=None, lat_column=None))]
    fn from_bytes(
        py: Python<'_>,
        bytes: Vec<u8>,
        name: &str,
        assume_crs: Option<&str>,
        lon_column: Option<String>,
        lat_column: Option<String>,
    ) -> PyResult<Self> {
        let options = options(assume_crs, lon_column, lat_column).or_raise(py)?;
        let table = py.detach(|| tables::Table::from_bytes(name, bytes.into(), &options));
        Ok(Self(table.or_raise(py)?))
    }

    /// The table as the bytes of a GeoParquet file.
    fn to_parquet<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = py.detach(|| self.0.to_geoparquet(&WriteOptions::default()));
        Ok(PyBytes::new(py, &bytes.or_raise(py)?))
    }

    /// Write the file, whole or not at all.
    fn write(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let written = py.detach(|| cli::write_table(&path, &self.0));
        written.or_raise(py)
    }

    /// The number of rows.
    #[getter]
    fn num_rows(&self) -> usize {
        self.0.rows()
    }

    /// The names of the columns, in order.
    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.0.column_names().map(str::to_owned).collect()
    }

    /// The name of the geometry column; None where there is none.
    #[getter]
    fn geometry_column(&self) -> Option<&str> {
        self.0.geometry_column()
    }

    /// The reference system of the geometry, such as ``EPSG:4326``; None where nobody said which.
    #[getter]
    fn crs(&self) -> Option<String> {
        let crs = self.0.crs();
        let code = crs.epsg().map(|code| format!("EPSG:{code}"));
        code.or_else(|| (!crs.is_unknown()).then(|| crs.to_string()))
    }

    fn __len__(&self) -> usize {
        self.0.rows()
    }
}

/// A table or a setting that cannot be used.
pub fn invalid(message: impl Into<String>) -> Fault {
    Fault::new(FaultName::InvalidInput, message)
}
