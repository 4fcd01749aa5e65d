//! From waiting to computing: work handed to threads that may block, off those that wait.

use std::sync::LazyLock;

use tokio::sync::Semaphore;

use crate::Error;

/// Places for work: as many as the rayon pool has threads, since each keeps a core busy.
static PLACES: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(rayon::current_num_threads()));

/// Runs `work` on a thread that may block, no more at once than there are cores. A panic in it
/// (decoders of foreign files assert) is an error here and does not end the process.
pub(crate) async fn compute<T: Send + 'static>(
    doing: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let failed = || Error::Internal { doing };
    let place = PLACES.acquire().await.map_err(|_| failed())?;
    let work = move || {
        // Kept to the end of the work, which goes on where nobody waits for it any more.
        let _place = place;
        work()
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| failed())
}
