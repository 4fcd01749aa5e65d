//! What is told of a run beside its tables.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::figures::{Figures, Flag, median};
use crate::{Method, Settings};

/// Which places were taken as neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Adjacency {
    /// The eight cells around a cell of a lattice.
    Lattice,
    /// Polygons that touch.
    Touching,
    /// Delaunay neighbours no farther apart than twice the target radius.
    Scattered,
}

/// The figures of a clustered table. Shares are of 1; medians and shares are null where there is no cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The algorithm.
    pub method: Method,
    /// Rows of the table.
    pub rows: u64,
    /// Rows left out for a bad weight or geometry; their cluster columns are null.
    pub rows_left_out: u64,
    /// Clusters made.
    pub clusters: u64,
    /// The published objective, lower is better: how far the medians of weight and radius are from their targets.
    pub score: Option<f64>,
    /// Weight of all rows.
    pub total_weight: f64,
    /// Median weight of a cluster.
    pub median_weight: Option<f64>,
    /// Median radius of a cluster, in metres.
    pub median_radius: Option<f64>,
    /// Share of the clusters that are neither lighter nor heavier than allowed.
    pub share_in_range: Option<f64>,
    /// Share of the clusters that are within the target radius.
    pub share_within_radius: Option<f64>,
    /// Share of the clusters that are in one piece.
    pub share_contiguous: Option<f64>,
    /// Share of the clusters that are in range, within the radius and in one piece.
    pub share_all_three: Option<f64>,
    /// Share of the weight in such clusters.
    pub weight_share_all_three: Option<f64>,
    /// Share of the weight that lies in some disc of the target radius holding at least the least weight: about the most that
    /// any clustering could put into such clusters. Discs are drawn on tiles of an eighth of the radius.
    pub feasible_weight_share: Option<f64>,
    /// Passes that were run.
    pub passes: u32,
    /// Which places were taken as neighbours; null for an empty table.
    pub adjacency: Option<Adjacency>,
    /// Connected pieces of all places.
    pub components: u64,
    /// The projection in which distances were taken; null for an empty table.
    pub projection: Option<String>,
    /// The column of weights; null if every row counted 1.
    pub weight_column: Option<String>,
    /// How many clusters carry each flag.
    pub flags: FlagCounts,
    /// The targets and limits that held.
    pub limits: Limits,
    /// What the caller should know.
    pub warnings: Vec<String>,
}

/// How many clusters carry each flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct FlagCounts {
    /// Heavier than the greatest weight.
    pub oversized: u64,
    /// Lighter than the least weight.
    pub undersized: u64,
    /// Wider than the target radius.
    pub wide: u64,
    /// In several pieces.
    pub not_contiguous: u64,
}

/// The targets and limits of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// The weight a cluster should have.
    pub target_weight: f64,
    /// The radius in metres that it should not pass.
    pub target_radius: f64,
    /// The lightest cluster allowed.
    pub min_weight: f64,
    /// The heaviest cluster allowed.
    pub max_weight: f64,
}

impl Report {
    /// The report of an empty table, to be filled.
    pub(crate) fn empty(settings: &Settings) -> Self {
        Self {
            method: settings.method,
            rows: 0,
            rows_left_out: 0,
            clusters: 0,
            score: None,
            total_weight: 0.0,
            median_weight: None,
            median_radius: None,
            share_in_range: None,
            share_within_radius: None,
            share_contiguous: None,
            share_all_three: None,
            weight_share_all_three: None,
            feasible_weight_share: None,
            passes: 0,
            adjacency: None,
            components: 0,
            projection: None,
            weight_column: None,
            flags: FlagCounts::default(),
            limits: Limits {
                target_weight: settings.target_weight,
                target_radius: settings.target_radius,
                min_weight: settings.min_weight,
                max_weight: settings.max_weight,
            },
            warnings: Vec::new(),
        }
    }

    /// Fills in what follows from the figures of the clusters.
    pub(crate) fn with_figures(mut self, figures: &[Figures], settings: &Settings) -> Self {
        let count = figures.len() as f64;
        let share = |holds: &dyn Fn(&Figures) -> bool| {
            let holding = figures.iter().filter(|figures| holds(figures)).count();
            (!figures.is_empty()).then(|| holding as f64 / count)
        };
        let all_three =
            |f: &Figures| f.in_range(settings) && f.is_compact(settings) && f.pieces == 1;
        self.clusters = figures.len() as u64;
        self.total_weight = figures.iter().map(|f| f.weight).sum();
        self.median_weight = median(figures.iter().map(|f| f.weight));
        self.median_radius = median(figures.iter().map(|f| f.radius));
        self.score = self
            .median_weight
            .zip(self.median_radius)
            .map(|(weight, radius)| score(weight, radius, settings));
        self.share_in_range = share(&|f| f.in_range(settings));
        self.share_within_radius = share(&|f| f.is_compact(settings));
        self.share_contiguous = share(&|f| f.pieces == 1);
        self.share_all_three = share(&all_three);
        if self.total_weight > 0.0 {
            let good = figures.iter().filter(|f| all_three(f));
            // From 0: the sum of nothing is -0 otherwise.
            let weight = good.fold(0.0, |sum, f| sum + f.weight);
            self.weight_share_all_three = Some(weight / self.total_weight);
        }
        let carrying = |flag| figures.iter().filter(|f| f.flags.contains(&flag)).count() as u64;
        self.flags = FlagCounts {
            oversized: carrying(Flag::Oversized),
            undersized: carrying(Flag::Undersized),
            wide: carrying(Flag::Wide),
            not_contiguous: carrying(Flag::NotContiguous),
        };
        self
    }
}

/// The published objective: deviations of the medians from their targets, in metres.
fn score(median_weight: f64, median_radius: f64, settings: &Settings) -> f64 {
    let metres_a_weight =
        settings.weight_importance_factor * settings.target_radius / settings.target_weight;
    metres_a_weight * (settings.target_weight - median_weight).abs()
        + (settings.target_radius - median_radius).abs()
}

/// A short table for people.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: Option<f64>| match share {
            Some(share) => format!("{:.1} %", 100.0 * share),
            None => "-".to_owned(),
        };
        let number = |value: Option<f64>| match value {
            Some(value) => format!("{value:.1}"),
            None => "-".to_owned(),
        };
        writeln!(f, "rows                 {}", self.rows)?;
        writeln!(f, "clusters             {}", self.clusters)?;
        writeln!(f, "in range             {}", percent(self.share_in_range))?;
        writeln!(f, "in one piece         {}", percent(self.share_contiguous))?;
        writeln!(
            f,
            "within the radius    {}",
            percent(self.share_within_radius)
        )?;
        writeln!(
            f,
            "all three            {} of clusters, {} of weight (at most {} can be)",
            percent(self.share_all_three),
            percent(self.weight_share_all_three),
            percent(self.feasible_weight_share)
        )?;
        writeln!(f, "median weight        {}", number(self.median_weight))?;
        writeln!(f, "median radius        {} m", number(self.median_radius))?;
        writeln!(f, "score                {}", number(self.score))?;
        writeln!(f, "connected pieces     {}", self.components)
    }
}
