//! Readings of pictures.

use contracts::Fault;
use measures::{MeasureSpec, Picture, measure as read};
use pyo3::prelude::*;
use serde_json::{Map, Value};

use crate::errors::OrRaise;
use crate::table::invalid;

fn specs(measures: &str) -> Result<Vec<MeasureSpec>, Fault> {
    let specs: Vec<MeasureSpec> =
        serde_json::from_str(measures).map_err(|error| invalid(format!("measures: {error}")))?;
    measures::check(&specs).map_err(study::Error::from)?;
    Ok(specs)
}

/// The readings of pixels, as a JSON object of names and numbers. `samples` are of `bits` 8 or 16, in the machine's order of
/// bytes, pixel after pixel, rows from the top.
#[pyfunction]
pub fn measure_array(
    py: Python<'_>,
    samples: &[u8],
    bits: u8,
    height: u32,
    width: u32,
    bands: u16,
    measures: &str,
) -> PyResult<String> {
    let specs = specs(measures).or_raise(py)?;
    let readings = py.detach(|| -> Result<_, Fault> {
        let picture = match bits {
            8 => Picture::from_bands8(width, height, bands, samples),
            16 => {
                let pairs = samples.as_chunks::<2>().0.iter();
                let samples: Vec<u16> = pairs.map(|pair| u16::from_ne_bytes(*pair)).collect();
                Picture::from_bands16(width, height, bands, &samples)
            }
            _ => {
                return Err(invalid(format!(
                    "pixels: {bits} bits a sample, expected 8 or 16"
                )));
            }
        };
        Ok(read(&picture.map_err(study::Error::from)?, &specs))
    });
    let named = measures::columns(&specs)
        .into_iter()
        .zip(readings.or_raise(py)?);
    let named: Map<String, Value> = named.map(|(name, value)| (name, value.into())).collect();
    Ok(Value::Object(named).to_string())
}

/// The readings of a picture's bytes, with `status` and `reason`, as a JSON object.
#[pyfunction]
pub fn measure_bytes(py: Python<'_>, bytes: &[u8], measures: &str) -> PyResult<String> {
    let specs = specs(measures).or_raise(py)?;
    let readings = py.detach(|| measures::measure_bytes(bytes, &specs));
    serde_json::to_string(&readings)
        .map_err(|error| Fault::internal(&error))
        .or_raise(py)
}
