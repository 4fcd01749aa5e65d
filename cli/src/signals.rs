//! Ctrl-C and SIGTERM: the first lets a run end in order, the second ends at once. Commands that have no order to keep
//! end at the first. Either way nothing half-written is left and the status is 130.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;

use imagery::{Stop, Stopper};

/// What ends a run in order, while one is under way.
static STOPPER: Mutex<Option<Stopper>> = Mutex::new(None);

/// Waits for signals on a thread of its own, so that work which never yields is ended too.
pub fn listen() {
    thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            loop {
                wait().await;
                let stopper = STOPPER
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take();
                match stopper {
                    Some(stopper) => {
                        stopper.stop();
                        crate::output::say(format_args!(
                            "stopping: what is under way is finished; once more ends at once"
                        ));
                    }
                    None => {
                        crate::files::remove_unfinished();
                        std::process::exit(130);
                    }
                }
            }
        });
    });
}

/// The signal of a run that ends in order.
pub fn stop() -> Stop {
    let (stopper, stop) = Stop::pair();
    *STOPPER.lock().unwrap_or_else(PoisonError::into_inner) = Some(stopper);
    stop
}

#[cfg(unix)]
async fn wait() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

#[cfg(not(unix))]
async fn wait() {
    let _ = tokio::signal::ctrl_c().await;
}
