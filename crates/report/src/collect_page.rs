//! The page of a plan: `reports/{plan_id}/index.html`.

mod areas;
mod failures;
mod overview;
mod towns;

use std::collections::BTreeMap;

use maud::html;
use tables::Table;

use crate::Result;
use crate::gallery::{Thumbnail, gallery};
use crate::histogram::histogram;
use crate::page::{Section, page};

/// What the page of a plan is made from.
#[derive(Clone, Debug)]
pub struct CollectReport<'a> {
    /// The study's name.
    pub name: &'a str,
    /// Its plan.
    pub plan_id: &'a str,
    /// Where its pictures come from.
    pub source: &'a str,
    /// Whom the source wants named.
    pub attribution: Option<&'a str>,
    /// Every sample with its status, reason and readings: [`measures::with_readings`], for roads completed by
    /// [`measures::fill_roads`].
    pub readings: &'a Table,
    /// The measures; the first colours the maps.
    pub measures: &'a [String],
    /// A row an area, with outlines: [`measures::summarise_areas`].
    pub areas: Option<&'a Table>,
    /// A row a town: [`measures::summarise_towns`].
    pub towns: Option<&'a Table>,
    /// Where the page of each town is, seen from this one, by the town's name; the empty name is for roads of no town.
    pub town_pages: &'a BTreeMap<String, String>,
    /// Some of the pictures: [`gallery_samples`](crate::gallery_samples), [`thumbnail`](crate::thumbnail).
    pub thumbnails: &'a [Thumbnail],
}

/// The page of a plan as HTML: counts, maps, the spread of the readings, pictures, failures, and a row an area or town.
///
/// # Errors
/// [`Error::Table`](crate::Error::Table) where a table lacks a column that the page shows.
pub fn collect_page(report: &CollectReport<'_>) -> Result<String> {
    let lead = html! {
        "Pictures from " (report.source) ", plan " code { (report.plan_id) }
        @if let Some(attribution) = report.attribution { ". " (attribution) }
    };
    let sections = [
        Some(overview::section(report)?),
        Some(areas::map_section(report)?),
        towns::map_section(report)?,
        spread_section(report)?,
        pictures_section(report),
        failures::section(report)?,
        areas::table_section(report)?,
        towns::table_section(report)?,
    ];
    Ok(page(report.name, &lead, &sections))
}

fn spread_section(report: &CollectReport<'_>) -> Result<Option<Section>> {
    // Filled values are no readings.
    let predicted = if report.readings.has_column("predicted") {
        report.readings.flags("predicted")?
    } else {
        Vec::new()
    };
    let mut charts = Vec::new();
    for measure in report.measures {
        let values = report.readings.numbers(measure)?;
        let is_reading = |row: &usize| {
            predicted
                .get(*row)
                .is_none_or(|predicted| *predicted == Some(false))
        };
        let readings: Vec<f64> = (0..values.len())
            .filter(is_reading)
            .filter_map(|row| values[row])
            .collect();
        charts.extend(histogram(measure, &readings));
    }
    Ok((!charts.is_empty()).then(|| Section {
        id: "readings",
        title: "Readings",
        body: html! { div.charts { @for chart in &charts { (chart) } } },
    }))
}

fn pictures_section(report: &CollectReport<'_>) -> Option<Section> {
    (!report.thumbnails.is_empty()).then(|| Section {
        id: "pictures",
        title: "Pictures",
        body: html! {
            p.note { (report.thumbnails.len()) " of the pictures, from the lowest reading to the highest." }
            (gallery(report.thumbnails, report.measures.first().map(String::as_str)))
        },
    })
}
