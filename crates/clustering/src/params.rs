//! What the caller asks for: the published settings, and those of the balanced method.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{Error, Settings};

/// How to cluster a table. Every field has a default, so `{}` is a full set of settings.
///
/// The names `desired_cluster_weight` to `minibatch_reassignment_ratio` are those of the published
/// k-means approach; the shorter aliases are the words of the command line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// The algorithm.
    pub method: Method,
    /// Column of weights (people, households). Absent: `population` if the table has such a column, else every row counts 1.
    #[serde(alias = "weight")]
    pub weight_column: Option<String>,
    /// The weight a cluster should have.
    #[serde(alias = "target_weight")]
    pub desired_cluster_weight: Setting<f64>,
    /// The radius in metres that a cluster should not pass: of the smallest circle around its geometries.
    #[serde(alias = "target_radius")]
    pub desired_cluster_radius: Setting<f64>,
    /// The lightest cluster allowed. Absent: 0.75 of the target.
    pub min_weight: Option<Setting<f64>>,
    /// The heaviest cluster allowed. Absent: 1.25 of the target.
    #[serde(alias = "max_weight")]
    pub max_cluster_weight: Option<Setting<f64>>,
    /// How much a deviation in weight counts beside one in radius, in the score.
    pub weight_importance_factor: Setting<f64>,
    /// Tuned k-means: numbers of clusters tried in the first pass.
    pub initial_max_trials: Setting<u32>,
    /// Tuned k-means: numbers of clusters tried when a heavy cluster is split.
    pub subsequent_max_trials: Setting<u32>,
    /// Tuned k-means: most passes, the first included.
    pub max_passes: Setting<u32>,
    /// Tuned k-means: centres lighter than this share of the heaviest are placed anew.
    pub minibatch_reassignment_ratio: Setting<f64>,
    /// Balanced: which limit gives way where both cannot hold.
    pub on_conflict: OnConflict,
    /// Balanced: most starts from which the best is kept. Absent: as many as pay.
    pub starts: Option<u32>,
    /// Seed of everything random.
    pub seed: u64,
    /// Which places count as neighbours.
    pub adjacency: AdjacencyChoice,
    /// Column that clusters never cross (settlement type, district).
    pub strata: Option<String>,
    /// EPSG code of the projection in which distances are taken. Absent: a local equal-area one.
    pub projected_epsg: Option<u32>,
    /// CRS of a table that names none, such as `EPSG:4326`.
    pub assume_crs: Option<String>,
    /// Replace the cluster columns that the table has already.
    pub overwrite: bool,
    /// What to do with a missing, infinite or negative weight.
    pub bad_weights: BadWeights,
    /// What to do with an empty or missing geometry.
    pub bad_geometries: BadGeometries,
    /// What to do with a component lighter than the least weight.
    pub small_islands: SmallIslands,
    /// Balanced: what counts among partitions whose weight in good clusters is about the same.
    pub prefer: Prefer,
    /// Gaps in metres over which pieces become neighbours; 0 for none. Absent: gaps up to the target radius, where more than
    /// a tenth of the weight would lie in pieces below the least weight, as in grids that hold settled cells only.
    pub bridge: Option<f64>,
    /// What to do with a piece of a stratum that is lighter than the least weight.
    pub thin_pieces: ThinPieces,
    /// Columns of the table that the table of clusters has too: each with the value that most of a cluster's weight has.
    pub carry: Vec<String>,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            method: Method::default(),
            weight_column: None,
            desired_cluster_weight: Setting::Fixed(240.0),
            desired_cluster_radius: Setting::Fixed(1000.0),
            min_weight: None,
            max_cluster_weight: None,
            weight_importance_factor: Setting::Fixed(1.0),
            initial_max_trials: Setting::Fixed(100),
            subsequent_max_trials: Setting::Fixed(30),
            max_passes: Setting::Fixed(10),
            minibatch_reassignment_ratio: Setting::Fixed(0.05),
            on_conflict: OnConflict::default(),
            starts: None,
            seed: 1,
            adjacency: AdjacencyChoice::default(),
            strata: None,
            projected_epsg: None,
            assume_crs: None,
            overwrite: false,
            bad_weights: BadWeights::default(),
            bad_geometries: BadGeometries::default(),
            small_islands: SmallIslands::default(),
            prefer: Prefer::default(),
            bridge: None,
            thin_pieces: ThinPieces::default(),
            carry: Vec::new(),
        }
    }
}

