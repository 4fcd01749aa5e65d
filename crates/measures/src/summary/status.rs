//! How many samples came to what.

/// Samples by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub asked: u64,
    /// Pictures there are: `ok` and `exists`.
    pub got: u64,
    /// Pictures of one flat colour.
    pub blank: u64,
    /// Places without a picture.
    pub no_imagery: u64,
    /// Given up.
    pub failed: u64,
    /// Not tried yet.
    pub waiting: u64,
}

impl Tally {
    /// Counts one more sample by the status of its ledger row; a status not known here only counts as asked.
    pub fn count(&mut self, status: Option<&str>) {
        self.asked += 1;
        match status {
            None => self.waiting += 1,
            Some("ok" | "exists") => self.got += 1,
            Some("blank") => self.blank += 1,
            Some("no_imagery") => self.no_imagery += 1,
            Some("failed") => self.failed += 1,
            Some(_) => {}
        }
    }
}
