//! One batch of a plan: its pictures taken, measured and kept, and its part of the ledger.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures::future::BoxFuture;
use imagery::labels::{LabelLayer, Labels};
use imagery::shards::{self, ShardLimits};
use imagery::{
    Batch, BatchOutcome, Fault, Halt, LedgerRow, Measure, Progress, RequestBudget, RequestCap,
    Sample, Scraper, Seams, Secrets, Setup, Stop, ledger,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Store, Stores};
use tables::{Table, WriteOptions};

use crate::planning::short_hash;
use crate::request_budget::{StoredBudget, unwritten};
use crate::samples::samples_of;
use crate::seams::{Measures, Pictures, Ranges};
use crate::{BatchId, Error, Keys, SecretKeys, Taking, stored};

const PARQUET: &str = "application/vnd.apache.parquet";

/// What came of one call for a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScrapeReply {
    /// The batch.
    pub batch: u32,
    /// Pictures taken.
    pub ok: u64,
    /// Pictures that were there already.
    pub exists: u64,
    /// Places without imagery.
    pub no_imagery: u64,
    /// Pictures of one flat colour.
    pub blank: u64,
    /// Samples that failed.
    pub failed: u64,
    /// Bytes of the pictures.
    pub bytes: u64,
    /// Key of the batch's part of the ledger.
    pub ledger: String,
    /// Samples that are still to be done.
    pub remaining: u64,
}

/// What a call for a batch ended with.
#[derive(Debug)]
pub struct Done {
    /// The figures.
    pub reply: ScrapeReply,
    /// Why it ended before its samples did, if it did.
    pub halt: Option<Halt>,
}

/// Is told of every sample as it is finished: for a progress bar.
pub type Watch = dyn Fn(&LedgerRow) + Send + Sync;

/// Works through batches; one a process.
pub struct Worker {
    plan_id: String,
    /// The quota whose batches are worked through; none for those of the plan itself.
    quota: Option<u32>,
    store: Arc<dyn Store>,
    scraper: Scraper,
    taking: Taking,
    /// Batches there are; none for batches that come without a plan.
    batches: Option<u32>,
    budget: Option<Budget>,
}

/// The cap on requests: kept in the store, or where there is no run that could share it, here.
enum Budget {
    Stored(Arc<StoredBudget>),
    Here(u64),
}

impl Budget {
    fn of(
        taking: &Taking,
        store: &Arc<dyn Store>,
        prefix: Option<String>,
        workers: u32,
    ) -> Option<Self> {
        let max = taking.limits.max_requests?;
        Some(match prefix {
            Some(prefix) => {
                let budget = StoredBudget::new(Arc::clone(store), prefix, max, workers);
                Self::Stored(Arc::new(budget))
            }
            None => Self::Here(max),
        })
    }

    fn of_batch(&self) -> Arc<dyn RequestBudget> {
        match self {
            Self::Stored(budget) => Arc::clone(budget) as Arc<dyn RequestBudget>,
            Self::Here(max) => Arc::new(RequestCap::new(*max)),
        }
    }

    async fn settle(&self) -> Result<(), Error> {
        match self {
            Self::Stored(budget) => budget.settle().await,
            Self::Here(_) => Ok(()),
        }
    }
}

