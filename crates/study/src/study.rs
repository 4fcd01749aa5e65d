//! What a study says: TOML for people, the same fields as JSON in an event.

use imagery::{Limits, Picture, Source};
use measures::MeasureSpec;
use sampling::{Batches, Plan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A study: where to look, with what, and what to measure.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// What people call it.
    pub name: String,
    /// Seed of everything random in the plan.
    #[serde(default = "first_seed")]
    pub seed: u64,
    /// Where to look.
    pub plan: Plan,
    /// What gives the pictures.
    pub source: Source,
    /// What a picture is.
    #[serde(default)]
    pub picture: Picture,
    /// What is measured on each picture.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measures: Vec<MeasureSpec>,
    /// Whether pictures are stored. By default they are, where the source's terms allow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_pictures: Option<bool>,
    /// Whether pictures are also packed, a batch at a time, into archives for machine learning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shards: Option<Shards>,
    /// What the source may be asked for.
    #[serde(default)]
    pub limits: Limits,
    /// Number of batches (50 unless this or `batch_size` is given).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batches: Option<usize>,
    /// Samples in a batch, instead of a number of batches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<usize>,
    /// Roads: how samples without a reading are filled in.
    #[serde(default)]
    pub filling: measures::Filling,
}

/// Archives of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shards {
    /// Tar files of `{sample_id}.{extension}` and `{sample_id}.json`, as `WebDataset` reads them.
    Webdataset,
}

fn first_seed() -> u64 {
    1
}

impl Study {
    /// Into how many batches the samples go.
    #[must_use]
    pub fn batching(&self) -> Batches {
        match (self.batch_size, self.batches) {
            (Some(size), _) => Batches::Size(size),
            (None, Some(count)) => Batches::Count(count),
            (None, None) => Batches::default(),
        }
    }

    /// What a picture is: a chip has the size that the plan gives it.
    #[must_use]
    pub fn taken_picture(&self) -> Picture {
        match &self.plan {
            Plan::Chips(plan) => Picture {
                size_px: Some(plan.chip_px),
                pixel_m: Some(plan.pixel_m),
                ..self.picture.clone()
            },
            Plan::Areas(_) | Plan::Points(_) | Plan::Roads(_) => self.picture.clone(),
        }
    }

    /// How its pictures are taken.
    #[must_use]
    pub fn taking(&self) -> Taking {
        Taking {
            source: self.source.clone(),
            picture: self.taken_picture(),
            measures: self.measures.clone(),
            keep_pictures: self.keep_pictures,
            shards: self.shards,
            limits: self.limits.clone(),
        }
    }
}

/// How pictures are taken: the part of a study that does not say where. Batches that come with
/// the event are taken by these.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Taking {
    /// What gives the pictures.
    pub source: Source,
    /// What a picture is.
    #[serde(default)]
    pub picture: Picture,
    /// What is measured on each picture.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measures: Vec<MeasureSpec>,
    /// Whether pictures are stored. By default they are, where the source's terms allow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_pictures: Option<bool>,
    /// Whether pictures are also packed, a batch at a time, into archives for machine learning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shards: Option<Shards>,
    /// What the source may be asked for.
    #[serde(default)]
    pub limits: Limits,
}

impl Taking {
    /// Whether pictures are stored.
    #[must_use]
    pub fn keeps_pictures(&self) -> bool {
        self.keep_pictures
            .unwrap_or_else(|| self.source.may_keep_pictures())
    }
}
