//! Probability samples: from a list of areas to households with known probabilities, and from answers to estimates.
//!
//! - [`select()`] draws from a table of areas: [`allocate`] shares units out over strata, [`selection`] draws them, with reserves,
//!   and states each probability.
//! - [`estimates`] gives totals, means and ratios with the variance of the design.
//! - [`share_interval`], [`map_accuracy`] and [`FayHerriot`] are for shares, labelled maps and small areas.
//!
//! Random numbers come from a seed, the stratum's name and the step ([`Stream`]), and from nothing else.
//!
//! ```
//! use survey::selection::{Method, draw};
//! let households = [120.0, 80.0, 300.0, 150.0, 60.0];
//! let sample = draw(&households, 2, 1, Method::Systematic, 1, "north")?;
//! assert_eq!(sample.iter().filter(|unit| unit.reserve.is_none()).count(), 2);
//! # Ok::<(), survey::Error>(())
//! ```
//!
//! What it does not do: read rasters, group cells into areas (the crate `clustering`), or fetch anything.

#![forbid(unsafe_code)]

mod allocation;
mod answers;
mod error;
pub mod estimates;
mod fay_herriot;
mod linear;
mod map_accuracy;
mod quadrature;
mod quantiles;
mod select;
pub mod selection;
mod share_interval;
mod stages;
mod stream;
mod sums;
mod within;

pub use allocation::{Allocation, StratumSize, allocate};
pub use answers::{AnswerColumns, Answers, join_answers};
pub use error::{Error, Result};
pub use fay_herriot::{AreaEstimate, AreaVariance, FayHerriot};
pub use map_accuracy::{MapAccuracy, map_accuracy};
pub use quantiles::{beta_quantile, t_quantile};
pub use select::{JointProbability, Selected, Selection, Shares, StratumDrawn, select};
pub use share_interval::{
    Share, ShareInterval, ShareRule, beta_interval, logit_interval, share_interval,
};
pub use stages::stage_columns;
pub use stream::Stream;
pub use within::{UnitDrawn, Within, WithinDrawn, select_within};
