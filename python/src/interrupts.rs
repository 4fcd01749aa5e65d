//! Long work: on a thread of its own, with the interpreter free, until it is done or Ctrl-C is pressed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// How often Ctrl-C is looked for, and progress told.
const EVERY: Duration = Duration::from_millis(100);

/// Runs `work` with the interpreter's lock released. `work` is asked to stop, by the flag it is given, once a signal has
/// arrived or `tell` has failed; that exception is raised when the work has ended.
pub fn interruptibly<T: Send>(
    py: Python<'_>,
    work: impl FnOnce(&AtomicBool) -> T + Send,
    mut tell: impl FnMut(Python<'_>) -> PyResult<()>,
) -> PyResult<T> {
    let stop = AtomicBool::new(false);
    let ended = (Mutex::new(false), Condvar::new());
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            // Also where the work panics: whoever waits must not wait for ever.
            let _told = Ended(&ended);
            work(&stop)
        });
        let mut interrupted = None;
        while !py.detach(|| has_ended(&ended)) {
            if interrupted.is_none()
                && let Err(exception) = py.check_signals().and_then(|()| tell(py))
            {
                stop.store(true, Ordering::Relaxed);
                interrupted = Some(exception);
            }
        }
        let done = worker.join();
        match (interrupted, done) {
            (Some(exception), _) => Err(exception),
            (None, Ok(value)) => Ok(value),
            (None, Err(_)) => Err(PyRuntimeError::new_err(
                "internal fault: the work ended in a panic, see standard error; please report it",
            )),
        }
    })
}

/// Says that the work has ended, whichever way.
struct Ended<'a>(&'a (Mutex<bool>, Condvar));

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }
}

/// Whether the work ends within a short time.
fn has_ended((ended, told): &(Mutex<bool>, Condvar)) -> bool {
    let guard = ended.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = told.wait_timeout_while(guard, EVERY, |ended| !*ended);
    *waited.unwrap_or_else(PoisonError::into_inner).0
}
