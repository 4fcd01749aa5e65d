//! What is told of a run beside its tables.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::columns::USUAL_WEIGHT;
use crate::figures::{Figures, Flag, median, weighted_median};
use crate::{Method, Prefer, Settings};

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
    /// The weight of which half of all weight lies in clusters no heavier and half in clusters no lighter: the size of the cluster
    /// that a person lives in.
    pub weighted_median_weight: Option<f64>,
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
    /// Share of the weight that lies in some disc of the target radius holding at least the least weight in one connected piece,
    /// places heavier than the greatest weight left out: about the most that any clustering could put into such clusters.
    /// Discs are drawn on tiles of an eighth of the radius.
    pub feasible_weight_share: Option<f64>,
    /// What it cost that weights come near the target; null for tuned k-means.
    pub trade_off: Option<TradeOff>,
    /// Passes that were run.
    pub passes: u32,
    /// Which places were taken as neighbours; null for an empty table.
    pub adjacency: Option<Adjacency>,
    /// Connected pieces of all places.
    pub components: u64,
    /// Gaps over which pieces were made neighbours; null if there were none.
    pub bridges: Option<Bridges>,
    /// Pieces of strata that were clustered with a piece of another, and their weight; null unless `thin_pieces` is `merge`.
    pub thin_pieces_merged: Option<(u64, f64)>,
    /// The projection in which distances were taken; null for an empty table.
    pub projection: Option<String>,
    /// The column of weights; null if every row counted 1.
    pub weight_column: Option<String>,
    /// Columns of numbers that might be meant where every row counted 1.
    pub weight_candidates: Vec<String>,
    /// How many clusters carry each flag.
    pub flags: FlagCounts,
    /// The targets and limits that held; null if they differ between rows.
    pub limits: Option<Limits>,
    /// The figures by targets and limits; empty if these are the same for all rows.
    pub groups: Vec<GroupFigures>,
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
    /// Of more than one stratum.
    pub mixed_strata: u64,
}

/// Gaps over which pieces were made neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bridges {
    /// Longest distance between the centres of two places across a gap, in metres.
    pub reach: f64,
    /// Pairs of places that became neighbours.
    pub links: u64,
    /// Connected pieces before.
    pub pieces_before: u64,
    /// Connected pieces after.
    pub pieces_after: u64,
}

/// A partition before and after weights were brought near the target.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TradeOff {
    /// What counted.
    pub prefer: Prefer,
    /// The most weight in good clusters that was found; null if the target did not count.
    pub most_good: Option<Side>,
    /// The answer.
    pub answer: Side,
}

/// What a partition comes to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Side {
    /// Clusters made.
    pub clusters: u64,
    /// Share of the weight in good clusters.
    pub weight_share_good: Option<f64>,
    /// The weight of which half of all weight lies in clusters no heavier.
    pub weighted_median_weight: Option<f64>,
}

impl Side {
    /// The figures of clusters, each with its weight and whether it is good.
    pub(crate) fn of(clusters: &[(f64, bool)]) -> Self {
        let all: f64 = clusters.iter().map(|cluster| cluster.0).sum();
        let good = clusters.iter().filter(|cluster| cluster.1);
        let good = good.fold(0.0, |sum, cluster| sum + cluster.0);
        Self {
            clusters: clusters.len() as u64,
            weight_share_good: (all > 0.0).then(|| good / all),
            weighted_median_weight: weighted_median(clusters.iter().map(|cluster| cluster.0)),
        }
    }
}

/// The figures of the rows with the same targets and limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GroupFigures {
    /// The targets and limits.
    pub limits: Limits,
    /// Rows that are in a cluster.
    pub rows: u64,
    /// Clusters made.
    pub clusters: u64,
    /// Weight of the rows.
    pub total_weight: f64,
    /// The published objective, as in the report.
    pub score: Option<f64>,
    /// Share of the clusters in range, within the radius and in one piece.
    pub share_all_three: Option<f64>,
    /// Share of the weight in such clusters.
    pub weight_share_all_three: Option<f64>,
    /// About the most weight that any clustering could put into such clusters.
    pub feasible_weight_share: Option<f64>,
    /// The weight of which half of all weight lies in clusters no heavier.
    pub weighted_median_weight: Option<f64>,
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

impl From<&Settings> for Limits {
    fn from(settings: &Settings) -> Self {
        Self {
            target_weight: settings.target_weight,
            target_radius: settings.target_radius,
            min_weight: settings.min_weight,
            max_weight: settings.max_weight,
        }
    }
}

