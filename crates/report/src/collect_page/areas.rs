//! Samples on the map, over the areas where there are any, and a row an area.

use geo::{Coord, CoordsIter, Geometry};
use maud::html;
use tables::Table;

use super::CollectReport;
use crate::Result;
use crate::map::{Area, ColourScale, Frame, Status, areas_layer, dots_layer};
use crate::numbers::count;
use crate::page::{Cell, Section, SortedTable};

/// Dots that a map shows at most.
const MOST_DOTS: usize = 30_000;

pub(super) fn map_section(report: &CollectReport<'_>) -> Result<Section> {
    let samples = samples(report.readings)?;
    let outlines = report.areas.map_or(Ok(Vec::new()), Table::geometries)?;
    let (means, ids) = match (report.areas, report.measures.first()) {
        (Some(areas), Some(measure)) => (
            areas.numbers(&format!("{measure}_mean"))?,
            areas.texts("area_id")?,
        ),
        (Some(areas), None) => (vec![None; areas.rows()], areas.texts("area_id")?),
        (None, _) => (Vec::new(), Vec::new()),
    };
    let scale = ColourScale::over(means.iter().copied().flatten());
    let areas: Vec<Area<'_>> = outlines
        .iter()
        .enumerate()
        .filter_map(|(row, outline)| {
            let id = ids[row].as_deref().unwrap_or("");
            let note = match means[row] {
                Some(mean) => format!("{id}: {mean:.3}"),
                None => format!("{id}: no reading"),
            };
            Some(Area {
                outline: outline.as_ref()?,
                value: means[row],
                note,
            })
        })
        .collect();
    let places: Vec<Coord> = areas
        .iter()
        .flat_map(|area| area.outline.coords_iter())
        .chain(samples.iter().map(|(place, _)| *place))
        .collect();
    let frame = Frame::around(places.iter().copied());
    let step = samples.len().div_ceil(MOST_DOTS).max(1);
    let shown: Vec<(Coord, Status)> = samples.iter().copied().step_by(step).collect();
    let measure = report.measures.first().map_or("", String::as_str);
    let label = format!("Map of {} samples in {} areas", samples.len(), areas.len());
    Ok(Section {
        id: "map",
        title: "Map",
        body: html! {
            @if let Some(frame) = frame {
                figure.map {
                    (frame.svg(&label, &[areas_layer(&frame, &areas, scale.as_ref()), dots_layer(&frame, &shown)]))
                    figcaption {
                        @if let Some(scale) = scale { (scale.legend(&format!("mean {measure} of an area"))) }
                        ul.legend {
                            @if scale.is_some() { li { "areas: mean " (measure) } li { span.swatch.none {} "no reading" } }
                            @for status in Status::ALL {
                                @if samples.iter().any(|(_, of)| *of == status) {
                                    li { span class={ "swatch dot " (status.class()) } {} (status.words()) }
                                }
                            }
                        }
                        @if step > 1 { p.note { "One sample in " (step) " is drawn." } }
                    }
                }
            } @else {
                p.note { "There are no samples to draw." }
            }
        },
    })
}

/// Places and statuses, by what needs attention last.
fn samples(readings: &Table) -> Result<Vec<(Coord, Status)>> {
    let places = readings.geometries()?.into_iter().map(|place| match place {
        Some(Geometry::Point(place)) => Some(place.0),
        _ => None,
    });
    let statuses = readings.texts("status")?;
    let samples = places.zip(&statuses);
    Ok(samples
        .filter_map(|(place, status)| Some((place?, Status::of(status.as_deref()))))
        .collect())
}

pub(super) fn table_section(report: &CollectReport<'_>) -> Result<Option<Section>> {
    let Some(areas) = report.areas else {
        return Ok(None);
    };
    let whole = |column: &str| -> Result<Vec<Cell>> {
        // Counts are whole numbers of a size that floats hold.
        Ok(areas
            .numbers(column)?
            .into_iter()
            .map(|value| Cell::Count(value.unwrap_or(0.0) as u64))
            .collect())
    };
    let number = |column: &str| -> Result<Vec<Cell>> {
        Ok(areas
            .numbers(column)?
            .into_iter()
            .map(Cell::Number)
            .collect())
    };
    let ids = areas
        .texts("area_id")?
        .into_iter()
        .map(|id| Cell::Text(id.unwrap_or_default()))
        .collect();
    let mut columns: Vec<(String, Vec<Cell>)> = vec![("area".to_owned(), ids)];
    for (name, column) in [
        ("asked", "asked"),
        ("pictures", "got"),
        ("blank", "blank"),
        ("no imagery", "no_imagery"),
        ("failed", "failed"),
    ] {
        columns.push((name.to_owned(), whole(column)?));
    }
    if areas.has_column("area_km2") {
        columns.push(("km²".to_owned(), number("area_km2")?));
    }
    for measure in report.measures {
        columns.push((
            format!("mean {measure}"),
            number(&format!("{measure}_mean"))?,
        ));
        columns.push((
            "standard error".to_owned(),
            number(&format!("{measure}_se"))?,
        ));
        columns.push(("95 % from".to_owned(), number(&format!("{measure}_low"))?));
        columns.push(("to".to_owned(), number(&format!("{measure}_high"))?));
    }
    let caption = format!("{} areas", count(areas.rows() as u64));
    Ok(Some(Section {
        id: "areas",
        title: "Areas",
        body: table(&caption, columns).markup(),
    }))
}

/// Columns of cells as a table of rows.
pub(super) fn table(caption: &str, columns: Vec<(String, Vec<Cell>)>) -> SortedTable<'_> {
    let (headings, cells): (Vec<String>, Vec<Vec<Cell>>) = columns.into_iter().unzip();
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for column in cells {
        rows.resize_with(rows.len().max(column.len()), Vec::new);
        rows.iter_mut()
            .zip(column)
            .for_each(|(row, cell)| row.push(cell));
    }
    SortedTable {
        caption,
        headings,
        rows,
    }
}
