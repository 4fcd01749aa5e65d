//! Where to look: areas, chips, roads and points of one's own become sample points.
//!
//! - [`plan_areas`] draws random points in polygons, uniform over the ground.
//! - [`plan_chips`] lays an overlapping grid of image chips over labelled features; [`draw_chips`]
//!   draws it.
//! - [`plan_roads`] puts a point every few metres along roads, with directions to look and an order
//!   to visit them: [`visiting_order`] folds each road, [`gap_order`] takes the longest stretch of
//!   the town.
//! - [`plan_points`] takes points of a user's own.
//! - [`quota`] shares a day's work among towns, [`batch_ranges`] among workers.
//! - [`point_map`] and [`job_record`] read what the original studies wrote.
//!
//! Every planner gives [`Planned`]: [`Samples`] in the same columns, the rows of each batch, and the
//! rows of the input that gave none, each with its reason. The same input and seed give the same
//! samples, whatever the number of threads.
//!
//! ```
//! use sampling::{Plan, visiting_order::fold};
//!
//! let plan: Plan = serde_json::from_str(
//!     r#"{"kind": "roads", "file": "town.osm.pbf", "interval_m": 10, "sides": ["left", "right"]}"#,
//! )?;
//! plan.check()?;
//! // seven points of a road: the middle first, then the middles of the halves
//! let orders: Vec<u32> = fold(7).iter().map(|visit| visit.order).collect();
//! assert_eq!(orders, [3, 1, 4, 0, 5, 2, 6]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it does not do: fetch pictures, keep a ledger of what was visited, or route between samples.

#![forbid(unsafe_code)]

mod areas;
mod batches;
mod chips;
mod error;
pub mod gap_order;
pub mod job_record;
mod plan;
pub mod point_map;
mod points;
pub mod quota;
mod random_stream;
mod roads;
mod samples;
mod slug;
pub mod visiting_order;

pub use areas::{AreaPlan, plan_areas};
pub use batches::{Batches, batch_ranges};
pub use chips::{
    AllFolds, Border, ChipPlan, FoldIndex, Folds, Keep, Select, SourceGrid, draw_chips, plan_chips,
};
pub use error::{Error, Result};
pub use plan::Plan;
pub use points::{Headings, PointPlan, ToRoad, plan_points};
pub use roads::{
    Access, Compat, Network, Order, RoadPlan, RoadsInput, Side, Spacing, TownCount, is_osm_name,
    plan_roads,
};
pub use samples::{Planned, Rejected, Samples, count_reasons};
pub use slug::slug;
