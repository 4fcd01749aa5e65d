//! How a command ended, as its exit status tells.

use contracts::{Fault, FaultName};
use serde_json::Value;
use study::SummaryReply;

/// The exit statuses, as `--help` shows them.
pub const HELP: &str = "\
Exit status:
  0    every sample, file or unit has its answer
  1    something must be changed, or the storage or the source cannot be used
  2    the command line is wrong
  3    done, but some failed
  4    some are left: stopped by a cap, a quota or a deadline
  130  stopped by Ctrl-C or SIGTERM";

/// How a command ended that did not fail as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Everything has its answer.
    Done,
    /// Done, but some failed.
    SomeFailed,
    /// Some are left.
    SomeLeft,
    /// Stopped by a signal.
    Stopped,
}

impl From<()> for Ending {
    fn from((): ()) -> Self {
        Self::Done
    }
}

impl Ending {
    /// The exit status that says so.
    pub fn status(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::SomeFailed => 3,
            Self::SomeLeft => 4,
            Self::Stopped => 130,
        }
    }
}

/// Counts of a run, wherever it ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub samples: u64,
    pub pictures: u64,
    pub without: u64,
    pub failed: u64,
    pub left: u64,
    pub reasons: Vec<(String, u64)>,
}

impl From<&SummaryReply> for Counts {
    fn from(reply: &SummaryReply) -> Self {
        Self {
            samples: reply.samples,
            pictures: reply.pictures,
            without: reply.without,
            failed: reply.failed,
            left: reply.left,
            reasons: reply.reasons.clone(),
        }
    }
}

impl Counts {
    /// What the summary of an execution says, where its output is one.
    pub fn of_output(output: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(output).ok()?;
        let reply: SummaryReply = serde_json::from_value(value).ok()?;
        Some(Self::from(&reply))
    }

    /// How the run ended, by its counts alone.
    pub fn ending(&self) -> Ending {
        match (self.left, self.failed) {
            (0, 0) => Ending::Done,
            (0, _) => Ending::SomeFailed,
            _ => Ending::SomeLeft,
        }
    }

    /// The last line: counts, the commonest reasons, and what to do next.
    pub fn sentence(&self, next: &str) -> String {
        let Self {
            samples,
            pictures,
            without,
            failed,
            left,
            ..
        } = self;
        let mut text = format!(
            "{samples} samples: {pictures} with a picture, {without} without imagery, {failed} failed, {left} left"
        );
        if !self.reasons.is_empty() {
            let reasons: Vec<String> = self
                .reasons
                .iter()
                .take(3)
                .map(|(reason, count)| format!("{} ({count})", short(reason)))
                .collect();
            text.push_str(&format!("; failed for: {}", reasons.join(", ")));
        }
        if self.ending() != Ending::Done && !next.is_empty() {
            text.push_str(&format!("; next: {next}"));
        }
        text
    }
}

/// A reason that leaves room for others.
fn short(reason: &str) -> String {
    const LONGEST: usize = 120;
    match reason.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", reason.get(..end).unwrap_or_default()),
        None if reason.is_empty() => "no reason told".to_owned(),
        None => reason.to_owned(),
    }
}

/// Says what went wrong, on the last line of a command.
pub fn tell(fault: &Fault) {
    let message = &fault.message;
    let name = match fault.name {
        // The name serves state machines; that something is wrong with what was given is said already.
        FaultName::InvalidStudy | FaultName::InvalidInput => String::new(),
        name => format!(" ({})", name.as_str()),
    };
    crate::output::say(format_args!("error: {message}{name}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_well_only_if_every_sample_has_an_answer() {
        let counts = |failed, left| Counts {
            samples: 10,
            pictures: 10 - failed - left,
            failed,
            left,
            ..Counts::default()
        };
        assert_eq!(counts(0, 0).ending(), Ending::Done);
        assert_eq!(counts(10, 0).ending(), Ending::SomeFailed);
        assert_eq!(counts(0, 1).ending(), Ending::SomeLeft);
        assert_eq!(counts(3, 1).ending(), Ending::SomeLeft);
    }

    #[test]
    fn the_last_line_says_why_and_what_next() {
        let counts = Counts {
            samples: 5,
            pictures: 2,
            failed: 3,
            reasons: vec![
                ("http 503".to_owned(), 2),
                ("no answer in time".to_owned(), 1),
            ],
            ..Counts::default()
        };
        assert_eq!(
            counts.sentence("transect run s.toml"),
            "5 samples: 2 with a picture, 0 without imagery, 3 failed, 0 left; \
             failed for: http 503 (2), no answer in time (1); next: transect run s.toml"
        );
    }
}
