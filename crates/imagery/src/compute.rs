//! From waiting to computing: work handed to the rayon pool, off the threads that wait.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::Error;

/// Runs `work` on the rayon pool. A panic in it (decoders of foreign files assert) is an error here
/// and ends neither the pool nor the process.
///
/// A blocking thread stands by meanwhile, so that the runtime knows of the work: a paused clock does
/// not run ahead of it.
pub(crate) async fn compute<T: Send + 'static>(
    doing: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let standing_by = tokio::task::spawn_blocking(move || {
        catch_unwind(AssertUnwindSafe(|| rayon::scope(|_| work())))
    });
    match standing_by.await {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(_)) | Err(_) => Err(Error::Internal { doing }),
    }
}