impl Worker {
    /// A worker for a plan in `store`, or for a quota taken from it, one of `workers` that run at once. `stores`
    /// opens other buckets, for sources that lie in S3; `keys` finds the keys of the study's source.
    ///
    /// # Errors
    /// [`Error::NotPlanned`], what is wrong with the study's source, or what `keys` says.
    pub fn of_plan<'a>(
        plan_id: &'a str,
        quota: Option<u32>,
        store: Arc<dyn Store>,
        stores: &'a Stores,
        workers: u32,
        keys: &'a dyn SecretKeys,
    ) -> BoxFuture<'a, Result<Self, Error>> {
        Box::pin(async move {
            let study = stored::study(store.as_ref(), plan_id).await?;
            let stored_keys = Keys::of(plan_id);
            let list = match quota {
                None => stored_keys.batches(),
                Some(quota) => stored_keys.quota_batches(quota),
            };
            let batches = stored::lines(store.as_ref(), &list).await?;
            let taking = study.taking();
            let labels = match &taking.picture.labels {
                Some(labels) => Some(label_layer(plan_id, store.as_ref(), labels).await?),
                None => None,
            };
            let run = match quota {
                None => "run".to_owned(),
                Some(quota) => format!("q{quota:05}"),
            };
            let prefix = Some(stored_keys.requests(&run));
            Ok(Self {
                budget: Budget::of(&taking, &store, prefix, workers),
                scraper: scraper(&taking, labels, Arc::clone(&store), stores, workers, keys)
                    .await?,
                plan_id: plan_id.to_owned(),
                quota,
                store,
                taking,
                batches: Some(batches),
            })
        })
    }

    /// A worker for batches that come with the event: pictures and ledger go under a plan named
    /// after the settings. All batches of a `run` share its cap on requests and, as `workers` that run at once, its pace.
    ///
    /// # Errors
    /// What is wrong with the settings.
    pub async fn inline(
        taking: Taking,
        run: Option<&str>,
        workers: u32,
        store: Arc<dyn Store>,
        stores: &Stores,
        keys: &dyn SecretKeys,
    ) -> Result<Self, Error> {
        if taking.picture.labels.is_some() {
            return Err(Error::LabelsWithoutPlan);
        }
        let digest = Sha256::digest(serde_json::to_vec(&taking).unwrap_or_default());
        let digits = short_hash(&digest);
        let plan_id = format!("inline-{digits}");
        let prefix = run.map(|run| Keys::of(&plan_id).requests(run));
        // Batches come as they are: each needs a request at once, whatever their number.
        let mut shared = taking.clone();
        let at_once = shared.limits.concurrency(&shared.source);
        shared.limits.concurrency = Some(at_once.max(workers));
        Ok(Self {
            budget: Budget::of(&taking, &store, prefix, workers),
            scraper: scraper(&shared, None, Arc::clone(&store), stores, workers, keys).await?,
            plan_id,
            quota: None,
            store,
            taking,
            batches: None,
        })
    }

    /// Where the pictures and the ledger go.
    #[must_use]
    pub fn plan_id(&self) -> &str {
        &self.plan_id
    }

    /// Takes the pictures of a batch that are not there yet. The part of the ledger is written
    /// whatever happens, so that a later call goes on from there.
    ///
    /// # Errors
    /// [`Error::NoBatch`], or the storage's; why pictures stopped coming is in [`Done::halt`].
    pub fn scrape<'a>(
        &'a self,
        batch: u32,
        stop: &'a Stop,
        watch: &'a Watch,
    ) -> BoxFuture<'a, Result<Done, Error>> {
        Box::pin(async move {
            let batches = self.batches.unwrap_or(0);
            if batch >= batches {
                return Err(Error::NoBatch {
                    plan_id: self.plan_id.clone(),
                    batch,
                    batches,
                });
            }
            let keys = Keys::of(&self.plan_id);
            let samples = match self.quota {
                None => keys.samples(),
                Some(quota) => keys.quota_samples(quota),
            };
            let table = stored::samples(&self.store, &samples, batch).await?;
            let id = BatchId {
                quota: self.quota,
                batch,
            };
            self.work_through(
                id,
                &samples_of(&table, &keys, self.taking.picture.format)?,
                stop,
                watch,
            )
            .await
        })
    }

    /// The same for samples that came with the event; the part of the ledger is named after them.
    ///
    /// # Errors
    /// As [`Worker::scrape`].
    pub async fn scrape_inline(&self, samples: &Table, stop: &Stop) -> Result<Done, Error> {
        let keys = Keys::of(&self.plan_id);
        let samples = samples_of(samples, &keys, self.taking.picture.format)?;
        let mut digest = Sha256::new();
        for sample in &samples {
            digest.update(&sample.sample_id);
            digest.update(sample.lon.to_le_bytes());
            digest.update(sample.lat.to_le_bytes());
        }
        let digest = digest.finalize();
        let batch = u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]);
        self.work_through(BatchId::of_plan(batch), &samples, stop, &|_| {})
            .await
    }

    async fn work_through(
        &self,
        batch: BatchId,
        samples: &[Sample],
        stop: &Stop,
        watch: &Watch,
    ) -> Result<Done, Error> {
        let keys = Keys::of(&self.plan_id);
        let part = Part {
            store: Arc::clone(&self.store),
            key: keys.ledger_part(batch),
            measures: measures::columns(&self.taking.measures),
            watch,
            written: AtomicU64::new(0),
            budget: self.budget.as_ref(),
        };
        let known = part.known().await?;
        let outcome = self
            .scraper
            .scrape_batch(
                Batch {
                    samples,
                    known: &known,
                    max_requests: self.budget.as_ref().map(Budget::of_batch),
                    progress: &part,
                },
                stop,
            )
            .await?;
        if let Some(budget) = &self.budget {
            budget.settle().await?;
        }
        part.write(&outcome.rows).await?;
        if self.taking.shards.is_some() && outcome.remaining.is_empty() {
            self.pack(batch, &outcome).await?;
        }
        Ok(done(batch.batch, part.key, outcome))
    }

    /// Packs the pictures of a batch that is done, where any is new or nothing is packed yet.
    async fn pack(&self, batch: BatchId, outcome: &BatchOutcome) -> Result<(), Error> {
        let prefix = Keys::of(&self.plan_id).shards(batch);
        let first = self.store.head(&format!("{prefix}-000.tar")).await?;
        if first.is_none() || outcome.counts.ok > 0 {
            let pictures = Pictures(Arc::clone(&self.store));
            shards::pack(&outcome.rows, &pictures, &prefix, ShardLimits::default()).await?;
        }
        Ok(())
    }
}

