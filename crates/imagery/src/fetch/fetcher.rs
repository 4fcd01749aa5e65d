//! The loop that every request goes through: cap, pace, places in flight, tries.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};
use url::Url;

use super::budget::RequestBudget;
use super::rate::Rate;
use super::retry::{Backoff, asked_pause};
use super::transport::{Reply, Request, Transport, TransportFault};
use crate::clock::Clock;
use crate::stop::Stop;
use crate::{Error, STOP_GRACE};

/// The longest pause that is sat out; beyond it the run ends and says when to come back.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);

/// How often a way to the source is looked for, and how long each time: 14 s in all.
const REACHES: u32 = 3;
const REACH_TIME: Duration = Duration::from_secs(4);
const REACH_PAUSE: Duration = Duration::from_secs(1);

/// Why a sample got no picture.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Miss {
    /// The source has none there.
    NoImagery(String),
    /// It failed for good.
    Failed(String),
    /// Every try was used up: the source may be down.
    GaveUp(String),
    /// Not done: the run is stopping.
    Stopped,
    /// Not done: the cap on requests is reached.
    Capped,
    /// Nothing can be done: the whole run must end.
    Fatal(Error),
}

/// Why a reply is not what was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Rejection {
    /// May work on another try.
    Retry(String),
    /// Broken once may be an accident, twice is not: one more try.
    Defect(String),
    /// Will not work.
    Final(String),
    /// The source has nothing there.
    NoImagery(String),
    /// The key or account is refused.
    Refused(String),
    /// The quota of a day or a month is used up: nothing more comes today.
    QuotaUsed(String),
    /// The address that all samples share leads nowhere.
    NotThere(String),
}

/// Judges a status as most services mean it.
pub(crate) fn plain_status(reply: &Reply) -> Result<(), Rejection> {
    let said = || {
        let excerpt = super::validate::excerpt(&String::from_utf8_lossy(
            &reply.body[..reply.body.len().min(2048)],
        ));
        if excerpt.is_empty() {
            format!("http {}", reply.status)
        } else {
            format!("http {}: {excerpt}", reply.status)
        }
    };
    match reply.status {
        200..=299 => Ok(()),
        401 => Err(Rejection::Refused(said())),
        408 | 425 | 429 | 500 | 502 | 503 | 504 => Err(Rejection::Retry(said())),
        _ => Err(Rejection::Final(said())),
    }
}

/// What one batch asks a source through.
pub(crate) struct Fetcher {
    pub(crate) source_kind: &'static str,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rate: Arc<Rate>,
    pub(crate) places: Arc<Semaphore>,
    pub(crate) tries: u32,
    pub(crate) backoff: Backoff,
    pub(crate) stop: Stop,
    pub(crate) budget: Option<Arc<dyn RequestBudget>>,
    /// Set once there was a way to the source.
    pub(crate) reached: Arc<OnceCell<()>>,
    pub(crate) sent: AtomicU64,
    pub(crate) jitter: Mutex<Pcg64Mcg>,
}

/// The requests of one sample.
#[derive(Clone)]
pub(crate) struct Call {
    fetcher: Arc<Fetcher>,
    effort: Arc<Effort>,
}

#[derive(Default)]
struct Effort {
    attempts: AtomicU32,
    /// Status of the latest reply; 0 is none yet.
    status: AtomicU32,
}

impl Fetcher {
    /// For a few requests outside of any batch: one at a time, without a cap.
    pub(crate) fn alone(
        source_kind: &'static str,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        tries: u32,
    ) -> Arc<Self> {
        Arc::new(Self {
            source_kind,
            transport,
            clock,
            rate: Arc::new(Rate::new(None)),
            places: Arc::new(Semaphore::new(1)),
            tries,
            backoff: Backoff::USUAL,
            stop: Stop::never(),
            budget: None,
            reached: Arc::default(),
            sent: AtomicU64::new(0),
            jitter: Mutex::new(Pcg64Mcg::seed_from_u64(0)),
        })
    }

    pub(crate) fn call(self: &Arc<Self>) -> Call {
        Call {
            fetcher: self.clone(),
            effort: Arc::default(),
        }
    }

