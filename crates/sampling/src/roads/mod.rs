//! Roads: a point every so many metres, directions to look, and an order to visit.

mod plan;

pub use plan::{Compat, Order, RoadPlan, Side};