impl Params {
    /// The numbers behind the settings. Every rule is answered by `choose` (setting, rule): 0 for `otherwise`, 1 for `then`,
    /// and 1 and up for the values of a rule that lists them, in their order.
    ///
    /// # Errors
    /// [`Error::Setting`] for a number that cannot be right; what `choose` returns.
    pub fn settings(
        &self,
        choose: &mut dyn FnMut(&'static str, Question<'_>) -> Result<usize, Error>,
    ) -> Result<Settings, Error> {
        let target_weight = self
            .desired_cluster_weight
            .value("desired_cluster_weight", choose)?;
        let min_weight = self
            .min_weight
            .as_ref()
            .map(|s| s.value("min_weight", choose))
            .transpose()?;
        let max_weight = self
            .max_cluster_weight
            .as_ref()
            .map(|s| s.value("max_cluster_weight", choose))
            .transpose()?;
        Settings {
            method: self.method,
            target_weight,
            target_radius: self
                .desired_cluster_radius
                .value("desired_cluster_radius", choose)?,
            min_weight: min_weight.unwrap_or(0.75 * target_weight),
            max_weight: max_weight.unwrap_or(1.25 * target_weight),
            weight_importance_factor: self
                .weight_importance_factor
                .value("weight_importance_factor", choose)?,
            initial_max_trials: self
                .initial_max_trials
                .value("initial_max_trials", choose)?,
            subsequent_max_trials: self
                .subsequent_max_trials
                .value("subsequent_max_trials", choose)?,
            max_passes: self.max_passes.value("max_passes", choose)?,
            minibatch_reassignment_ratio: self
                .minibatch_reassignment_ratio
                .value("minibatch_reassignment_ratio", choose)?,
            on_conflict: self.on_conflict,
            prefer: self.prefer,
            starts: self.starts,
            seed: self.seed,
        }
        .checked()
    }
}

/// The algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Connected clusters within the range of weights, as many as possible within the radius.
    #[default]
    Balanced,
    /// The published approach: weighted mini-batch k-means, tuned over k, heavy clusters split again.
    #[serde(alias = "tuned-kmeans")]
    TunedKmeans,
}

/// Which limit gives way where weight and radius cannot both hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnConflict {
    /// The range of weights holds, the radius may be passed.
    #[default]
    Weight,
    /// The radius holds, clusters may be lighter than the least weight.
    Radius,
}

/// Which places count as neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdjacencyChoice {
    /// A lattice if the centroids lie on one, touching polygons if most touch another, else scattered.
    #[default]
    Auto,
    /// The eight cells around a cell of the lattice.
    Lattice,
    /// Polygons that touch, within 1 % of their size.
    Touching,
    /// Delaunay neighbours that are not far apart.
    Scattered,
}

/// What to do with a missing, infinite or negative weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BadWeights {
    /// Refuse the table.
    #[default]
    Refuse,
    /// Count the row as 0.
    Zero,
    /// Leave the row out: its cluster columns are null.
    Drop,
}

/// What to do with an empty or missing geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BadGeometries {
    /// Refuse the table.
    #[default]
    Refuse,
    /// Leave the row out: its cluster columns are null.
    Drop,
}

/// What to do with a component lighter than the least weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SmallIslands {
    /// A cluster of its own, flagged undersized.
    #[default]
    Keep,
    /// Part of the nearest cluster with room, flagged not contiguous.
    Attach,
}

/// What counts among partitions whose weight in good clusters is about the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Prefer {
    /// Weights near the target. Good clusters may hold two points less of the weight than the most that was found.
    #[default]
    Target,
    /// As much weight in good clusters as is found, even where they are all near the least weight.
    Good,
}

