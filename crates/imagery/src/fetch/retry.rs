//! When to try again: delays of our own, and those that a service asks for.

use std::time::Duration;

use jiff::Timestamp;
use rand::RngExt;
use rand_pcg::Pcg64Mcg;

use super::transport::Reply;

/// Exponential delays with full jitter: uniform between nothing and the step's delay (M. Brooker,
/// "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    pub(crate) first: Duration,
    pub(crate) cap: Duration,
}

impl Backoff {
    /// 1 s, doubled with every try, 60 s at most.
    pub(crate) const USUAL: Self = Self {
        first: Duration::from_secs(1),
        cap: Duration::from_secs(60),
    };

    /// The delay after the `failures`th failure, counted from 1.
    pub(crate) fn delay(&self, failures: u32, rng: &mut Pcg64Mcg) -> Duration {
        let doubled = 2_u32
            .checked_pow(failures.saturating_sub(1))
            .unwrap_or(u32::MAX);
        let longest = self
            .first
            .checked_mul(doubled)
            .map_or(self.cap, |delay| delay.min(self.cap));
        longest.mul_f64(rng.random::<f64>())
    }
}

/// How long a reply asks to wait: `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), else
/// `X-Rate-Limit-Reset` in seconds since 1970.
pub(crate) fn asked_pause(reply: &Reply, now: Timestamp) -> Option<Duration> {
    let until = |moment: Timestamp| {
        Duration::try_from(moment.duration_since(now)).unwrap_or(Duration::ZERO)
    };
    if let Some(text) = reply.header("retry-after") {
        let text = text.trim();
        if let Ok(seconds) = text.parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        if let Ok(date) = jiff::fmt::rfc2822::parse(text) {
            return Some(until(date.timestamp()));
        }
    }
    let reset = reply
        .header("x-rate-limit-reset")?
        .trim()
        .parse::<i64>()
        .ok()?;
    Timestamp::from_second(reset).ok().map(until)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use rand::SeedableRng;
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    fn reply(headers: &[(&'static str, &'static str)]) -> Reply {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        Reply {
            status: 429,
            headers,
            body: Bytes::new(),
        }
    }

    #[test]
    fn a_service_can_ask_for_a_pause_in_three_ways() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let cases = [
            (vec![("retry-after", "120")], Some(120)),
            (
                vec![("retry-after", "Sat, 21 Nov 2026 12:00:07 GMT")],
                Some(7),
            ),
            (
                vec![("retry-after", "Sat, 21 Nov 2026 11:00:00 GMT")],
                Some(0),
            ),
            (vec![("x-rate-limit-reset", "1795262445")], Some(45)),
            (
                vec![
                    ("retry-after", "soon"),
                    ("x-rate-limit-reset", "1795262445"),
                ],
                Some(45),
            ),
            (
                vec![("retry-after", "3"), ("x-rate-limit-reset", "1795262445")],
                Some(3),
            ),
            (vec![("retry-after", "-3")], None),
            (vec![], None),
        ];
        for (headers, seconds) in cases {
            assert_eq!(
                asked_pause(&reply(&headers), now),
                seconds.map(Duration::from_secs),
                "{headers:?}"
            );
        }
    }

    #[test]
    fn delays_double_up_to_the_cap_and_fill_the_whole_range_below() {
        let mut rng = Pcg64Mcg::seed_from_u64(1);
        for (failures, longest) in [(1, 1.0), (2, 2.0), (6, 32.0), (7, 60.0), (40, 60.0)] {
            let delays: Vec<f64> = (0..2000)
                .map(|_| Backoff::USUAL.delay(failures, &mut rng).as_secs_f64())
                .collect();
            let mean = delays.iter().sum::<f64>() / 2000.0;
            assert!(delays.iter().all(|delay| (0.0..=longest).contains(delay)));
            assert!(
                (mean / longest - 0.5).abs() < 0.03,
                "{failures}: mean {mean}"
            );
        }
    }
}
