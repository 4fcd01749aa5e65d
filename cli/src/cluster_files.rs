//! What `transect cluster` leaves: the table, and beside it the clusters, the report and a page to look at.

use std::path::Path;

use clustering::{Clustered, Limits, Method};
use contracts::Fault;
use report::ClusteredReport;

use crate::files;

/// Tables of more rows are not drawn on the page: a browser would labour over it. `transect map` draws them.
const MOST_DRAWN: usize = 300_000;

/// Writes `output` and, beside it, `clusters_NAME.parquet`, `clusters_NAME.json` and `clusters_NAME.html`. The table is
/// written last: where it is, the others are.
///
/// # Errors
/// A folder that cannot be written to, a full disk.
pub fn write_clusters(clustered: &Clustered, output: &Path) -> Result<(), Fault> {
    let beside = |extension| files::beside(output, "clusters_", Some(extension));
    let name = output.file_name().unwrap_or_default().to_string_lossy();
    let page = clusters_page(clustered, &name)?;
    let report = serde_json::to_vec_pretty(&clustered.report).map_err(|e| Fault::internal(&e))?;
    files::write_bytes(&beside("json"), &report)?;
    files::write_bytes(&beside("html"), page.as_bytes())?;
    files::write_table(&beside("parquet"), &clustered.clusters)?;
    files::write_table(output, &clustered.table)
}

/// The page of a clustering of the table of this name, as HTML that loads nothing.
///
/// # Errors
/// Clusters of another making, without the columns that the page shows.
pub fn clusters_page(clustered: &Clustered, name: &str) -> Result<String, Fault> {
    let Clustered {
        table,
        clusters,
        report,
    } = clustered;
    let drawn = (1..=MOST_DRAWN).contains(&table.rows());
    let map = drawn
        .then(|| clustering::map_svg_with_flags(table, clusters))
        .transpose()?;
    let method = match report.method {
        Method::Balanced => {
            "Balanced method: every cluster is in one piece and within the range of weight wherever the places allow it, \
             and as much weight as can be found lies in clusters within the radius."
        }
        Method::TunedKmeans => {
            "Tuned k-means, the published method: numbers of clusters are tried, and heavy clusters are split again."
        }
    };
    let limit = |value: fn(&Limits) -> f64| match report.limits {
        Some(limits) => value(&limits).to_string(),
        None => "by stratum or area, in the table of clusters".to_owned(),
    };
    let given = [
        ("target weight", limit(|limits| limits.target_weight)),
        ("least weight", limit(|limits| limits.min_weight)),
        ("greatest weight", limit(|limits| limits.max_weight)),
        (
            "target radius, metres",
            limit(|limits| limits.target_radius),
        ),
        (
            "column of weights",
            report
                .weight_column
                .clone()
                .unwrap_or("none: every row counts 1".to_owned()),
        ),
        (
            "projection",
            report.projection.clone().unwrap_or("none".to_owned()),
        ),
    ];
    let settings = given.map(|(name, value)| (name.to_owned(), value));
    let beside = |extension| {
        let path = files::beside(Path::new(name), "clusters_", Some(extension));
        path.to_string_lossy().into_owned()
    };
    let files = [
        (name.to_owned(), "every row with its cluster".to_owned()),
        (
            beside("parquet"),
            "a row a cluster, with its outline".to_owned(),
        ),
        (beside("json"), "these figures".to_owned()),
    ];
    let page = report::clustered_page(&ClusteredReport {
        name,
        method,
        rows: report.rows,
        clusters,
        share_in_range: report.share_in_range,
        share_within_radius: report.share_within_radius,
        share_contiguous: report.share_contiguous,
        weight_share_all_three: report.weight_share_all_three,
        feasible_weight_share: report.feasible_weight_share,
        settings: &settings,
        warnings: &report.warnings,
        map_svg: map.as_deref(),
        files: &files,
        version: env!("CARGO_PKG_VERSION"),
    });
    Ok(page.map_err(study::Error::from)?)
}