impl Report {
    /// The report of an empty table, to be filled.
    pub(crate) fn empty(settings: &[Settings]) -> Self {
        Self {
            method: settings[0].method,
            rows: 0,
            rows_left_out: 0,
            clusters: 0,
            score: None,
            total_weight: 0.0,
            median_weight: None,
            weighted_median_weight: None,
            median_radius: None,
            share_in_range: None,
            share_within_radius: None,
            share_contiguous: None,
            share_all_three: None,
            weight_share_all_three: None,
            feasible_weight_share: None,
            trade_off: None,
            passes: 0,
            adjacency: None,
            components: 0,
            bridges: None,
            thin_pieces_merged: None,
            projection: None,
            weight_column: None,
            weight_candidates: Vec::new(),
            flags: FlagCounts::default(),
            limits: match settings {
                [only] => Some(only.into()),
                _ => None,
            },
            groups: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Fills in what follows from the figures of the clusters. `feasible` is the weight that could be in good clusters, by settings.
    pub(crate) fn with_figures(
        mut self,
        figures: &[Figures],
        settings: &[Settings],
        feasible: &[f64],
    ) -> Self {
        let all: Vec<&Figures> = figures.iter().collect();
        self.clusters = all.len() as u64;
        self.total_weight = weight(&all);
        self.median_weight = median(all.iter().map(|f| f.weight));
        self.weighted_median_weight = weighted_median(all.iter().map(|f| f.weight));
        self.median_radius = median(all.iter().map(|f| f.radius));
        self.share_in_range = share(&all, Figures::in_range);
        self.share_within_radius = share(&all, |f| !f.has(Flag::Wide));
        self.share_contiguous = share(&all, |f| f.pieces == 1);
        self.share_all_three = share(&all, Figures::is_good);
        self.weight_share_all_three = good_share(&all);
        self.feasible_weight_share =
            (self.total_weight > 0.0).then(|| feasible.iter().sum::<f64>() / self.total_weight);
        let carrying = |flag| all.iter().filter(|f| f.has(flag)).count() as u64;
        self.flags = FlagCounts {
            oversized: carrying(Flag::Oversized),
            undersized: carrying(Flag::Undersized),
            wide: carrying(Flag::Wide),
            not_contiguous: carrying(Flag::NotContiguous),
            mixed_strata: carrying(Flag::MixedStrata),
        };
        match settings {
            [only] => self.score = score(&all, only),
            _ => {
                self.groups = (0..)
                    .zip(settings)
                    .zip(feasible)
                    .map(|((number, settings), &feasible)| {
                        let own = all.iter().copied().filter(|f| f.settings == number);
                        GroupFigures::of(&own.collect::<Vec<_>>(), settings, feasible)
                    })
                    .collect();
            }
        }
        self
    }
}

impl GroupFigures {
    fn of(figures: &[&Figures], settings: &Settings, feasible: f64) -> Self {
        let total_weight = weight(figures);
        Self {
            limits: settings.into(),
            rows: figures.iter().map(|f| u64::from(f.rows)).sum(),
            clusters: figures.len() as u64,
            total_weight,
            score: score(figures, settings),
            share_all_three: share(figures, Figures::is_good),
            weight_share_all_three: good_share(figures),
            feasible_weight_share: (total_weight > 0.0).then(|| feasible / total_weight),
            weighted_median_weight: weighted_median(figures.iter().map(|f| f.weight)),
        }
    }
}

fn weight(figures: &[&Figures]) -> f64 {
    // From 0: the sum of nothing is -0 otherwise.
    figures.iter().fold(0.0, |sum, f| sum + f.weight)
}

fn share(figures: &[&Figures], holds: impl Fn(&Figures) -> bool) -> Option<f64> {
    let holding = figures.iter().filter(|figures| holds(figures)).count();
    (!figures.is_empty()).then(|| holding as f64 / figures.len() as f64)
}

fn good_share(figures: &[&Figures]) -> Option<f64> {
    let good: Vec<&Figures> = figures.iter().copied().filter(|f| f.is_good()).collect();
    let all = weight(figures);
    (all > 0.0).then(|| weight(&good) / all)
}

/// The published objective: deviations of the medians from their targets, in metres.
fn score(figures: &[&Figures], settings: &Settings) -> Option<f64> {
    let median_weight = median(figures.iter().map(|f| f.weight))?;
    let median_radius = median(figures.iter().map(|f| f.radius))?;
    let metres_a_weight =
        settings.weight_importance_factor * settings.target_radius / settings.target_weight;
    Some(
        metres_a_weight * (settings.target_weight - median_weight).abs()
            + (settings.target_radius - median_radius).abs(),
    )
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
        let total = self.total_weight;
        match &self.weight_column {
            Some(column) => writeln!(f, "weight               {total} in all, column {column}")?,
            None => {
                let numbers = match self.weight_candidates.as_slice() {
                    [] => String::new(),
                    columns => format!("; numbers are in {}", columns.join(", ")),
                };
                writeln!(
                    f,
                    "weight               {total} in all: every row counts 1, no column is named {USUAL_WEIGHT}{numbers}"
                )?;
            }
        }
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
        writeln!(
            f,
            "median weight        {}; half of the weight lies in clusters of {} or more",
            number(self.median_weight),
            number(self.weighted_median_weight)
        )?;
        if let Some(most) = self.trade_off.and_then(|trade_off| trade_off.most_good) {
            writeln!(
                f,
                "with prefer = good   {} clusters, {} of weight, half of it in clusters of {} or more",
                most.clusters,
                percent(most.weight_share_good),
                number(most.weighted_median_weight)
            )?;
        }
        writeln!(f, "median radius        {} m", number(self.median_radius))?;
        writeln!(f, "score                {}", number(self.score))?;
        write!(f, "connected pieces     {}", self.components)?;
        match self.bridges {
            Some(bridges) => writeln!(
                f,
                "; there were {}, gaps up to {:.0} m are bridged",
                bridges.pieces_before, bridges.reach
            )?,
            None => writeln!(f)?,
        }
        if let Some((pieces, weight)) = self.thin_pieces_merged {
            writeln!(
                f,
                "thin pieces merged   {pieces}, with a weight of {weight:.1}"
            )?;
        }
        for group in &self.groups {
            writeln!(
                f,
                "target {} within {} m: {} clusters of {} to {}, {} of {} in good ones (at most {} can be)",
                group.limits.target_weight,
                group.limits.target_radius,
                group.clusters,
                group.limits.min_weight,
                group.limits.max_weight,
                percent(group.weight_share_all_three),
                number(Some(group.total_weight)),
                percent(group.feasible_weight_share)
            )?;
        }
        Ok(())
    }
}
