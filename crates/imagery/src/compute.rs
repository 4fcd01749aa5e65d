//! From waiting to computing: work handed to the rayon pool, off the threads that wait.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use crate::Error;

/// Runs `work` on the rayon pool. A panic in it (decoders of foreign files assert) is an error here
/// and ends neither the pool nor the process.
pub(crate) async fn compute<T: Send + 'static>(
    doing: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let (sender, receiver) = oneshot::channel();
    rayon::spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(work));
        // Whoever asked may have stopped waiting.
        drop(sender.send(result.map_err(|_| Error::Internal { doing })));
    });
    receiver.await.unwrap_or(Err(Error::Internal { doing }))
}
