//! The signal after which no new sample is taken.

use tokio::sync::watch;

/// Says whether it is time to stop: a deadline is near, or someone pressed Ctrl-C.
#[derive(Debug, Clone)]
pub struct Stop(Option<watch::Receiver<bool>>);

/// The other end of a [`Stop`].
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

impl Stop {
    /// A signal and the handle that sets it.
    pub fn pair() -> (Stopper, Stop) {
        let (sender, receiver) = watch::channel(false);
        (Stopper(sender), Stop(Some(receiver)))
    }

    /// A signal that is never set.
    pub fn never() -> Stop {
        Stop(None)
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        self.0.as_ref().is_some_and(|receiver| *receiver.borrow())
    }

    /// Returns when it is set.
    pub async fn wait(&self) {
        if let Some(receiver) = &self.0
            && receiver.clone().wait_for(|set| *set).await.is_ok()
        {
            return;
        }
        // Nobody is left who could set it.
        std::future::pending::<()>().await;
    }
}

impl Stopper {
    /// Sets the signal; doing so again changes nothing.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}
