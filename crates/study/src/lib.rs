//! A study: what it asks, its plan, its pictures and its summary.
//!
//! A [`Study`] is read ([`Study::from_toml`] tells every mistake with its line), planned
//! ([`plan`]), its batches are worked through ([`Worker::scrape`]), and what came of it is summed up
//! ([`sum_up`]). Everything between those steps lies in a [`Store`](store::Store) under the
//! [`Keys`] of the plan, so that each step may run on another machine, again, or later.
//!
//! The functions and the command line are thin over this crate; the work itself is done by
//! `sampling`, `imagery` and `measures`, which know no store.

mod check;
mod chip_set;
mod error;
pub mod events;
mod fault;
mod inputs;
mod keys;
mod measuring;
mod planning;
mod quota;
mod ranged;
mod request_budget;
mod samples;
mod scraping;
mod seams;
mod secrets;
mod stored;
mod study;
mod summing_up;

pub use check::{Document, Mistake};
pub use error::Error;
pub use inputs::Inputs;
pub use keys::{BatchId, Keys};
pub use measuring::{MeasureReply, measure};
pub use planning::{BatchLine, PlanReply, plan, plan_only, raster_facts, workers};
pub use quota::{NextSamples, Quota, QuotaRun, QuotaRuns, Standing, TownSharing, retry};
pub use scraping::{Done, ScrapeReply, Watch, Worker};
pub use seams::{Measures, Pictures, Ranges};
pub use secrets::SecretKeys;
pub use study::{Shards, Study, Taking};
pub use summing_up::{SummaryReply, sum_up};
