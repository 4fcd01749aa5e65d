//! A road before it is walked.

use geo::Coord;

use super::tags::{Attributes, Names};
use crate::samples::Rejected;

/// One road: a way of OpenStreetMap, a line of a table, or several ways joined.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Road {
    pub(crate) way_id: i64,
    pub(crate) attributes: Attributes,
    /// Longitudes and latitudes.
    pub(crate) line: Vec<Coord>,
}

/// The roads of an input, by way id, the texts of their attributes, and what could not be used.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roads {
    pub(crate) roads: Vec<Road>,
    pub(crate) names: Names,
    pub(crate) rejected: Vec<Rejected>,
}
