//! The cap on a run's requests, kept in the store: it holds whoever is killed, and however many work at once.
//!
//! A process reserves some requests in a grant before it sends them: a small object under the next free number, written
//! only where there is none, so that of two processes one sees the other's. Grants only ever shrink, to what was used, when
//! their owner settles them. So the sum of all grants never passes the cap, and requests that are sent never pass the grants.
//! A process that is killed leaves its last grant as it was: what it had reserved counts as sent.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
use imagery::{Fault, FaultKind, RequestBudget};
use serde::{Deserialize, Serialize};
use store::{Store, Written};
use tokio::sync::Mutex;

use crate::Error;
use crate::seams::fault;
use crate::stored;

const JSON: &str = "application/json";
/// Tries to take the next number before another process.
const TRIES: u32 = 1000;
/// Grants read at once.
const AT_ONCE: usize = 16;
/// A grant is at most this part of the cap, so that what a killed process leaves behind is small.
const SMALLEST_PART: u64 = 100;
/// The most requests in a grant.
const LARGEST: u64 = 1000;

/// Requests reserved by one process.
#[derive(Debug, Serialize, Deserialize)]
struct Grant {
    requests: u64,
}

/// A budget that every process of a run shares through its store.
pub(crate) struct StoredBudget {
    store: Arc<dyn Store>,
    prefix: String,
    max: u64,
    workers: u64,
    state: Mutex<State>,
    /// Requests that were taken and not sent after all.
    unsent: AtomicU64,
}

#[derive(Default)]
struct State {
    /// Grants by number, as far as they were read.
    known: BTreeMap<u64, u64>,
    own: Option<Own>,
}

/// The grant that requests are taken from now.
struct Own {
    number: u64,
    size: u64,
    used: u64,
}

impl StoredBudget {
    /// The budget whose grants lie under `prefix`, shared by so many workers at once.
    pub(crate) fn new(store: Arc<dyn Store>, prefix: String, max: u64, workers: u32) -> Self {
        Self {
            store,
            prefix,
            max,
            workers: u64::from(workers.max(1)),
            state: Mutex::default(),
            unsent: AtomicU64::new(0),
        }
    }

    fn key(&self, number: u64) -> String {
        format!("{}{number:08}.json", self.prefix)
    }

    fn number(&self, key: &str) -> Option<u64> {
        key.strip_prefix(&self.prefix)?
            .strip_suffix(".json")?
            .parse()
            .ok()
    }

    /// Writes down what was used of the grant at hand; the rest is anybody's again.
    pub(crate) async fn settle(&self) -> Result<(), Error> {
        let mut state = self.state.lock().await;
        let Some(own) = state.own.take() else {
            return Ok(());
        };
        let requests = own
            .used
            .saturating_sub(self.unsent.swap(0, Ordering::Relaxed));
        let body = serde_json::to_vec(&Grant { requests }).unwrap_or_default();
        state.known.insert(own.number, requests);
        self.store
            .put(&self.key(own.number), body.into(), JSON)
            .await?;
        Ok(())
    }

