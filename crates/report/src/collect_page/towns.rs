//! Roads: a map a town, both sides coloured, and a row a town.

use std::collections::BTreeMap;

use maud::html;

use super::CollectReport;
use super::areas::table;
use crate::Result;
use crate::map::{ColourScale, Frame, RoadPoint, RoadTable, roads_layer};
use crate::numbers::{count, decimal};
use crate::page::{Cell, Section};

/// Points of all towns' roads that a page draws at most, about 25 bytes each, and of one town's.
const MOST_POINTS: usize = 240_000;

pub(super) fn map_section(report: &CollectReport<'_>) -> Result<Option<Section>> {
    let readings = report.readings;
    let (Some(measure), true) = (report.measures.first(), readings.has_column("osm_way_id")) else {
        return Ok(None);
    };
    let roads = RoadTable::of(readings, measure)?;
    let names = if readings.has_column("town") {
        readings.texts("town")?
    } else {
        vec![None; readings.rows()]
    };
    let mut towns: BTreeMap<Option<&str>, Vec<RoadPoint<'_>>> = BTreeMap::new();
    for (row, point) in roads.points() {
        towns.entry(names[row].as_deref()).or_default().push(point);
    }
    if towns.is_empty() {
        return Ok(None);
    }
    let scale = ColourScale::over(roads.values.iter().copied().flatten());
    let most = MOST_POINTS / towns.len();
    let open = towns.len() == 1;
    Ok(Some(Section {
        id: "roads",
        title: "Roads",
        body: html! {
            p.note {
                "Each road is drawn twice: its left side on the left and its right side on the right of the direction in which "
                "it was mapped, in the colour of " (measure) "."
            }
            @if let Some(scale) = scale { (scale.legend(measure)) }
            ul.legend { li { span.swatch.none {} "no value" } }
            @for (town, points) in &towns {
                @let name = town.unwrap_or("All roads");
                @let mean = measures::mean(points.iter().filter_map(|point| point.value)).mean;
                details open[open] {
                    summary { (name) span { (count(points.len() as u64)) " samples, mean " (measure) " " (decimal(mean)) } }
                    @if let Some(frame) = Frame::around(points.iter().map(|point| point.place)) {
                        figure.map { (frame.svg(&format!("Roads of {name}"), &[roads_layer(&frame, points, scale.as_ref(), most)])) }
                    }
                }
            }
        },
    }))
}

pub(super) fn table_section(report: &CollectReport<'_>) -> Result<Option<Section>> {
    let Some(towns) = report.towns else {
        return Ok(None);
    };
    let names = towns.texts("town")?.into_iter().map(|name| {
        let page = report.town_pages.get(name.as_deref().unwrap_or_default());
        let name = name.unwrap_or_else(|| "All roads".to_owned());
        match page {
            Some(page) => Cell::Link(name, page.clone()),
            None => Cell::Text(name),
        }
    });
    let mut columns = vec![("town".to_owned(), names.collect::<Vec<Cell>>())];
    for column in ["points", "samples", "readings", "unfilled"] {
        // Counts are whole numbers of a size that floats hold.
        let cells = towns
            .numbers(column)?
            .into_iter()
            .map(|value| Cell::Count(value.unwrap_or(0.0) as u64))
            .collect();
        columns.push((column.to_owned(), cells));
    }
    let shares = towns
        .numbers("readings")?
        .into_iter()
        .zip(towns.numbers("samples")?);
    let shares = shares.map(|(readings, samples)| {
        Cell::Share(
            readings
                .zip(samples)
                .map(|(part, whole)| part / whole.max(1.0)),
        )
    });
    columns.push(("read".to_owned(), shares.collect()));
    for measure in report.measures {
        for (heading, column) in [
            (format!("mean {measure}"), "mean"),
            ("with filled".to_owned(), "mean_filled"),
        ] {
            let cells = towns
                .numbers(&format!("{measure}_{column}"))?
                .into_iter()
                .map(Cell::Number)
                .collect();
            columns.push((heading, cells));
        }
    }
    let caption = format!("{} towns", count(towns.rows() as u64));
    Ok(Some(Section {
        id: "towns",
        title: "Towns",
        body: table(&caption, columns).markup(),
    }))
}
