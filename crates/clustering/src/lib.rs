//! Groups population cells or rooftops into survey clusters.

mod adjacency;
mod balanced;
mod bound;
mod budget;
mod canonical_order;
mod cluster_table;
mod clusters_table;
mod columns;
mod convex_hull;
mod discs;
mod enclosing_circle;
mod error;
mod figures;
mod graph;
mod ground;
mod grouping;
mod hilbert;
mod map_svg;
mod naming;
mod outlines;
mod params;
mod places;
mod report;
mod settings;
mod strata;
mod tuned_kmeans;

pub use adjacency::{Lattice, scattered, touching};
pub use balanced::balanced;
pub use budget::Budget;
pub use canonical_order::CanonicalOrder;
pub use cluster_table::{Clustered, cluster_table};
pub use convex_hull::{convex_hull, convex_hull_into};
pub use enclosing_circle::{Circle, enclosing_circle};
pub use error::Error;
pub use graph::Graph;
pub use grouping::{Grouping, Lineage};
pub use map_svg::{map_svg, map_svg_with_flags};
pub use params::{
    AdjacencyChoice, BadGeometries, BadWeights, Condition, Method, OnConflict, Params, Prefer,
    Question, Rule, Setting, SmallIslands, ThinPieces, Values,
};
pub use places::{Outlines, Places};
pub use report::{Adjacency, Bridges, FlagCounts, GroupFigures, Limits, Report, Side, TradeOff};
pub use settings::Settings;
pub use tuned_kmeans::tuned_kmeans;
