//! sampling
#![forbid(unsafe_code)]

mod areas;
mod batches;
mod chips;
mod error;
pub mod gap_order;
pub mod job_record;
mod plan;
pub mod point_map;
pub mod quota;
mod random_stream;
mod roads;
mod samples;
mod slug;
pub mod visiting_order;

pub use areas::{AreaPlan, plan_areas};
pub use batches::{Batches, batch_ranges};
pub use chips::{ChipPlan, Folds, Keep, Select, SourceGrid, draw_chips, plan_chips};
pub use error::{Error, Result};
pub use plan::Plan;
pub use roads::{Compat, Network, Order, RoadPlan, RoadsInput, Side, plan_roads};
pub use samples::{Planned, Rejected, Samples};
pub use slug::slug;
