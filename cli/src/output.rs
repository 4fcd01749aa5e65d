//! What is printed. A reader that closes its end (`| head`) stops the printing and not the work; a full disk is an error.
//!
//! The macros stand in for those of the standard library, which panic in both cases.

use std::fmt;
use std::io::{ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Set once standard output could not be written for a reason that matters.
static BROKEN: AtomicBool = AtomicBool::new(false);
/// Whether only results and errors are printed.
static QUIET: AtomicBool = AtomicBool::new(false);

macro_rules! println {
    ($($arg:tt)*) => { $crate::output::line(format_args!($($arg)*)) };
}

macro_rules! eprintln {
    ($($arg:tt)*) => { $crate::output::note(format_args!($($arg)*)) };
}

/// A line of results.
pub fn line(text: fmt::Arguments<'_>) {
    if let Err(error) = writeln!(std::io::stdout().lock(), "{text}")
        && error.kind() != ErrorKind::BrokenPipe
        && !BROKEN.swap(true, Ordering::Relaxed)
    {
        say(format_args!(
            "error: standard output cannot be written: {error}"
        ));
    }
}

/// A line on how work goes, which `--quiet` leaves out.
pub fn note(text: fmt::Arguments<'_>) {
    if !is_quiet() {
        say(text);
    }
}

/// A line that is always told: an error, or how a run ended.
pub fn say(text: fmt::Arguments<'_>) {
    // Nobody is left to be told that this cannot be written.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

pub fn be_quiet() {
    QUIET.store(true, Ordering::Relaxed);
}

pub fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Whether results were lost.
pub fn is_broken() -> bool {
    let _ = std::io::stdout().flush();
    BROKEN.load(Ordering::Relaxed)
}