    /// Reads the grants that are not known yet.
    async fn look(&self, state: &mut State) -> Result<(), store::Error> {
        let listed = self.store.list_all(&self.prefix).await?;
        let numbers = listed.iter().filter_map(|object| self.number(&object.key));
        let new: Vec<u64> = numbers
            .filter(|number| !state.known.contains_key(number))
            .collect();
        let read: Vec<(u64, u64)> = stream::iter(new)
            .map(async |number| {
                let grant: Option<Grant> = stored::json(self.store.as_ref(), &self.key(number))
                    .await
                    .ok()
                    .flatten();
                // A grant that cannot be read may have been used up.
                Ok::<_, store::Error>((number, grant.map_or(LARGEST, |grant| grant.requests)))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        state.known.extend(read);
        Ok(())
    }

    /// Reserves the next requests; `false` where none are left.
    async fn reserve(&self, state: &mut State) -> Result<bool, store::Error> {
        for _ in 0..TRIES {
            self.look(state).await?;
            let reserved: u64 = state.known.values().sum();
            let left = self.max.saturating_sub(reserved);
            if left == 0 {
                return Ok(false);
            }
            let part = (self.max / SMALLEST_PART).min(left / (2 * self.workers));
            let size = part.clamp(1, LARGEST);
            let number = state.known.last_key_value().map_or(0, |(last, _)| last + 1);
            let body = serde_json::to_vec(&Grant { requests: size }).unwrap_or_default();
            if self
                .store
                .put_new(&self.key(number), body.into(), JSON)
                .await?
                == Written::New
            {
                state.known.insert(number, size);
                state.own = Some(Own {
                    number,
                    size,
                    used: 0,
                });
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[async_trait]
impl RequestBudget for StoredBudget {
    fn max_requests(&self) -> u64 {
        self.max
    }

    async fn take(&self) -> Result<bool, Fault> {
        let mut state = self.state.lock().await;
        let unsent = self
            .unsent
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |unsent| {
                unsent.checked_sub(1)
            });
        if state.own.is_some() && unsent.is_ok() {
            return Ok(true);
        }
        loop {
            if let Some(own) = state.own.as_mut().filter(|own| own.used < own.size) {
                own.used += 1;
                return Ok(true);
            }
            if !self
                .reserve(&mut state)
                .await
                .map_err(|error| fault(&error))?
            {
                return Ok(false);
            }
        }
    }

    fn give_back(&self) {
        self.unsent.fetch_add(1, Ordering::Relaxed);
    }
}

/// The fault of a ledger or a count that could not be written.
pub(crate) fn unwritten(error: &Error) -> Fault {
    Fault::new(FaultKind::Unavailable, error.to_string())
}

#[cfg(test)]
mod tests {
    use store::Memory;

    use super::*;

    fn budget(store: &Arc<dyn Store>, max: u64, workers: u32) -> StoredBudget {
        StoredBudget::new(
            Arc::clone(store),
            "requests/p/run/".to_owned(),
            max,
            workers,
        )
    }

    async fn taken(budget: &StoredBudget) -> u64 {
        let mut taken = 0;
        while budget.take().await.unwrap() {
            taken += 1;
        }
        taken
    }

    #[tokio::test]
    async fn processes_that_work_at_once_share_one_cap() {
        let store: Arc<dyn Store> = Arc::new(Memory::new("b"));
        let workers: Vec<_> = (0..8).map(|_| budget(&store, 500, 8)).collect();
        let mut all = 0;
        for round in 0..2000 {
            all += u64::from(workers[round % 8].take().await.unwrap());
        }
        assert_eq!(all, 500);
        let late = budget(&store, 500, 1);
        assert_eq!(taken(&late).await, 0);
    }

    #[tokio::test]
    async fn a_process_that_dies_spends_no_more_than_it_reserved_and_another_goes_on() {
        let store: Arc<dyn Store> = Arc::new(Memory::new("b"));
        let mut sent = 0;
        for tries in [3, 17, 1, 40] {
            let killed = budget(&store, 200, 1);
            for _ in 0..tries {
                sent += u64::from(killed.take().await.unwrap());
            }
        }
        sent += taken(&budget(&store, 200, 1)).await;
        assert!((190..=200).contains(&sent), "{sent}");
    }

    #[tokio::test]
    async fn what_was_not_sent_can_be_taken_again() {
        let store: Arc<dyn Store> = Arc::new(Memory::new("b"));
        let first = budget(&store, 10, 1);
        for _ in 0..25 {
            assert!(first.take().await.unwrap());
            first.give_back();
        }
        assert!(first.take().await.unwrap());
        first.settle().await.unwrap();
        assert_eq!(taken(&budget(&store, 10, 1)).await, 9);
    }

    #[tokio::test]
    async fn a_larger_cap_lets_the_run_go_on() {
        let store: Arc<dyn Store> = Arc::new(Memory::new("b"));
        assert_eq!(taken(&budget(&store, 10, 1)).await, 10);
        assert_eq!(taken(&budget(&store, 15, 1)).await, 5);
    }
}
