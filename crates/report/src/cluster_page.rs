//! The page of a clustering run.

use maud::{PreEscaped, html};
use serde::Deserialize;

use crate::numbers::{count, percent};
use crate::page::{Cell, Section, SortedTable, page, tiles};

/// What the page of a clustering run is made from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterReport {
    /// The run's name.
    pub run: String,
    /// The files that were clustered.
    pub files: Vec<ClusteredFile>,
    /// The files that were not.
    pub failed: Vec<FailedFile>,
    /// Files without an answer.
    pub lost: u64,
}

/// What the clustering of one file brought; reads the reply of the `cluster` function as it stands.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ClusteredFile {
    /// The table that was clustered.
    pub filename: String,
    /// Its rows.
    pub rows: u64,
    /// Its clusters.
    pub clusters: u64,
    /// How far the clusters are from what was wanted; smaller is better.
    pub score: Option<f64>,
    /// Weight of the middle cluster.
    pub median_weight: Option<f64>,
    /// Radius of the middle cluster, metres.
    pub median_radius: Option<f64>,
    /// Share of the clusters whose weight is in the wanted range, 0 to 1.
    pub share_in_range: Option<f64>,
    /// Rounds of clustering.
    pub passes: Option<u64>,
    /// Time that the file took.
    pub elapsed_ms: Option<u64>,
    /// A picture of the clusters: an SVG document of our own making.
    #[serde(skip)]
    pub map_svg: Option<String>,
}

/// A file that could not be clustered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct FailedFile {
    /// The table.
    #[serde(alias = "item")]
    pub filename: String,
    /// The error's name.
    pub error: String,
    /// What it said.
    pub message: String,
}

/// The page of a clustering run as HTML: its totals, a row a file, failures, and maps where they are given.
#[must_use]
pub fn cluster_page(report: &ClusterReport) -> String {
    let lead = html! { "Clustering run " code { (report.run) } };
    let sections = [
        overview(report),
        files(report),
        failures(report),
        maps(report),
    ];
    page("Survey clusters", &lead, &sections)
}

fn overview(report: &ClusterReport) -> Option<Section> {
    let sum = |of: fn(&ClusteredFile) -> u64| report.files.iter().map(of).sum::<u64>();
    let clusters = sum(|file| file.clusters);
    let mut figures = vec![
        (count(report.files.len() as u64), "files clustered"),
        (count(report.failed.len() as u64), "files failed"),
        (count(sum(|file| file.rows)), "rows"),
        (count(clusters), "clusters"),
    ];
    let in_range = report
        .files
        .iter()
        .filter_map(|file| Some(file.share_in_range? * file.clusters as f64))
        .sum::<f64>();
    if clusters > 0
        && report
            .files
            .iter()
            .all(|file| file.share_in_range.is_some())
    {
        figures.push((percent(in_range / clusters as f64), "of clusters in range"));
    }
    if report.lost > 0 {
        figures.push((count(report.lost), "files without an answer"));
    }
    Some(Section {
        id: "overview",
        title: "Overview",
        body: tiles(&figures),
    })
}

fn files(report: &ClusterReport) -> Option<Section> {
    let headings = [
        "file",
        "rows",
        "clusters",
        "score",
        "median weight",
        "median radius, m",
        "in range",
        "passes",
        "seconds",
    ];
    let row = |file: &ClusteredFile| {
        vec![
            Cell::Text(file.filename.clone()),
            Cell::Count(file.rows),
            Cell::Count(file.clusters),
            Cell::Number(file.score),
            Cell::Number(file.median_weight),
            Cell::Number(file.median_radius),
            Cell::Share(file.share_in_range),
            Cell::Count(file.passes.unwrap_or(0)),
            Cell::Number(file.elapsed_ms.map(|ms| ms as f64 / 1000.0)),
        ]
    };
    let caption = format!("{} files", count(report.files.len() as u64));
    let table = SortedTable {
        caption: &caption,
        headings: headings.map(str::to_owned).to_vec(),
        rows: report.files.iter().map(row).collect(),
    };
    (!report.files.is_empty()).then(|| Section {
        id: "files",
        title: "Files",
        body: table.markup(),
    })
}

fn failures(report: &ClusterReport) -> Option<Section> {
    let rows = report.failed.iter().map(|file| {
        vec![
            Cell::Text(file.filename.clone()),
            Cell::Text(file.error.clone()),
            Cell::Text(file.message.clone()),
        ]
    });
    let caption = format!(
        "{} files that could not be clustered",
        count(report.failed.len() as u64)
    );
    let headings = ["file", "error", "what it said"]
        .map(str::to_owned)
        .to_vec();
    let table = SortedTable {
        caption: &caption,
        headings,
        rows: rows.collect(),
    };
    (!report.failed.is_empty()).then(|| Section {
        id: "failures",
        title: "Failures",
        body: table.markup(),
    })
}

fn maps(report: &ClusterReport) -> Option<Section> {
    let with_map: Vec<(&ClusteredFile, &str)> = report
        .files
        .iter()
        .filter_map(|file| Some((file, svg_element(file.map_svg.as_deref()?)?)))
        .collect();
    let open = with_map.len() == 1;
    let body = html! {
        @for (file, svg) in &with_map {
            details open[open] {
                summary { (file.filename) span { (count(file.clusters)) " clusters" } }
                figure.map { (PreEscaped(svg)) }
            }
        }
    };
    (!with_map.is_empty()).then_some(Section {
        id: "maps",
        title: "Maps",
        body,
    })
}

/// The document without its XML declaration, which has no place inside HTML.
fn svg_element(document: &str) -> Option<&str> {
    document.find("<svg").map(|start| &document[start..])
}
