//! The page of one clustered table.

use maud::{Markup, PreEscaped, html};
use tables::Table;

use crate::Result;
use crate::histogram::columns;
use crate::numbers::{count, percent};
use crate::page::{Cell, Section, SortedTable, page, tiles};

/// What the page of one clustered table is made from. Shares are of 1.
#[derive(Clone, Debug)]
pub struct ClusteredReport<'a> {
    /// The table's name.
    pub name: &'a str,
    /// How it was clustered, in a sentence or two.
    pub method: &'a str,
    /// Rows that were clustered.
    pub rows: u64,
    /// The table of clusters: `cluster_id`, `cluster_weight`, `radius`, `rows`, `flags`.
    pub clusters: &'a Table,
    /// Share of the clusters that are within the limits of weight.
    pub share_in_range: Option<f64>,
    /// Share of the clusters within the target radius.
    pub share_within_radius: Option<f64>,
    /// Share of the clusters in one piece.
    pub share_contiguous: Option<f64>,
    /// Share of the weight in clusters that are all of that.
    pub weight_share_all_three: Option<f64>,
    /// About the most that share could be, whoever draws the clusters.
    pub feasible_weight_share: Option<f64>,
    /// Settings by name, as they were used.
    pub settings: &'a [(String, String)],
    /// What the reader should know.
    pub warnings: &'a [String],
    /// A map: an SVG document of our own making; none where the table is too large to draw.
    pub map_svg: Option<&'a str>,
    /// Files beside the page, each with what it holds.
    pub files: &'a [(String, String)],
    /// The version that made it.
    pub version: &'a str,
}

/// The page of one clustered table as HTML: figures, map, spread of weights and radii, clusters that miss a limit, settings.
///
/// # Errors
/// [`Error::Table`](crate::Error::Table) where the table of clusters lacks a column that the page shows.
pub fn clustered_page(report: &ClusteredReport<'_>) -> Result<String> {
    let lead = html! {
        (count(report.rows)) " rows of " code { (report.name) } " in "
        (count(report.clusters.rows() as u64)) " clusters. " (report.method)
    };
    let sections = [
        Some(overview(report)),
        warnings(report),
        map(report),
        spread(report)?,
        flagged(report)?,
        Some(settings(report)),
    ];
    Ok(page("Survey clusters", &lead, &sections))
}

fn overview(report: &ClusteredReport<'_>) -> Section {
    let mut figures = vec![
        (count(report.clusters.rows() as u64), "clusters"),
        (count(report.rows), "rows"),
    ];
    let shares = [
        (report.share_in_range, "of clusters in the range of weight"),
        (report.share_within_radius, "of clusters within the radius"),
        (report.share_contiguous, "of clusters in one piece"),
        (
            report.weight_share_all_three,
            "of the weight in clusters that are all three",
        ),
        (
            report.feasible_weight_share,
            "is about the most that is possible",
        ),
    ];
    for (share, label) in shares {
        figures.extend(share.map(|share| (percent(share), label)));
    }
    Section {
        id: "overview",
        title: "Overview",
        body: tiles(&figures),
    }
}

fn warnings(report: &ClusteredReport<'_>) -> Option<Section> {
    (!report.warnings.is_empty()).then(|| Section {
        id: "warnings",
        title: "Warnings",
        body: html! { ul { @for warning in report.warnings { li { (warning) } } } },
    })
}

fn map(report: &ClusteredReport<'_>) -> Option<Section> {
    let svg = report.map_svg?;
    // The document without its XML declaration, which has no place inside HTML.
    let svg = svg.find("<svg").map(|start| &svg[start..])?;
    Some(Section {
        id: "map",
        title: "Map",
        body: html! {
            p.note { "Each cluster has a colour of its own. Faint clusters miss a limit. Point at one for its number." }
            figure.map { (PreEscaped(svg)) }
        },
    })
}

fn spread(report: &ClusteredReport<'_>) -> Result<Option<Section>> {
    // Without clusters their table has no figures.
    if report.clusters.rows() == 0 {
        return Ok(None);
    }
    let chart = |column: &str, label: &str| -> Result<Option<Markup>> {
        let values: Vec<f64> = report
            .clusters
            .numbers(column)?
            .into_iter()
            .flatten()
            .collect();
        Ok(columns(label, &values).map(|drawing| {
            html! { figure.card { (drawing) figcaption { b { (label) } ", a column for each range of values" } } }
        }))
    };
    let charts = [
        chart("cluster_weight", "weight of a cluster")?,
        chart("radius", "radius of a cluster, metres")?,
    ];
    let charts: Vec<Markup> = charts.into_iter().flatten().collect();
    Ok((!charts.is_empty()).then(|| Section {
        id: "spread",
        title: "Weights and radii",
        body: html! { div.charts { @for chart in &charts { (chart) } } },
    }))
}

fn flagged(report: &ClusteredReport<'_>) -> Result<Option<Section>> {
    let clusters = report.clusters;
    if clusters.rows() == 0 {
        return Ok(None);
    }
    let (ids, flags) = (clusters.texts("cluster_id")?, clusters.texts("flags")?);
    let (weights, radii) = (
        clusters.numbers("cluster_weight")?,
        clusters.numbers("radius")?,
    );
    let rows: Vec<Vec<Cell>> = (0..clusters.rows())
        .filter_map(|row| {
            let flags = flags[row].clone().filter(|flags| !flags.is_empty())?;
            Some(vec![
                Cell::Text(ids[row].clone().unwrap_or_default()),
                Cell::Number(weights[row]),
                Cell::Number(radii[row]),
                Cell::Text(flags),
            ])
        })
        .collect();
    let caption = format!("{} clusters that miss a limit", count(rows.len() as u64));
    let headings = ["cluster", "weight", "radius, m", "what it misses"];
    let table = SortedTable {
        caption: &caption,
        headings: headings.map(str::to_owned).to_vec(),
        rows,
    };
    Ok((!table.rows.is_empty()).then(|| Section {
        id: "flagged",
        title: "Clusters that miss a limit",
        body: table.markup(),
    }))
}

fn settings(report: &ClusteredReport<'_>) -> Section {
    let list = |entries: &[(String, String)]| {
        html! { dl { @for (name, value) in entries { dt { (name) } dd { (value) } } } }
    };
    Section {
        id: "settings",
        title: "Settings and files",
        body: html! {
            (list(report.settings))
            @if !report.files.is_empty() {
                dl { @for (name, what) in report.files { dt { a href=(name) { (name) } } dd { (what) } } }
            }
            p.note { "Made by transect " (report.version) "." }
        },
    }
}
