//! Chips: an overlapping grid of image chips over labelled features.

mod drawing;
mod folds;
mod lattice;
mod plan;
mod planning;

pub use drawing::draw_chips;
pub use plan::{AllFolds, Border, ChipPlan, FoldIndex, Folds, Keep, Select, SourceGrid};
pub use planning::plan_chips;
