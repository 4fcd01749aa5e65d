//! Batches of samples: each sample's picture fetched, checked, measured and stored, and its row written.

mod batch;
mod one;
mod process;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use futures::future::BoxFuture;
use serde::Serialize;
use tokio::sync::{OnceCell, Semaphore};

use crate::Error;
use crate::byte_ranges::ByteRanges;
use crate::clock::Clock;
use crate::fetch::{Backoff, Rate, RequestBudget, Transport};
use crate::labels::LabelLayer;
use crate::ledger::{LedgerRow, Status};
use crate::limits::{Limits, Pace};
use crate::measure::Measure;
use crate::picture::Picture;
use crate::sample::Sample;
use crate::secret::Secrets;
use crate::sources::{Opening, PictureSource, Source};
use crate::stop::Stop;
use crate::store::{Fault, PictureStore};

/// What the study decides.
pub struct Setup {
    /// Where pictures come from.
    pub source: Source,
    /// What they are.
    pub picture: Picture,
    /// How hard the source may be asked, by the whole run.
    pub limits: Limits,
    /// Workers that share the limits.
    pub workers: u32,
    /// Seed of the jitter in delays; give each worker another.
    pub seed: u64,
    /// Whether pictures are stored; where not, they are measured in flight and let go.
    pub keep_pictures: bool,
    /// Values of the secrets that the source names.
    pub secrets: Secrets,
    /// The layer that `picture.labels` names.
    pub labels: Option<Arc<LabelLayer>>,
    /// Readings to take.
    pub measure: Option<Arc<dyn Measure>>,
}

/// What the work is done through.
pub struct Seams {
    /// Sends requests.
    pub transport: Arc<dyn Transport>,
    /// Takes pictures.
    pub store: Arc<dyn PictureStore>,
    /// Reads rasters in buckets.
    pub ranges: Arc<dyn ByteRanges>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Fetches pictures for batches of samples. One for each worker; it can take any number of batches.
pub struct Scraper {
    setup: Setup,
    seams: Seams,
    source: Arc<dyn PictureSource>,
    pace: Pace,
    backoff: Backoff,
    rate: Arc<Rate>,
    places: Arc<Semaphore>,
    /// Set once there was a way to the source.
    reached: Arc<OnceCell<()>>,
}

/// Samples to take, and what is known of them.
pub struct Batch<'a> {
    /// The samples; their names differ.
    pub samples: &'a [Sample],
    /// Rows of earlier calls for some of them.
    pub known: &'a [LedgerRow],
    /// Requests that may be sent; `None` is any number.
    pub max_requests: Option<Arc<dyn RequestBudget>>,
    /// Who is told how it goes.
    pub progress: &'a dyn Progress,
}

/// What became of a batch.
#[derive(Debug)]
pub struct BatchOutcome {
    /// A row for each sample that is done, in the order of the samples.
    pub rows: Vec<LedgerRow>,
    /// The rows counted.
    pub counts: Counts,
    /// Names of the samples that are not done, in their order.
    pub remaining: Vec<String>,
    /// Requests sent.
    pub requests: u64,
    /// Why there are samples left.
    pub halt: Option<Halt>,
}

/// Rows by status, and the bytes of their pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // The names are those of the statuses.
pub struct Counts {
    pub ok: u64,
    pub exists: u64,
    pub no_imagery: u64,
    pub blank: u64,
    pub failed: u64,
    /// Bytes of the pictures that are new.
    pub bytes: u64,
}

impl Counts {
    /// Counts rows.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a LedgerRow>) -> Self {
        let mut counts = Self::default();
        for row in rows {
            match row.status {
                Status::Ok => {
                    counts.ok += 1;
                    counts.bytes += row.bytes.unwrap_or(0);
                }
                Status::Exists => counts.exists += 1,
                Status::NoImagery => counts.no_imagery += 1,
                Status::Blank => counts.blank += 1,
                Status::Failed => counts.failed += 1,
            }
        }
        counts
    }
}

/// Why a batch ended before its last sample.
#[derive(Debug, Clone, PartialEq)]
pub enum Halt {
    /// The stop signal was set.
    Stopped,
    /// Another request would have been one too many.
    RequestCap {
        /// Requests that were allowed.
        max_requests: u64,
    },
    /// Every further sample would have ended the same way.
    Failed(Error),
}

/// Is told how a batch goes.
#[async_trait]
pub trait Progress: Send + Sync {
    /// A sample is done.
    fn row(&self, _row: &LedgerRow) {}

    /// All rows so far, about every 30 seconds, for a part of the ledger that survives this process.
    async fn checkpoint(&self, _rows: &[LedgerRow]) -> Result<(), Fault> {
        Ok(())
    }
}

/// Nobody is told.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

#[async_trait]
impl Progress for NoProgress {}

impl Scraper {
    /// Checks the study and opens its source; nothing is asked of it yet.
    ///
    /// # Errors
    /// [`Error::Setting`], [`Error::MissingSecret`] or [`Error::BadSecret`].
    pub fn new(setup: Setup, seams: Seams) -> Result<Self, Error> {
        let size = setup.picture.check()?;
        let pace = setup.limits.share(&setup.source, setup.workers)?;
        if setup.picture.labels.is_some() != setup.labels.is_some() {
            return Err(Error::Internal {
                doing: "opening the label layer",
            });
        }
        let source = setup.source.open(&Opening {
            picture: &setup.picture,
            size,
            secrets: &setup.secrets,
            ranges: seams.ranges.clone(),
            labels: setup.labels.clone(),
        })?;
        Ok(Self {
            source,
            pace,
            backoff: Backoff::USUAL,
            rate: Arc::new(Rate::new(pace.per_second)),
            places: Arc::new(Semaphore::new(pace.concurrency)),
            reached: Arc::default(),
            setup,
            seams,
        })
    }

    /// Takes the samples of a batch, as many at a time as the limits allow, in bounded memory.
    ///
    /// Ends early when `stop` is set (new samples are no longer taken, waiting ends at once, what is
    /// under way gets [`STOP_GRACE`](crate::STOP_GRACE)), at the cap on requests, and when going on
    /// would fail for every sample; rows of what is done are given back in any case.
    ///
    /// # Errors
    /// [`Error::Setting`] for two samples of one name.
    pub fn scrape_batch<'a>(
        &'a self,
        batch: Batch<'a>,
        stop: &'a Stop,
    ) -> BoxFuture<'a, Result<BatchOutcome, Error>> {
        // Boxed, here and at the doors of other crates: what is behind is compiled once, not again in every program.
        Box::pin(batch::run(self, batch, stop))
    }

    #[cfg(test)]
    pub(crate) fn with_backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }
}
