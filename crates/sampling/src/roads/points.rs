//! The points of all roads, column by column: 44 bytes each, names by number.
//!
//! Great Britain has 8 million points and 17 million samples at 10 m. They are held here without
//! their texts; the rows of a batch are written out when the batch is.

use geo::Coord;

use super::road::Road;
use super::tags::{Attributes, Names};
use super::walk::RoadPoint;

/// Points by lane, lanes by town and way.
#[derive(Debug, Default)]
pub(crate) struct RoadPoints {
    pub(crate) lanes: Vec<Lane>,
    pub(crate) longitudes: Vec<f64>,
    pub(crate) latitudes: Vec<f64>,
    /// Hundredths of a degree.
    pub(crate) bearings: Vec<u16>,
    /// Metres from the start of the way; single precision is a centimetre at 100 km.
    pub(crate) distances_m: Vec<f32>,
    /// Count along the way within its town, from 1.
    pub(crate) sequences: Vec<u32>,
    /// Metres of road that each stands for.
    pub(crate) stands_for_m: Vec<f32>,
    pub(crate) names: Names,
    /// Ascending.
    pub(crate) towns: Vec<String>,
}

/// The points of one way in one town.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    /// Place of the town among the towns; none in a plan without towns.
    pub(crate) town: Option<u32>,
    pub(crate) way_id: i64,
    pub(crate) attributes: Attributes,
    pub(crate) length_m: f64,
    /// Its points: from `first` to before `first + count`.
    pub(crate) first: u32,
    pub(crate) count: u32,
}

impl Lane {
    pub(crate) fn points(&self) -> std::ops::Range<usize> {
        self.first as usize..(self.first + self.count) as usize
    }
}

impl RoadPoints {
    /// Adds the points of a road that lie in one town, in the order of the way; `counted` of its way
    /// are there already.
    pub(crate) fn add_lane(
        &mut self,
        town: Option<u32>,
        road: &Road,
        length_m: f64,
        counted: u32,
        points: impl Iterator<Item = RoadPoint>,
    ) {
        let first = self.longitudes.len();
        for (sequence, point) in (counted + 1..).zip(points) {
            self.add_point(&point, sequence);
        }
        self.close_lane(first, town, road.way_id, road.attributes, length_m);
    }

    pub(crate) fn add_point(&mut self, point: &RoadPoint, sequence: u32) {
        self.longitudes.push(point.place.x);
        self.latitudes.push(point.place.y);
        self.bearings.push(point.bearing);
        self.distances_m.push(point.distance_m as f32);
        self.sequences.push(sequence);
        self.stands_for_m.push(point.stands_for_m as f32);
    }

    /// Makes a lane of the points added since there were `first`.
    pub(crate) fn close_lane(
        &mut self,
        first: usize,
        town: Option<u32>,
        way_id: i64,
        attributes: Attributes,
        length_m: f64,
    ) {
        self.lanes.push(Lane {
            town,
            way_id,
            attributes,
            length_m,
            // the number of points was checked by the planner to be below 2^32
            first: first as u32,
            count: (self.longitudes.len() - first) as u32,
        });
    }

    /// Lanes in the order of their towns, then ways.
    pub(crate) fn sort_lanes(&mut self) {
        self.lanes.sort_by_key(|lane| (lane.town, lane.way_id));
    }

    pub(crate) fn len(&self) -> usize {
        self.longitudes.len()
    }

    pub(crate) fn place(&self, point: usize) -> Coord {
        Coord {
            x: self.longitudes[point],
            y: self.latitudes[point],
        }
    }
}
