//! The native half of the Python module `transect`: tables over the Arrow C interface, and the work of the crates with
//! the interpreter's lock released. The half that people see, with its documentation, is in `python/transect/`.

mod clustering;
mod errors;
mod interrupts;
mod pictures;
mod plans;
mod study;
mod table;

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs a command line as the program `transect` does; gives its exit status.
#[pyfunction]
fn main(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| cli::run(arguments))
}

/// The native half of the module.
#[pymodule]
fn _transect(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<table::Table>()?;
    module.add_function(wrap_pyfunction!(main, module)?)?;
    module.add_function(wrap_pyfunction!(clustering::cluster, module)?)?;
    module.add_function(wrap_pyfunction!(clustering::cluster_map, module)?)?;
    module.add_function(wrap_pyfunction!(clustering::cluster_page, module)?)?;
    module.add_function(wrap_pyfunction!(clustering::write_clusters, module)?)?;
    module.add_function(wrap_pyfunction!(pictures::measure_array, module)?)?;
    module.add_function(wrap_pyfunction!(pictures::measure_bytes, module)?)?;
    module.add_function(wrap_pyfunction!(plans::plan, module)?)?;
    module.add_function(wrap_pyfunction!(study::run, module)?)?;
    Ok(())
}
