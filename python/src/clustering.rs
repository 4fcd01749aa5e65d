//! Survey clusters.

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use clustering::{Budget, Clustered, Params, Report, cluster_table};
use contracts::Fault;
use pyo3::prelude::*;

use crate::errors::OrRaise;
use crate::interrupts::interruptibly;
use crate::table::{Table, invalid};

/// Cluster a table by settings in JSON: the clustered table, the clusters, and the report as JSON.
#[pyfunction]
pub fn cluster(
    py: Python<'_>,
    table: &Table,
    settings: &str,
    name: &str,
) -> PyResult<(Table, Table, String)> {
    let params: Params = serde_json::from_str(settings)
        .map_err(|error| invalid(format!("settings: {error}")))
        .or_raise(py)?;
    let table = &table.0;
    let clustered = interruptibly(
        py,
        |stop| {
            let asked = || stop.load(Ordering::Relaxed);
            let budget = Budget {
                stop: &asked,
                ..Budget::unlimited()
            };
            cluster_table(table, &params, &budget)
        },
        |_| Ok(()),
    )?;
    let named = |error: clustering::Error| {
        let fault = Fault::from(error);
        fault.named(std::path::Path::new(name), name)
    };
    let Clustered {
        table,
        clusters,
        report,
    } = clustered.map_err(named).or_raise(py)?;
    let report = serde_json::to_string(&report)
        .map_err(|error| Fault::internal(&error))
        .or_raise(py)?;
    Ok((Table(table), Table(clusters), report))
}

/// A map of a clustered table as an SVG document; clusters that miss a limit are faint where the clusters are given.
#[pyfunction]
#[pyo3(signature = (table, clusters=None))]
pub fn cluster_map(py: Python<'_>, table: &Table, clusters: Option<&Table>) -> PyResult<String> {
    let drawn = py.detach(|| match clusters {
        None => clustering::map_svg(&table.0),
        Some(clusters) => clustering::map_svg_with_flags(&table.0, &clusters.0),
    });
    drawn.or_raise(py)
}

fn clustered(table: &Table, clusters: &Table, report: &str) -> Result<Clustered, Fault> {
    let report: Report =
        serde_json::from_str(report).map_err(|error| invalid(format!("report: {error}")))?;
    Ok(Clustered {
        table: table.0.clone(),
        clusters: clusters.0.clone(),
        report,
    })
}

/// The page of one clustering, as HTML.
#[pyfunction]
pub fn cluster_page(
    py: Python<'_>,
    table: &Table,
    clusters: &Table,
    report: &str,
    name: &str,
) -> PyResult<String> {
    let page = py.detach(|| cli::clusters_page(&clustered(table, clusters, report)?, name));
    page.or_raise(py)
}

/// Write what `transect cluster` writes: the table, and beside it the clusters, the report and the page.
#[pyfunction]
pub fn write_clusters(
    py: Python<'_>,
    table: &Table,
    clusters: &Table,
    report: &str,
    path: PathBuf,
) -> PyResult<()> {
    let written = py.detach(|| cli::write_clusters(&clustered(table, clusters, report)?, &path));
    written.or_raise(py)
}
