//! Pictures of places: sources, fetching, chips, label masks and the ledger.
//!
//! A [`Scraper`] takes a batch of [`Sample`]s, gets the picture of each from a [`Source`] within
//! [`Limits`], checks that it is one, measures it, stores it under the sample's key, and gives back
//! one [`LedgerRow`] for each sample, whatever happened. Where the process is
//! killed, the next call finds what is stored and fetches the rest.
//!
//! Storage, network, time and readings are seams ([`PictureStore`], [`Transport`], [`ByteRanges`],
//! [`Clock`], [`Measure`]), each with a twin in memory.
//!
//! What it does not do: plan samples, look secrets up, or decide how many workers there are.

#![forbid(unsafe_code)]

mod byte_ranges;
pub mod card;
mod clock;
mod compute;
mod error;
mod estimate;
mod fetch;
pub mod labels;
pub mod ledger;
mod limits;
mod measure;
mod picture;
mod pyramid;
mod sample;
mod scraper;
mod secret;
pub mod shards;
pub mod sources;
mod stop;
mod store;
#[cfg(test)]
mod testing;

use std::time::Duration;

pub use byte_ranges::{ByteRanges, FileRanges, MemoryRanges, NoRanges, Payer};
pub use clock::{Clock, SystemClock};
pub use error::{Error, ErrorKind};
pub use estimate::{Estimate, estimate};
pub use fetch::{
    HttpTransport, Reply, Request, RequestBudget, RequestCap, Transport, TransportFault,
};
pub use ledger::{LedgerRow, Status};
pub use limits::{Limits, Pace};
pub use measure::{Measure, Taken as Readings};
pub use picture::{Band, Blank, Format, MAX_SIZE_PX, Picture};
pub use raster::{Grid, Pixels, Resampling, Values};
pub use sample::Sample;
pub use scraper::{Batch, BatchOutcome, Counts, Halt, NoProgress, Progress, Scraper, Seams, Setup};
pub use secret::{Secret, SecretName, SecretPlace, Secrets};
pub use sources::{RasterFacts, Source};
pub use stop::{Stop, Stopper};
pub use store::{Fault, FaultKind, MemoryStore, PictureStore, Put};

/// Time that requests under way get after the stop signal.
pub const STOP_GRACE: Duration = Duration::from_secs(8);
