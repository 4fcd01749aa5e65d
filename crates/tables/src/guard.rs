//! The last wall around readers of foreign bytes: a panic inside of one is a bad file, and nothing is printed.
//!
//! Bounds are checked before; this is for what they miss in libraries that index past the end on malformed input.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::{Error, Result};

thread_local! {
    /// How many guarded calls this thread is in.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}
static HOOK: Once = Once::new();

/// Runs a reader; a panic in it is [`Error::Malformed`] for the file `name`.
pub(crate) fn reading<T>(
    name: &str,
    format: &'static str,
    read: impl FnOnce() -> Result<T>,
) -> Result<T> {
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if DEPTH.with(Cell::get) == 0 {
                before(panic);
            }
        }));
    });
    DEPTH.with(|depth| depth.set(depth.get() + 1));
    let outcome = catch_unwind(AssertUnwindSafe(read));
    DEPTH.with(|depth| depth.set(depth.get() - 1));
    outcome.unwrap_or_else(|panic| {
        let words = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no reason given");
        Err(Error::malformed(
            name,
            format,
            format!("it is damaged; the reader stopped at: {words}"),
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_a_reader_is_a_bad_file() {
        let read = || -> Result<()> {
            let nothing: [u8; 0] = [];
            let at = nothing.len();
            Err(Error::malformed("", "", nothing[at..][0]))
        };
        let error = reading("a.bin", "test", read).unwrap_err().to_string();
        assert!(
            error.starts_with("a.bin: not a readable test file: it is damaged"),
            "{error}"
        );
        assert_eq!(DEPTH.with(Cell::get), 0);
    }
}
