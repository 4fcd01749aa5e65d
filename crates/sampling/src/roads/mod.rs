//! Roads: a point every so many metres, directions to look, and an order to visit.

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
mod visits;
mod walk;

pub(crate) use lines::way_number;
pub use plan::{Compat, Order, RoadPlan, Side};
pub use planning::{Network, RoadsInput, plan_roads};
