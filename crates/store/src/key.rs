//! Keys: which are usable in every store.

use crate::Error;

/// Longest key that S3 takes, in bytes.
const MAX_KEY_BYTES: usize = 1024;

/// Checks that a key means the same in S3 and in a folder.
///
/// # Errors
/// [`Error::InvalidKey`] for an empty key, one over 1,024 bytes, one with an empty, `.` or `..`
/// part, a backslash or a control character.
pub fn check_key(key: &str) -> Result<(), Error> {
    let reason = if key.is_empty() {
        "it is empty"
    } else if key.len() > MAX_KEY_BYTES {
        "it is longer than 1024 bytes"
    } else if key.chars().any(|c| c.is_control() || c == '\\') {
        "it has a control character or a backslash"
    } else if key.split('/').any(|part| matches!(part, "" | "." | "..")) {
        "it has an empty, . or .. part"
    } else {
        return Ok(());
    };
    Err(Error::InvalidKey {
        key: key.chars().take(80).collect(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_leave_the_bucket_are_refused() {
        for key in ["", "/a", "a//b", "a/../b", "..", "a\\b", "a\nb", "a/."] {
            assert!(check_key(key).is_err(), "{key:?}");
        }
        for key in ["a", "a/b.parquet", "plans/0a/samples.parquet", "a b/ü.tif"] {
            assert!(check_key(key).is_ok(), "{key:?}");
        }
    }
}
