//! Samples of roads as rows of the contract.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::{Float64Builder, Int32Builder, Int64Builder};
use arrow_array::{ArrayRef, StringArray};
use geo::Coord;
use tables::Table;

use super::points::{Lane, RoadPoints};
use super::tags::{Attributes, Name};
use super::views::View;
use super::visits::Visits;
use crate::samples::{Columns, Place, RowSource, batch_column, text_column};
use crate::{Result, slug};

/// The samples of a plan of roads.
#[derive(Debug)]
pub(crate) struct RoadSamples {
    pub(crate) points: RoadPoints,
    /// The lane of every point.
    pub(crate) lane_of: Vec<u32>,
    pub(crate) visits: Visits,
    pub(crate) views: Vec<View>,
    pub(crate) batches: Vec<Range<usize>>,
    /// Slugs of the towns.
    pub(crate) town_slugs: Vec<String>,
}

impl RoadSamples {
    pub(crate) fn new(
        points: RoadPoints,
        visits: Visits,
        views: Vec<View>,
        batches: Vec<Range<usize>>,
    ) -> Self {
        let mut lane_of = vec![0; points.len()];
        for (number, lane) in (0..).zip(&points.lanes) {
            lane_of[lane.points()].fill(number);
        }
        Self {
            lane_of,
            town_slugs: points.towns.iter().map(|town| slug(town)).collect(),
            points,
            visits,
            views,
            batches,
        }
    }

    /// Point, lane and view of a row.
    fn at(&self, row: usize) -> (usize, &Lane, &View) {
        let sample = self.visits.sample(row);
        let (point, view) = (sample / self.views.len(), sample % self.views.len());
        (
            point,
            &self.points.lanes[self.lane_of[point] as usize],
            &self.views[view],
        )
    }

    fn sample_id(&self, row: usize) -> String {
        let (point, lane, view) = self.at(row);
        let (way, sequence, side) = (lane.way_id, self.points.sequences[point], &view.name);
        match lane.town {
            Some(town) => format!(
                "{}-{way}-{sequence:06}-{side}",
                self.town_slugs[town as usize]
            ),
            None => format!("{way}-{sequence:06}-{side}"),
        }
    }

    fn texts<'a>(
        &'a self,
        rows: &Range<usize>,
        text: impl Fn(&'a Lane) -> Option<&'a str>,
    ) -> Result<StringArray> {
        text_column(rows.clone().map(|row| text(self.at(row).1)))
    }

    fn named(
        &self,
        rows: &Range<usize>,
        name: impl Fn(&Attributes) -> Option<Name>,
    ) -> Result<StringArray> {
        self.texts(rows, |lane| {
            name(&lane.attributes).map(|name| self.points.names.text(name))
        })
    }
}

impl RowSource for RoadSamples {
    fn len(&self) -> usize {
        self.visits.len()
    }

    fn rows(&self, rows: Range<usize>) -> Result<Table> {
        let count = rows.len();
        let mut points: Vec<Coord> = Vec::with_capacity(count);
        let mut way_ids = Int64Builder::with_capacity(count);
        let mut sequences = Int32Builder::with_capacity(count);
        let [mut priorities, mut orders, mut lanes, mut speed_limits] =
            [(); 4].map(|()| Int32Builder::with_capacity(count));
        let [
            mut headings,
            mut pitches,
            mut distances,
            mut bearings,
            mut shares,
        ] = [(); 5].map(|()| Float64Builder::with_capacity(count));
        for row in rows.clone() {
            let (point, lane, view) = self.at(row);
            let order = self.visits.order(row);
            let bearing = self.points.bearings[point];
            points.push(self.points.place(point));
            way_ids.append_value(lane.way_id);
            // counts of points, all below 2^31
            sequences.append_value(self.points.sequences[point] as i32);
            priorities.append_value(self.visits.priority(order) as i32);
            orders.append_value(order as i32);
            headings.append_option(view.heading(Some(bearing)));
            pitches.append_value(view.pitch);
            distances.append_value(f64::from(self.points.distances_m[point]));
            bearings.append_value(f64::from(bearing) / 100.0);
            let share = f64::from(self.points.stands_for_m[point]);
            shares.append_option(share.is_finite().then_some(share));
            lanes.append_option(lane.attributes.lanes.map(i32::from));
            speed_limits.append_option(lane.attributes.speed_limit.map(i32::from));
        }
        let sides = text_column(rows.clone().map(|row| Some(&self.at(row).2.name)))?;
        let towns = |lane: &'_ Lane| {
            lane.town
                .map(|town| self.points.towns[town as usize].as_str())
        };
        let further: Vec<(String, ArrayRef)> = vec![
            ("bearing".into(), Arc::new(bearings.finish())),
            ("stands_for_m".into(), Arc::new(shares.finish())),
            (
                "road_type".into(),
                Arc::new(self.named(&rows, |a| a.road_type)?),
            ),
            (
                "sidewalk".into(),
                Arc::new(self.named(&rows, |a| a.sidewalk)?),
            ),
            (
                "abutters".into(),
                Arc::new(self.named(&rows, |a| a.abutters)?),
            ),
            ("lanes".into(), Arc::new(lanes.finish())),
            (
                "lighting".into(),
                Arc::new(self.named(&rows, |a| a.lighting)?),
            ),
            (
                "surface".into(),
                Arc::new(self.named(&rows, |a| a.surface)?),
            ),
            ("speed_limit".into(), Arc::new(speed_limits.finish())),
        ];
        Columns::default()
            .with(
                "sample_id",
                text_column(rows.clone().map(|row| Some(self.sample_id(row))))?,
            )
            .with("batch", batch_column(&self.batches, rows.clone()))
            .with("town", self.texts(&rows, towns)?)
            .with("road_name", self.named(&rows, |a| a.road_name)?)
            .with("osm_way_id", way_ids.finish())
            .with("side", sides)
            .with("sequence", sequences.finish())
            .with("heading", headings.finish())
            .with("pitch", pitches.finish())
            .with("priority", priorities.finish())
            .with("order", orders.finish())
            .with("distance_m", distances.finish())
            .table(Place::Town, &points, further)
    }
}
