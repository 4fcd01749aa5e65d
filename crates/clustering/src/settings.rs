//! The settings as plain numbers, checked once.

use crate::{Error, Method, OnConflict, Prefer};

/// What [`Params`](crate::Params) come to for one table: no rules left, all numbers checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The algorithm.
    pub method: Method,
    /// The weight a cluster should have.
    pub target_weight: f64,
    /// The radius a cluster should not pass, in metres.
    pub target_radius: f64,
    /// The lightest cluster allowed.
    pub min_weight: f64,
    /// The heaviest cluster allowed.
    pub max_weight: f64,
    /// How much a deviation in weight counts beside one in radius, in the score.
    pub weight_importance_factor: f64,
    /// Tuned k-means: numbers of clusters tried in the first pass.
    pub initial_max_trials: u32,
    /// Tuned k-means: numbers of clusters tried when a heavy cluster is split.
    pub subsequent_max_trials: u32,
    /// Tuned k-means: most passes, the first included.
    pub max_passes: u32,
    /// Tuned k-means: centres lighter than this share of the heaviest are placed anew.
    pub minibatch_reassignment_ratio: f64,
    /// Balanced: which limit gives way.
    pub on_conflict: OnConflict,
    /// Balanced: what counts among partitions that are about equally good.
    pub prefer: Prefer,
    /// Balanced: most starts; `None` for as many as pay.
    pub starts: Option<u32>,
    /// Seed of everything random.
    pub seed: u64,
}

impl Settings {
    pub(crate) fn checked(self) -> Result<Self, Error> {
        let positive = |name, value: f64| {
            if value.is_finite() && value > 0.0 {
                Ok(())
            } else {
                Err(wrong(name, value, "a positive number"))
            }
        };
        positive("desired_cluster_weight", self.target_weight)?;
        positive("desired_cluster_radius", self.target_radius)?;
        positive("max_cluster_weight", self.max_weight)?;
        if !(self.weight_importance_factor.is_finite() && self.weight_importance_factor >= 0.0) {
            return Err(wrong(
                "weight_importance_factor",
                self.weight_importance_factor,
                "zero or more",
            ));
        }
        if !(0.0..=1.0).contains(&self.minibatch_reassignment_ratio) {
            return Err(wrong(
                "minibatch_reassignment_ratio",
                self.minibatch_reassignment_ratio,
                "between 0 and 1",
            ));
        }
        if !(self.min_weight.is_finite()
            && self.min_weight >= 0.0
            && self.min_weight <= self.max_weight)
        {
            return Err(wrong(
                "min_weight",
                self.min_weight,
                "between 0 and max_cluster_weight",
            ));
        }
        for (name, value) in [
            ("initial_max_trials", self.initial_max_trials),
            ("subsequent_max_trials", self.subsequent_max_trials),
            ("max_passes", self.max_passes),
            ("starts", self.starts.unwrap_or(1)),
        ] {
            if value == 0 {
                return Err(wrong(name, 0.0, "at least 1"));
            }
        }
        Ok(self)
    }
}

fn wrong(name: &'static str, value: f64, expected: &'static str) -> Error {
    Error::Setting {
        name,
        value: value.to_string(),
        expected,
    }
}
