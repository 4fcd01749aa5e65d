//! What readings add up to: a row an area, a row a town, a row a road.

mod areas;
mod mean;
mod roads;
mod status;
mod towns;

pub use areas::{summarise_areas, summarise_points};
pub use mean::{Mean, mean};
pub use roads::summarise_roads;
pub use status::Tally;
pub use towns::{summarise_towns, town_tables};