/// What to do with a piece of a stratum that is lighter than the least weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ThinPieces {
    /// A cluster of its own, flagged undersized.
    #[default]
    Keep,
    /// Clustered with the neighbouring piece of another stratum that it has most neighbours in, the lightest piece first; flagged
    /// as of mixed strata.
    Merge,
}

/// A number, or a rule that takes it from a column of the table.
///
/// ```
/// # use clustering::Params;
/// let params: Params = serde_json::from_str(
///     r#"{"desired_cluster_radius": {"column": "urban", "when": true, "then": 1000, "otherwise": 2000}}"#,
/// )?;
/// let by_stratum: Params = serde_json::from_str(
///     r#"{"desired_cluster_weight": {"column": "smod", "values": {"30": 300, "11": 150}, "otherwise": 200}}"#,
/// )?;
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Setting<T> {
    /// The number itself.
    Fixed(T),
    /// `then` where the column holds `when`, else `otherwise`. Rows with different settings are never in one cluster.
    ByColumn(Rule<T>),
    /// The number of each value of a column. Rows with different settings are never in one cluster.
    ByValue(Values<T>),
}

/// `then` for rows whose column holds `when`, else `otherwise`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rule<T> {
    /// What is asked of the row.
    #[serde(flatten)]
    pub condition: Condition,
    /// The setting if the column holds `when`.
    pub then: T,
    /// The setting if it holds anything else.
    pub otherwise: T,
}

/// A number for each value of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Values<T> {
    /// The column to look at.
    pub column: String,
    /// The setting of each value, by the value as text.
    pub values: BTreeMap<String, T>,
    /// The setting of rows that hold any other value.
    pub otherwise: T,
}

/// A question to a row: does this column hold this value?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Condition {
    /// The column to look at.
    pub column: String,
    /// The value looked for: a boolean, a number or a text.
    pub when: serde_json::Value,
}

/// What a rule asks of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Question<'a> {
    /// Whether a condition holds.
    Condition(&'a Condition),
    /// Which of these values the column holds.
    Values {
        /// The column to look at.
        column: &'a str,
        /// The values that have a setting of their own.
        values: Vec<&'a str>,
    },
}

impl<T: Copy> Setting<T> {
    fn value(
        &self,
        name: &'static str,
        choose: &mut dyn FnMut(&'static str, Question<'_>) -> Result<usize, Error>,
    ) -> Result<T, Error> {
        Ok(match self {
            Self::Fixed(value) => *value,
            Self::ByColumn(rule) => match choose(name, Question::Condition(&rule.condition))? {
                0 => rule.otherwise,
                _ => rule.then,
            },
            Self::ByValue(rule) => {
                let question = Question::Values {
                    column: &rule.column,
                    values: rule.values.keys().map(String::as_str).collect(),
                };
                let chosen = choose(name, question)?.checked_sub(1);
                let value = chosen.and_then(|at| rule.values.values().nth(at));
                *value.unwrap_or(&rule.otherwise)
            }
        })
    }
}

impl<T> From<T> for Setting<T> {
    fn from(value: T) -> Self {
        Self::Fixed(value)
    }
}

/// By hand, because an untagged enum would answer every mistake with "did not match any variant".
impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for Setting<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Flat<T> {
            column: String,
            when: serde_json::Value,
            then: T,
            otherwise: T,
        }
        let value = serde_json::Value::deserialize(deserializer)?;
        if value.get("values").is_some() {
            return serde_json::from_value(value)
                .map(Self::ByValue)
                .map_err(serde::de::Error::custom);
        }
        if value.is_object() {
            let Flat {
                column,
                when,
                then,
                otherwise,
            } = serde_json::from_value(value).map_err(serde::de::Error::custom)?;
            return Ok(Self::ByColumn(Rule {
                condition: Condition { column, when },
                then,
                otherwise,
            }));
        }
        serde_json::from_value(value)
            .map(Self::Fixed)
            .map_err(serde::de::Error::custom)
    }
}
