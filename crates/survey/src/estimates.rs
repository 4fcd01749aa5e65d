//! Estimates from answers, with the variance of the design.
//!
//! A [`Design`] says how the rows of answers came about: weights, strata, units of each stage. It gives totals, means and
//! ratios, of everything or of a domain, with linearised (Taylor) variances; [`Replicates`] gives variances by jackknife and
//! balanced half-samples. [`post_stratify`], [`rake`] and [`calibrate`] make weights meet known totals.
//! Lohr, "Sampling: Design and Analysis"; Särndal, Swensson and Wretman, "Model Assisted Survey Sampling"; Wolter,
//! "Introduction to Variance Estimation".

mod calibration;
mod design;
mod estimator;
mod nonresponse;
mod replicates;
mod variance;

pub use calibration::{Calibrated, Margin, calibrate, post_stratify, rake};
pub use design::{Correction, Design, LonelyPsu, Stage};
pub use estimator::{Estimate, Planned, kish_effect, planned_effect};
pub use nonresponse::{CellFactor, NonresponseCells, Status, adjust_nonresponse};
pub use replicates::{Centre, Replicates};
pub use variance::Variance;
