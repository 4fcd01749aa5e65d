//! How far work is: a bar on a terminal, a line now and then anywhere else.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output;

/// Time between lines where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);

/// Items done of all there are, with a word on how they went.
pub struct Progress {
    bar: ProgressBar,
    /// Where there is no terminal: when the last line was written.
    last_line: Option<Mutex<Option<Instant>>>,
}

impl Progress {
    /// Of `total` items; `tail` is what the bar shows after the message, in indicatif's template language.
    pub fn new(total: u64, tail: &str) -> Self {
        let style =
            ProgressStyle::with_template(&format!("{{bar:40}} {{pos}}/{{len}} {{msg}}{tail}"))
                .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(total).with_style(style);
        if output::is_quiet() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let last_line = (bar.is_hidden() && !output::is_quiet()).then(Mutex::default);
        Self { bar, last_line }
    }

    pub fn show(&self, done: u64, total: u64, message: String) {
        self.bar.set_length(total);
        self.bar.set_position(done);
        self.bar.set_message(message);
        if let Some(last_line) = &self.last_line {
            let mut last = last_line.lock().unwrap_or_else(PoisonError::into_inner);
            if last.is_none_or(|last| last.elapsed() >= EVERY) {
                *last = Some(Instant::now());
                self.line();
            }
        }
    }

    /// Leaves the bar as it stands.
    pub fn end(&self) {
        self.bar.abandon();
        if self.last_line.is_some() {
            self.line();
        }
    }

    fn line(&self) {
        let total = self.bar.length().unwrap_or_default();
        eprintln!("{}/{total} {}", self.bar.position(), self.bar.message());
    }
}
