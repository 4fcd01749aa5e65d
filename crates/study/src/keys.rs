//! Where everything of a plan is kept.

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

    /// The areas that were planned, id and outline, for the summary.
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
    pub fn ledger_part(&self, batch: u32) -> String {
        format!("ledger/{}/part-{batch:05}.parquet", self.plan_id)
    }

    /// All parts of the ledger start so.
    #[must_use]
    pub fn ledger(&self) -> String {
        format!("ledger/{}/", self.plan_id)
    }

    /// What the archives of a batch's pictures begin with.
    #[must_use]
    pub fn shards(&self, batch: u32) -> String {
        format!("shards/{}/{batch:05}", self.plan_id)
    }

    /// How many requests a batch has sent so far.
    #[must_use]
    pub fn requests(&self, batch: u32) -> String {
        format!("ledger/{}/part-{batch:05}.json", self.plan_id)
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
        assert_eq!(keys.ledger_part(7), "ledger/0a1b/part-00007.parquet");
    }
}
