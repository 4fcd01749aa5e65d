//! Where to look: samples from areas, chips or roads.

use std::path::PathBuf;

use contracts::Fault;
use pyo3::prelude::*;
use sampling::{Batches, Plan, RoadsInput};

use crate::errors::OrRaise;
use crate::interrupts::interruptibly;
use crate::table::{Table, invalid};

/// The input of a plan: a table, or a file that is read in parts (OpenStreetMap).
#[derive(FromPyObject)]
pub enum Input<'py> {
    Table(PyRef<'py, Table>),
    File(PathBuf),
}

/// Plan by settings in JSON, as a study has them under `plan`: the samples, and as JSON what was rejected, left out and noted.
#[pyfunction]
#[pyo3(signature = (input, settings, seed, batches, batch_size=None, towns=None))]
pub fn plan(
    py: Python<'_>,
    input: Input<'_>,
    settings: &str,
    seed: u64,
    batches: usize,
    batch_size: Option<usize>,
    towns: Option<&Table>,
) -> PyResult<(Table, String)> {
    let plan: Plan = serde_json::from_str(settings)
        .map_err(|error| invalid(format!("settings: {error}")))
        .or_raise(py)?;
    let batches = batch_size.map_or(Batches::Count(batches), Batches::Size);
    let (table, file) = match &input {
        Input::Table(table) => (Some(table.0.clone()), None),
        Input::File(path) => (None, Some(path.clone())),
    };
    let towns = towns.map(|towns| towns.0.clone());
    let work = move || -> Result<_, Fault> {
        let failed = |error: sampling::Error| {
            let fault = Fault::from(study::Error::from(error));
            let name = plan.file().to_owned();
            fault.named(std::path::Path::new(&name), &name)
        };
        plan.check().map_err(study::Error::from)?;
        let table_of = |table: Option<tables::Table>| {
            table.ok_or_else(|| invalid("expected a table, not the name of a file"))
        };
        let planned = match &plan {
            Plan::Areas(settings) => {
                sampling::plan_areas(&table_of(table)?, settings, seed, batches)
            }
            Plan::Chips(settings) => {
                sampling::plan_chips(&table_of(table)?, settings, seed, batches)
            }
            Plan::Points(settings) => {
                sampling::plan_points(&table_of(table)?, None, settings, batches)
            }
            Plan::Roads(settings) => {
                let roads = match (&table, &file) {
                    (Some(table), _) => RoadsInput::Table(table),
                    (None, Some(path)) => RoadsInput::OsmFile(path),
                    (None, None) => return Err(invalid("roads: expected a table or a file")),
                };
                sampling::plan_roads(roads, towns.as_ref(), settings, batches)
            }
        };
        let planned = planned.map_err(failed)?;
        let samples = planned.samples.table().map_err(failed)?;
        let told = serde_json::json!({
            "rejected": planned.rejected,
            "left_out": planned.left_out,
            "notes": planned.notes,
        });
        Ok((samples, told.to_string()))
    };
    let (samples, told) = interruptibly(py, |_| work(), |_| Ok(()))?.or_raise(py)?;
    Ok((Table(samples), told))
}
