//! Where everything of a plan is kept.

/// Which batch is meant: of the plan itself, or of a quota taken from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchId {
    /// Number of the quota's run, from 1; none for a batch of the plan.
    pub quota: Option<u32>,
    /// Number of the batch, from 0.
    pub batch: u32,
}

impl BatchId {
    /// A batch of the plan itself.
    #[must_use]
    pub fn of_plan(batch: u32) -> Self {
        Self { quota: None, batch }
    }

    /// Names of quotas' parts come after those of the plan, in the order of their runs.
    fn name(self) -> String {
        match self.quota {
            None => format!("{:05}", self.batch),
            Some(quota) => format!("q{quota:05}-{:05}", self.batch),
        }
    }
}

/// Keys of one plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    plan_id: String,
}

impl Keys {
    /// The keys of the plan of this id.
    pub fn of(plan_id: &str) -> Self {
        Self {
            plan_id: plan_id.to_owned(),
        }
    }

    fn plan(&self, name: &str) -> String {
        format!("plans/{}/{name}", self.plan_id)
    }

    /// The study as it was planned.
    #[must_use]
    pub fn study(&self) -> String {
        self.plan("study.json")
    }

    /// Every sample, one row group a batch.
    #[must_use]
    pub fn samples(&self) -> String {
        self.plan("samples.parquet")
    }

    /// One line a batch: what `scrape` is called with.
    #[must_use]
    pub fn batches(&self) -> String {
        self.plan("batches.jsonl")
    }

    /// One line a place that could not be planned, with the reason.
    #[must_use]
    pub fn rejected(&self) -> String {
        self.plan("rejected.jsonl")
    }

    /// One line a place that the plan's rules leave out, with the rule.
    #[must_use]
    pub fn left_out(&self) -> String {
        self.plan("left_out.jsonl")
    }

    /// The roads that were planned, a line a way, for the summary.
    #[must_use]
    pub fn roads(&self) -> String {
        self.plan("roads.parquet")
    }

    /// The areas or towns that were planned, id and outline, for the summary.
    #[must_use]
    pub fn areas(&self) -> String {
        self.plan("areas.parquet")
    }

    /// The polygons that are burnt into the pictures: outline and value.
    #[must_use]
    pub fn labels(&self) -> String {
        self.plan("labels.parquet")
    }

    /// Which ways of a road network share a node.
    #[must_use]
    pub fn connections(&self) -> String {
        self.plan("connections.json")
    }

    /// What became of the samples of one batch.
    #[must_use]
    pub fn ledger_part(&self, batch: BatchId) -> String {
        format!("ledger/{}/part-{}.parquet", self.plan_id, batch.name())
    }

    /// All parts of the ledger start so.
    #[must_use]
    pub fn ledger(&self) -> String {
        format!("ledger/{}/", self.plan_id)
    }

    /// What the archives of a batch's pictures begin with.
    #[must_use]
    pub fn shards(&self, batch: BatchId) -> String {
        format!("shards/{}/{}", self.plan_id, batch.name())
    }

    /// The quota whose part of the ledger this key is; none for a batch of the plan.
    #[must_use]
    pub fn quota_of(&self, part: &str) -> Option<u32> {
        let name = part.strip_prefix(&self.ledger())?.strip_prefix("part-q")?;
        name.split_once('-')?.0.parse().ok()
    }

    /// What the keys of the requests that a run reserved begin with: of the plan's own run, of a quota's, or of an
    /// execution that brings its samples.
    #[must_use]
    pub fn requests(&self, run: &str) -> String {
        format!("requests/{}/{}/", self.plan_id, sampling::slug(run))
    }

    /// Up to which quota failures no longer count.
    #[must_use]
    pub fn retried(&self) -> String {
        self.plan("retried.json")
    }

    /// Name of the run of a quota, and of its execution.
    #[must_use]
    pub fn quota_run(&self, quota: u32) -> String {
        format!("collect-{}-{quota:05}", self.plan_id)
    }

    /// What the keys of all quotas' runs begin with.
    #[must_use]
    pub fn quota_runs(&self) -> String {
        format!("runs/collect-{}-", self.plan_id)
    }

    fn of_quota(&self, quota: u32, name: &str) -> String {
        format!("{}{quota:05}/{name}", self.quota_runs())
    }

    /// The samples that a quota took, one row group a batch.
    #[must_use]
    pub fn quota_samples(&self, quota: u32) -> String {
        self.of_quota(quota, "samples.parquet")
    }

    /// Its list of batches.
    #[must_use]
    pub fn quota_batches(&self, quota: u32) -> String {
        self.of_quota(quota, "batches.jsonl")
    }

    /// Is there once the run of a quota has ended.
    #[must_use]
    pub fn quota_ended(&self, quota: u32) -> String {
        self.of_quota(quota, "ended.json")
    }

    /// A published table.
    #[must_use]
    pub fn table(&self, name: &str) -> String {
        format!("tables/{}/{name}", self.plan_id)
    }

    /// The report.
    #[must_use]
    pub fn report(&self) -> String {
        format!("reports/{}/index.html", self.plan_id)
    }

    /// A file that stands beside the pictures and is about all of them.
    #[must_use]
    pub fn beside_pictures(&self, name: &str) -> String {
        format!("images/{}/{name}", self.plan_id)
    }

    /// The page of a town; `name` is its slug.
    #[must_use]
    pub fn town_report(&self, name: &str) -> String {
        format!("reports/{}/towns/{name}.html", self.plan_id)
    }

    /// A picture: `places` are the names above it (an area; or town, road, way and side).
    pub fn picture(&self, places: &[&str], sample_id: &str, extension: &str) -> String {
        let mut key = format!("images/{}/", self.plan_id);
        for place in places {
            key.push_str(&sampling::slug(place));
            key.push('/');
        }
        key.push_str(sample_id);
        key.push('.');
        key.push_str(extension);
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_parts_of_a_key_and_stay_inside_it() {
        let keys = Keys::of("0a1b");
        let key = keys.picture(&["17031842400"], "17031842400-0001", "png");
        assert_eq!(key, "images/0a1b/17031842400/17031842400-0001.png");
        let key = keys.picture(&["Caerdydd/Cardiff", "..", "7", "left"], "s", "jpg");
        assert!(store::check_key(&key).is_ok(), "{key}");
        assert_eq!(key.matches('/').count(), 6);
        let part = |quota, batch| keys.ledger_part(BatchId { quota, batch });
        assert_eq!(part(None, 7), "ledger/0a1b/part-00007.parquet");
        assert_eq!(part(Some(3), 7), "ledger/0a1b/part-q00003-00007.parquet");
        assert_eq!(keys.quota_of(&part(Some(3), 7)), Some(3));
        assert_eq!(keys.quota_of(&part(None, 7)), None);
        assert!(part(None, 99_999) < part(Some(1), 0) && part(Some(9), 5) < part(Some(10), 0));
    }
}
