//! Areas: random points in polygons, uniform over the ground.

mod ground;
mod ground_sampler;
mod plan;
mod planning;
mod rings;
mod trapezoids;

pub use plan::AreaPlan;
pub use planning::plan_areas;
pub(crate) use rings::{Unusable, rings};
