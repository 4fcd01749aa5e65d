//! The page of a town: `reports/{plan_id}/towns/{town}.html`.

use std::collections::BTreeMap;

use maud::html;
use tables::Table;

use crate::Result;
use crate::histogram::histogram;
use crate::map::{ColourScale, Frame, RoadTable, roads_layer};
use crate::numbers::{count, decimal};
use crate::page::{Cell, Section, SortedTable, page, tiles};

/// Points of a town that its map draws at most.
const MOST_POINTS: usize = 240_000;

/// What the page of a town is made from.
#[derive(Clone, Debug)]
pub struct TownReport<'a> {
    /// The town; none for roads of no town.
    pub town: Option<&'a str>,
    /// The study's name.
    pub study: &'a str,
    /// Where the study's own page is, seen from this one.
    pub study_page: &'a str,
    /// Whom the source wants named.
    pub attribution: Option<&'a str>,
    /// The town's samples: one of [`measures::town_tables`].
    pub samples: &'a Table,
    /// The measure that colours the map.
    pub measure: &'a str,
}

/// The page of a town as HTML: its figures, its roads coloured on both sides, how the readings are spread, and a row a road.
///
/// # Errors
/// [`Error::Table`](crate::Error::Table) where the table lacks a column that the page shows.
pub fn town_page(report: &TownReport<'_>) -> Result<String> {
    let name = report.town.unwrap_or("Roads of no town");
    let lead = html! {
        "A town of " a href=(report.study_page) { (report.study) }
        @if let Some(attribution) = report.attribution { ". " (attribution) }
    };
    let roads = RoadTable::of(report.samples, report.measure)?;
    let predicted = report.samples.flags("predicted")?;
    let town = Town {
        report,
        roads,
        predicted,
    };
    let sections = [
        Some(town.overview()),
        town.map(name),
        town.spread(),
        Some(town.table()?),
    ];
    Ok(page(name, &lead, &sections))
}

struct Town<'a> {
    report: &'a TownReport<'a>,
    roads: RoadTable,
    /// False for a reading, true for a filled value, none without either.
    predicted: Vec<Option<bool>>,
}

impl Town<'_> {
    fn readings(&self) -> Vec<f64> {
        let values = self.roads.values.iter().zip(&self.predicted);
        values
            .filter(|(_, predicted)| **predicted == Some(false))
            .filter_map(|(value, _)| *value)
            .collect()
    }

    fn overview(&self) -> Section {
        let with = |flag| {
            let rows = self.predicted.iter();
            count(rows.filter(|predicted| **predicted == flag).count() as u64)
        };
        let measure = self.report.measure;
        let of_readings = format!("mean {measure} of the readings");
        let of_all = format!("mean {measure} with filled values");
        let mean = |values: &mut dyn Iterator<Item = f64>| decimal(measures::mean(values).mean);
        let figures = [
            (count(self.predicted.len() as u64), "samples"),
            (with(Some(false)), "readings"),
            (with(Some(true)), "filled"),
            (with(None), "unfilled"),
            (mean(&mut self.readings().into_iter()), of_readings.as_str()),
            (
                mean(&mut self.roads.values.iter().copied().flatten()),
                of_all.as_str(),
            ),
        ];
        Section {
            id: "overview",
            title: "Overview",
            body: tiles(&figures),
        }
    }

    fn map(&self, name: &str) -> Option<Section> {
        let points: Vec<_> = self.roads.points().map(|(_, point)| point).collect();
        let frame = Frame::around(points.iter().map(|point| point.place))?;
        let measure = self.report.measure;
        let scale = ColourScale::over(self.roads.values.iter().copied().flatten());
        let layer = roads_layer(&frame, &points, scale.as_ref(), MOST_POINTS);
        Some(Section {
            id: "map",
            title: "Map",
            body: html! {
                p.note {
                    "Each road is drawn twice: its left side on the left and its right side on the right of the direction in "
                    "which it was mapped, in the colour of " (measure) ", filled values included."
                }
                @if let Some(scale) = &scale { (scale.legend(measure)) }
                ul.legend { li { span.swatch.none {} "no value" } }
                figure.map { (frame.svg(&format!("Roads of {name}"), &[layer])) }
            },
        })
    }

    fn spread(&self) -> Option<Section> {
        let chart = histogram(self.report.measure, &self.readings())?;
        Some(Section {
            id: "readings",
            title: "Readings",
            body: html! { div.charts { (chart) } },
        })
    }

    /// A row a road, ways of one name together.
    fn table(&self) -> Result<Section> {
        let names = self.report.samples.texts("road_name")?;
        let mut roads: BTreeMap<&str, Road> = BTreeMap::new();
        for (row, point) in self.roads.points() {
            let name = names[row].as_deref().filter(|name| !name.is_empty());
            let road = roads.entry(name.unwrap_or("without a name")).or_default();
            road.samples += 1;
            road.readings += u64::from(self.predicted[row] == Some(false));
            let side = match point.side {
                "left" => &mut road.left,
                "right" => &mut road.right,
                _ => &mut road.other,
            };
            side.extend(point.value);
        }
        let measure = self.report.measure;
        let caption = format!("{} roads", count(roads.len() as u64));
        let mean = |values: &[f64]| Cell::Number(measures::mean(values.iter().copied()).mean);
        let rows = roads.into_iter().map(|(name, road)| {
            let all = [road.left.as_slice(), &road.right, &road.other].concat();
            vec![
                Cell::Text(name.to_owned()),
                Cell::Count(road.samples),
                Cell::Count(road.readings),
                mean(&road.left),
                mean(&road.right),
                mean(&all),
            ]
        });
        let headings = ["road", "samples", "readings"].map(str::to_owned).to_vec();
        let sides = ["left", "right", "mean"].map(|side| format!("{side} {measure}"));
        let table = SortedTable {
            caption: &caption,
            headings: [headings, sides.to_vec()].concat(),
            rows: rows.collect(),
        };
        Ok(Section {
            id: "roads",
            title: "Roads",
            body: table.markup(),
        })
    }
}

/// The samples of one road.
#[derive(Default)]
struct Road {
    samples: u64,
    readings: u64,
    left: Vec<f64>,
    right: Vec<f64>,
    /// Of cameras that look elsewhere.
    other: Vec<f64>,
}
