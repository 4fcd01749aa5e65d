//! A road before it is walked.

use geo::Coord;

use super::tags::{Attributes, Names};
use crate::samples::Rejected;

/// One road: a way of OpenStreetMap, a line of a table, or several ways joined.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Road {
    pub(crate) way_id: i64,
    pub(crate) attributes: Attributes,
    /// Longitudes and latitudes; several lines where the way has gaps, one after the other along it.
    pub(crate) parts: Vec<Vec<Coord>>,
}

/// The roads of an input, by way id, the texts of their attributes, and what could not be used.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roads {
    pub(crate) roads: Vec<Road>,
    pub(crate) names: Names,
    pub(crate) rejected: Vec<Rejected>,
    /// Ways that the plan's rules leave out, each with the rule.
    pub(crate) left_out: Vec<Rejected>,
    /// What was taken otherwise than it might have been meant.
    pub(crate) notes: Vec<String>,
}

/// The most rows that are left out by a rule and listed each; beyond, the rest is counted.
const MOST_LISTED: usize = 1_000_000;

impl Roads {
    /// Lists the ways that a rule leaves out: name and reason.
    pub(crate) fn leave_out(&mut self, ways: impl Iterator<Item = (String, String)>) {
        let mut more = 0_usize;
        for (row, (id, reason)) in ways.enumerate() {
            if row < MOST_LISTED {
                self.left_out.push(Rejected {
                    row,
                    id: Some(id),
                    reason,
                });
            } else {
                more += 1;
            }
        }
        if more > 0 {
            self.notes
                .push(format!("{more} more ways are left out than are listed"));
        }
    }
}