fn done(batch: u32, ledger: String, outcome: BatchOutcome) -> Done {
    let counts = outcome.counts;
    Done {
        reply: ScrapeReply {
            batch,
            ok: counts.ok,
            exists: counts.exists,
            no_imagery: counts.no_imagery,
            blank: counts.blank,
            failed: counts.failed,
            bytes: counts.bytes,
            ledger,
            remaining: outcome.remaining.len() as u64,
        },
        halt: outcome.halt,
    }
}

/// The layer that a plan's pictures are labelled with, as it lay when they were planned.
async fn label_layer(
    plan_id: &str,
    store: &dyn Store,
    labels: &Labels,
) -> Result<Arc<LabelLayer>, Error> {
    let table = stored::table(store, &Keys::of(plan_id).labels()).await?;
    let column = labels.column.clone();
    let read =
        tokio::task::spawn_blocking(move || LabelLayer::from_table(&table, column.as_deref()));
    Ok(Arc::new(read.await?.map_err(imagery::Error::from)?))
}

async fn scraper(
    taking: &Taking,
    labels: Option<Arc<LabelLayer>>,
    store: Arc<dyn Store>,
    stores: &Stores,
    workers: u32,
    keys: &dyn SecretKeys,
) -> Result<Scraper, Error> {
    let mut secrets = Secrets::default();
    for name in taking.source.secret_names() {
        let secret = keys.find(&name).await?;
        secrets.insert(name, secret);
    }
    let measure = Measures(taking.measures.clone());
    let setup = Setup {
        source: taking.source.clone(),
        picture: taking.picture.clone(),
        limits: taking.limits.clone(),
        workers,
        seed: 0,
        keep_pictures: taking.keeps_pictures(),
        secrets,
        labels,
        measure: (!taking.measures.is_empty()).then(|| Arc::new(measure) as Arc<dyn Measure>),
    };
    let seams = Seams {
        transport: Arc::new(imagery::HttpTransport::of(&taking.source)?),
        store: Arc::new(Pictures(store)),
        ranges: Arc::new(Ranges::new(stores.clone())),
        clock: Arc::new(imagery::SystemClock),
    };
    Ok(Scraper::new(setup, seams)?)
}

/// The batch's part of the ledger: read before, written while the work goes on and after it.
struct Part<'a> {
    store: Arc<dyn Store>,
    key: String,
    measures: Vec<String>,
    watch: &'a Watch,
    written: AtomicU64,
    budget: Option<&'a Budget>,
}

impl Part<'_> {
    async fn known(&self) -> Result<Vec<LedgerRow>, Error> {
        match stored::table_if_there(self.store.as_ref(), &self.key).await? {
            Some(table) => Ok(ledger::from_table(&table)?),
            None => Ok(Vec::new()),
        }
    }

    async fn write(&self, rows: &[LedgerRow]) -> Result<(), Error> {
        let table = ledger::to_table(rows, &self.measures)?;
        let bytes = table.to_geoparquet(&WriteOptions::default())?;
        self.store.put(&self.key, bytes.into(), PARQUET).await?;
        self.written.store(rows.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

#[async_trait]
impl Progress for Part<'_> {
    fn row(&self, row: &LedgerRow) {
        (self.watch)(row);
    }

    async fn checkpoint(&self, rows: &[LedgerRow]) -> Result<(), Fault> {
        if self.written.load(Ordering::Relaxed) == rows.len() as u64 {
            return Ok(());
        }
        if let Some(budget) = self.budget {
            budget.settle().await.map_err(|error| unwritten(&error))?;
        }
        self.write(rows).await.map_err(|error| unwritten(&error))
    }
}
