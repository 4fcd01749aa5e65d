//! Roads: a point every so many metres, directions to look, and an order to visit.

mod carried;
mod cells;
mod given_points;
mod joined;
mod lines;
mod osm;
mod plan;
mod planning;
mod points;
mod road;
mod rows;
mod tags;
mod towns;
mod views;
mod visits;
mod walk;

pub(crate) use lines::way_number;
pub use osm::is_osm_name;
pub(crate) use plan::hundredths;
pub use plan::{Access, Compat, Order, RoadPlan, Side, Spacing};
pub(crate) use planning::found as found_roads;
pub use planning::{Network, RoadsInput, TownCount, plan_roads};
pub(crate) use road::Road;
#[cfg(test)]
pub(crate) use tags::Attributes;
pub(crate) use tags::Names;
pub(crate) use views::{View, views};
