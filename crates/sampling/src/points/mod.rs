//! Points of a user's own: a picture at each, or one for each direction to look.

mod nearest_road;
mod plan;
mod planning;

pub use plan::{Headings, PointPlan, ToRoad};
pub use planning::plan_points;
