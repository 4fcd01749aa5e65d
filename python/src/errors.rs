//! Errors as Python exceptions: a class for each name of `contracts::FaultName`, in `transect.errors`.

use contracts::Fault;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// The exception of a fault.
pub fn exception(py: Python<'_>, fault: &Fault) -> PyErr {
    let class = py
        .import("transect.errors")
        .and_then(|errors| errors.getattr(fault.name.as_str()))
        .and_then(|class| class.call1((fault.message.as_str(),)));
    match class {
        Ok(exception) => PyErr::from_value(exception),
        Err(_) => PyRuntimeError::new_err(fault.message.clone()),
    }
}

/// Work that ends in a fault of ours ends in its exception.
pub trait OrRaise<T> {
    /// The value, or the exception.
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T, E: Into<Fault>> OrRaise<T> for Result<T, E> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| exception(py, &error.into()))
    }
}
