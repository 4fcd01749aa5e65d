//! How hard a source may be asked: by the whole run, and by one worker of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Source};

/// The slowest pace that can be meant: a request in about a quarter of an hour.
const SLOWEST: f64 = 0.001;

/// Limits of a whole run, whatever the number of its workers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Requests a second. Default: what the service allows by its documentation, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_second: Option<f64>,
    /// Requests under way at once. Default: by the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// Tries of one request before its sample fails.
    #[serde(default = "default_tries")]
    pub tries: u32,
    /// Requests that the run may send in all, tries included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_requests: Option<u64>,
}

fn default_tries() -> u32 {
    10
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            per_second: None,
            concurrency: None,
            tries: default_tries(),
            max_requests: None,
        }
    }
}

/// One worker's part of the limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Requests a second; `None` is as fast as the source answers.
    pub per_second: Option<f64>,
    /// Requests under way at once, at least 1.
    pub concurrency: usize,
    /// Tries of one request, at least 1.
    pub tries: u32,
}

impl Limits {
    /// Checks the figures by themselves.
    ///
    /// # Errors
    /// The first of [`Limits::problems`].
    pub fn check(&self) -> Result<(), Error> {
        match self.problems().into_iter().next() {
            Some(problem) => Err(problem),
            None => Ok(()),
        }
    }

    /// Every figure that allows nothing, or that no service could mean.
    pub fn problems(&self) -> Vec<Error> {
        let mut problems = Vec::new();
        if let Some(rate) = self
            .per_second
            .filter(|rate| !(rate.is_finite() && *rate >= SLOWEST))
        {
            problems.push(Error::setting(
                "limits.per_second",
                rate,
                format!("a number of requests a second, at least {SLOWEST}"),
            ));
        }
        if self.concurrency == Some(0) {
            problems.push(Error::setting(
                "limits.concurrency",
                0,
                "at least 1 request at once",
            ));
        }
        if self.tries == 0 {
            problems.push(Error::setting("limits.tries", 0, "at least 1 try"));
        }
        if self.max_requests == Some(0) {
            problems.push(Error::setting(
                "limits.max_requests",
                0,
                "at least 1 request, or leave it out",
            ));
        }
        problems
    }

    /// Requests at once of the whole run: also the largest number of workers that can share it.
    pub fn concurrency(&self, source: &Source) -> u32 {
        self.concurrency.unwrap_or(source.usual_limits().1)
    }

    /// The part of one of `workers` workers, so that all of them together stay within the limits.
    ///
    /// # Errors
    /// [`Error::Setting`] where there are more workers than requests at once, since each worker
    /// needs one, and as [`Limits::check`].
    pub fn share(&self, source: &Source, workers: u32) -> Result<Pace, Error> {
        self.check()?;
        let concurrency = self.concurrency(source);
        if workers == 0 || workers > concurrency {
            return Err(Error::setting(
                "the number of workers",
                workers,
                format!(
                    "1 to {concurrency}, since limits.concurrency is {concurrency} and a worker needs one"
                ),
            ));
        }
        let per_second = self.per_second.or(source.usual_limits().0);
        Ok(Pace {
            per_second: per_second.map(|rate| rate / f64::from(workers)),
            concurrency: (concurrency / workers) as usize,
            tries: self.tries,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Source {
        serde_json::from_str(r#"{"kind": "xyz", "url": "https://t/{z}/{x}/{y}.png"}"#).unwrap()
    }

    #[test]
    fn all_workers_together_stay_within_the_limits() {
        let limits = Limits {
            per_second: Some(20.0),
            concurrency: Some(10),
            ..Limits::default()
        };
        for workers in 1..=10 {
            let pace = limits.share(&source(), workers).unwrap();
            assert!(pace.per_second.unwrap() * f64::from(workers) <= 20.0 + 1e-9);
            assert!(pace.concurrency * workers as usize <= 10);
            assert!(pace.concurrency >= 1);
        }
    }

    #[test]
    fn more_workers_than_requests_at_once_is_an_error_that_says_how_many_can_be() {
        let limits = Limits {
            concurrency: Some(4),
            ..Limits::default()
        };
        let message = limits.share(&source(), 5).unwrap_err().to_string();
        assert_eq!(
            message,
            "the number of workers is 5: expected 1 to 4, since limits.concurrency is 4 and a worker needs one"
        );
    }

    #[test]
    fn limits_that_allow_nothing_are_refused() {
        for (json, setting) in [
            (r#"{"per_second": 0}"#, "limits.per_second"),
            (r#"{"per_second": -1.5}"#, "limits.per_second"),
            (r#"{"per_second": 1e-20}"#, "limits.per_second"),
            (r#"{"concurrency": 0}"#, "limits.concurrency"),
            (r#"{"tries": 0}"#, "limits.tries"),
            (r#"{"max_requests": 0}"#, "limits.max_requests"),
        ] {
            let limits: Limits = serde_json::from_str(json).unwrap();
            assert!(
                limits.check().unwrap_err().to_string().starts_with(setting),
                "{json}"
            );
        }
    }
}
