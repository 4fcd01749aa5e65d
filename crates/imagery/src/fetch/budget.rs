//! How many requests may be sent.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

use crate::store::Fault;

/// Requests that may be sent: by this process, or by all that share the budget.
#[async_trait]
pub trait RequestBudget: Send + Sync {
    /// Requests allowed in all.
    fn max_requests(&self) -> u64;

    /// Takes one request before it is sent; `false` where none is left.
    ///
    /// # Errors
    /// The storage's, where the budget is kept there: without it nobody knows whether one is left.
    async fn take(&self) -> Result<bool, Fault>;

    /// Gives back one that was taken and not sent: there was no connection.
    fn give_back(&self);
}

/// A budget of this process alone.
#[derive(Debug)]
pub struct RequestCap {
    max: u64,
    left: AtomicU64,
}

impl RequestCap {
    /// So many requests.
    #[must_use]
    pub fn new(max: u64) -> Self {
        Self {
            max,
            left: AtomicU64::new(max),
        }
    }
}

#[async_trait]
impl RequestBudget for RequestCap {
    fn max_requests(&self) -> u64 {
        self.max
    }

    async fn take(&self) -> Result<bool, Fault> {
        let taken = self
            .left
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            });
        Ok(taken.is_ok())
    }

    fn give_back(&self) {
        self.left.fetch_add(1, Ordering::Relaxed);
    }
}
