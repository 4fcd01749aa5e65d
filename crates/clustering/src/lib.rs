//! Groups population cells or rooftops into survey clusters.

mod budget;
mod convex_hull;
mod enclosing_circle;
mod error;
mod grouping;
mod params;
mod places;
mod settings;
mod tuned_kmeans;

pub use budget::Budget;
pub use convex_hull::{convex_hull, convex_hull_into};
pub use enclosing_circle::{Circle, CircleFinder, enclosing_circle};
pub use error::Error;
pub use grouping::{Grouping, Lineage};
pub use params::{
    AdjacencyChoice, BadGeometries, BadWeights, Condition, Method, OnConflict, Params, Rule,
    Setting, SmallIslands,
};
pub use places::{Outlines, Places};
pub use settings::Settings;
pub use tuned_kmeans::tuned_kmeans;