    /// Requests sent so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Waits for a place and a turn, and takes one request from the cap.
    pub(crate) async fn leave(&self) -> Result<SemaphorePermit<'_>, Miss> {
        let place = async {
            let place = self.places.acquire().await.map_err(|_| Miss::Stopped)?;
            self.rate.turn().await;
            Ok::<_, Miss>(place)
        };
        let place = tokio::select! {
            biased;
            () = self.stop.wait() => return Err(Miss::Stopped),
            place = place => place?,
        };
        if let Some(budget) = &self.budget {
            let taken = budget.take().await.map_err(|fault| {
                let key = "the count of requests".to_owned();
                Miss::Fatal(Error::Storage { key, fault })
            })?;
            if !taken {
                return Err(Miss::Capped);
            }
        }
        self.sent.fetch_add(1, Ordering::Relaxed);
        Ok(place)
    }

    async fn send(&self, request: &Request) -> Result<Result<Reply, TransportFault>, Miss> {
        let reach = || self.reach(request.shown_url());
        self.reached.get_or_try_init(reach).await?;
        let _place = self.leave().await?;
        let reply = tokio::select! {
            reply = tokio::time::timeout(request.time_allowed(), self.transport.send(request)) => {
                reply.unwrap_or(Err(TransportFault::Timeout))
            }
            () = async { self.stop.wait().await; tokio::time::sleep(STOP_GRACE).await } => return Err(Miss::Stopped),
        };
        if matches!(
            reply,
            Err(TransportFault::Connect(_)
                | TransportFault::Refused(_)
                | TransportFault::Request(_))
        ) {
            // Nothing left this machine.
            self.sent.fetch_sub(1, Ordering::Relaxed);
            if let Some(budget) = &self.budget {
                budget.give_back();
            }
        }
        Ok(reply)
    }

    /// Looks for a way to the source before anything is asked of it, so that a machine without a network is told
    /// at once and not sample by sample.
    async fn reach(&self, url: &Url) -> Result<(), Miss> {
        let mut reason = String::new();
        for left in (0..REACHES).rev() {
            let look = tokio::time::timeout(REACH_TIME, self.transport.reach(url));
            reason = tokio::select! {
                biased;
                () = self.stop.wait() => return Err(Miss::Stopped),
                looked = look => match looked {
                    Ok(Ok(())) => return Ok(()),
                    // That address is not asked, which is for the sample to say.
                    Ok(Err(TransportFault::Refused(_))) => return Ok(()),
                    Ok(Err(fault)) => fault.to_string(),
                    Err(_) => "no connection in time".to_owned(),
                },
            };
            if left > 0 {
                tokio::time::sleep(REACH_PAUSE).await;
            }
        }
        Err(Miss::Fatal(Error::Unreachable {
            source_kind: self.source_kind,
            host: url.host_str().unwrap_or_default().to_owned(),
            reason,
        }))
    }

    /// Holds this worker back as the service asks, or waits by itself before the next try.
    async fn rest(&self, failures: u32, asked: Option<Duration>) -> Result<(), Miss> {
        if let Some(pause) = asked.filter(|pause| !pause.is_zero()) {
            if pause > LONGEST_PAUSE {
                let wait_s = pause.as_secs();
                return Err(Miss::Fatal(Error::SourceThrottled {
                    source_kind: self.source_kind,
                    wait_s,
                }));
            }
            self.rate.pause(pause);
            return Ok(());
        }
        let delay = self.backoff.delay(
            failures,
            &mut self.jitter.lock().unwrap_or_else(PoisonError::into_inner),
        );
        tokio::select! {
            biased;
            () = self.stop.wait() => Err(Miss::Stopped),
            () = tokio::time::sleep(delay) => Ok(()),
        }
    }
}

impl Call {
    pub(crate) fn now(&self) -> jiff::Timestamp {
        self.fetcher.clock.now()
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.effort.attempts.load(Ordering::Relaxed)
    }

    pub(crate) fn http_status(&self) -> Option<u16> {
        u16::try_from(self.effort.status.load(Ordering::Relaxed))
            .ok()
            .filter(|status| *status != 0)
    }

    /// Takes one request from the cap, for a reader that is not HTTP.
    pub(crate) async fn leave(&self) -> Result<SemaphorePermit<'_>, Miss> {
        let place = self.fetcher.leave().await?;
        self.effort.attempts.fetch_add(1, Ordering::Relaxed);
        Ok(place)
    }

    /// Sends a request until `judge` accepts the reply or the tries are used up.
    pub(crate) async fn fetch<T>(
        &self,
        request: &Request,
        judge: impl Fn(&Reply) -> Result<T, Rejection>,
    ) -> Result<T, Miss> {
        let fetcher = &self.fetcher;
        let kind = fetcher.source_kind;
        let mut defects = 0;
        for failures in 1..=fetcher.tries {
            let outcome = fetcher.send(request).await?;
            self.effort.attempts.fetch_add(1, Ordering::Relaxed);
            let mut asked = None;
            let rejection = match outcome {
                Ok(reply) => {
                    let reply = request.redacted(reply);
                    self.effort
                        .status
                        .store(reply.status.into(), Ordering::Relaxed);
                    match judge(&reply) {
                        Ok(accepted) => return Ok(accepted),
                        Err(rejection) => {
                            if matches!(rejection, Rejection::Retry(_)) {
                                asked = asked_pause(&reply, fetcher.clock.now());
                            }
                            rejection
                        }
                    }
                }
                Err(
                    fault @ (TransportFault::TooLarge { .. }
                    | TransportFault::Request(_)
                    | TransportFault::Redirect { .. }
                    | TransportFault::Refused(_)),
                ) => Rejection::Final(fault.to_string()),
                Err(fault) => Rejection::Retry(fault.to_string()),
            };
            let status = self.http_status().unwrap_or(0);
            let location = || request.shown_url().to_string();
            match rejection {
                Rejection::Retry(reason) => {
                    let reason = request.redact(&reason);
                    tracing::debug!(source = kind, failures, %reason, "a request failed and may be tried again");
                    if failures == fetcher.tries {
                        return Err(Miss::GaveUp(reason));
                    }
                }
                Rejection::Defect(reason) => {
                    defects += 1;
                    if defects > 1 || failures == fetcher.tries {
                        return Err(Miss::Failed(request.redact(&reason)));
                    }
                }
                Rejection::Final(reason) => return Err(Miss::Failed(request.redact(&reason))),
                Rejection::NoImagery(reason) => {
                    return Err(Miss::NoImagery(request.redact(&reason)));
                }
                Rejection::Refused(reason) => {
                    let reason = request.redact(&reason);
                    return Err(Miss::Fatal(Error::KeyRefused {
                        source_kind: kind,
                        http_status: status,
                        reason,
                    }));
                }
                Rejection::QuotaUsed(reason) => {
                    let reason = request.redact(&reason);
                    return Err(Miss::Fatal(Error::QuotaUsed {
                        source_kind: kind,
                        reason,
                    }));
                }
                Rejection::NotThere(reason) => {
                    let reason = request.redact(&reason);
                    return Err(Miss::Fatal(Error::NotFound {
                        source_kind: kind,
                        location: location(),
                        reason,
                    }));
                }
            }
            fetcher.rest(failures, asked).await?;
        }
        Err(Miss::GaveUp("no try left".to_owned()))
    }
}
