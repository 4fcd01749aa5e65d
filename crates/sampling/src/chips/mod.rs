//! Chips: an overlapping grid of image chips over labelled features.

mod plan;

pub use plan::{ChipPlan, Folds, Keep, Select, SourceGrid};
