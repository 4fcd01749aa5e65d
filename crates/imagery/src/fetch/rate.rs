//! Pace: requests a second, and pauses that a service asks for.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Hands out moments at which a request may leave, evenly spaced, and holds all of them back
/// during a pause. There are no bursts, so that many workers together stay under one limit in
/// every second and not only on average.
#[derive(Debug)]
pub(crate) struct Rate {
    interval: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    next: Option<Instant>,
    paused_until: Option<Instant>,
}

impl Rate {
    /// A pace of so many requests a second; `None` hands out every moment.
    pub(crate) fn new(per_second: Option<f64>) -> Self {
        let interval = per_second.map_or(Duration::ZERO, |rate| {
            Duration::try_from_secs_f64(1.0 / rate).unwrap_or(Duration::MAX)
        });
        Self {
            interval,
            state: Mutex::new(State {
                next: None,
                paused_until: None,
            }),
        }
    }

    /// Returns when the next request may leave.
    pub(crate) async fn turn(&self) {
        loop {
            let Some(moment) = self.reserve() else { return };
            sleep_until(moment).await;
            if self.pause_left().is_none() {
                return;
            }
        }
    }

    /// Holds everything back for so long, and at least as long as an earlier call asked for.
    pub(crate) fn pause(&self, time: Duration) {
        let Some(until) = Instant::now().checked_add(time) else {
            return;
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.paused_until = Some(
            state
                .paused_until
                .map_or(until, |earlier| earlier.max(until)),
        );
    }

    /// The moment of the next request, which is taken with this; `None` is at once.
    fn reserve(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let paused = state.paused_until.filter(|until| *until > now);
        if self.interval.is_zero() {
            return paused;
        }
        let earliest = paused.unwrap_or(now);
        let moment = state.next.map_or(earliest, |next| next.max(earliest));
        state.next = moment.checked_add(self.interval);
        (moment > now).then_some(moment)
    }

    fn pause_left(&self) -> Option<Instant> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.paused_until.filter(|until| *until > Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn moments(rate: &Rate, count: usize) -> Vec<u128> {
        let start = Instant::now();
        let mut moments = Vec::new();
        for _ in 0..count {
            rate.turn().await;
            moments.push(start.elapsed().as_millis());
        }
        moments
    }

    #[tokio::test(start_paused = true)]
    async fn requests_leave_evenly_spaced_and_never_in_bursts() {
        assert_eq!(
            moments(&Rate::new(Some(4.0)), 5).await,
            [0, 250, 500, 750, 1000]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn time_spent_idle_is_not_saved_up() {
        let rate = Rate::new(Some(10.0));
        rate.turn().await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(moments(&rate, 3).await, [0, 100, 200]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_back_those_who_wait_already() {
        let rate = Rate::new(Some(2.0));
        rate.turn().await;
        let start = Instant::now();
        let waiting = async {
            rate.turn().await;
            start.elapsed().as_secs()
        };
        let pausing = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            rate.pause(Duration::from_secs(30));
        };
        let (left_at, ()) = tokio::join!(waiting, pausing);
        assert!((30..=31).contains(&left_at), "{left_at}");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_rate_only_pauses_hold_back() {
        let rate = Rate::new(None);
        assert_eq!(moments(&rate, 3).await, [0, 0, 0]);
        rate.pause(Duration::from_secs(2));
        assert_eq!(moments(&rate, 2).await, [2000, 2000]);
    }
}
