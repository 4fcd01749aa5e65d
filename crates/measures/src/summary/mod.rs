//! What readings add up to: a row an area, a row a town.

mod areas;
mod mean;
mod status;
mod towns;

pub use areas::summarise_areas;
pub use mean::{Mean, mean};
pub use status::Tally;
pub use towns::{summarise_towns, town_tables};
