//! Names made safe for object keys, file names and sample ids.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Characters of a slug before the hash; a file name holds 255 bytes with its other parts.
const LONGEST: usize = 80;

/// A name in ASCII letters, digits, `.`, `_` and `-`: no separators, no `..`, nothing to escape.
///
/// A space becomes `_`. Where anything else is lost, eight digits of the name's SHA-256 are
/// appended, so that different names stay different.
///
/// ```
/// use sampling::slug;
/// assert_eq!(slug("17031842400"), "17031842400");
/// assert_eq!(slug("Clydesmuir Road"), "Clydesmuir_Road");
/// assert_ne!(slug("Rue de l'Église"), slug("Rue de l'Eglise"));
/// assert!(!slug("../../etc").contains('/') && !slug("../../etc").contains(".."));
/// ```
#[must_use]
pub fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    let mut lossy = name.is_empty() || (name.contains(' ') && name.contains('_'));
    for (position, character) in name.chars().enumerate() {
        if slug.len() == LONGEST {
            lossy = true;
            break;
        }
        // a leading dot hides a file, and two make a step upwards
        let step_up = character == '.' && (position == 0 || slug.ends_with('.'));
        match character {
            ' ' => slug.push('_'),
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' | '-' if !step_up => slug.push(character),
            _ => {
                slug.push('-');
                lossy = true;
            }
        }
    }
    if lossy {
        let hash = Sha256::digest(name.as_bytes());
        slug.push('-');
        for byte in hash.iter().take(4) {
            // writing to a String cannot fail
            let _ = write!(slug, "{byte:02x}");
        }
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_names_stay_and_others_are_told_apart() {
        for plain in ["Vaduz", "a-b.c_d", "way-1.x", "0"] {
            assert_eq!(slug(plain), plain);
        }
        let lossy = [
            "", ".", "..", "a/b", "a\\b", "a\nb", "é", "a b_c", "a_b c", "a:b", "a..b",
        ];
        let mut slugs: Vec<String> = lossy.iter().map(|name| slug(name)).collect();
        slugs.sort();
        slugs.dedup();
        assert_eq!(slugs.len(), lossy.len());
    }

    proptest! {
        #[test]
        fn a_slug_is_safe_and_short(name in "\\PC{0,200}") {
            let slug = slug(&name);
            prop_assert!(!slug.is_empty() && slug.len() <= LONGEST + 9);
            prop_assert!(!slug.starts_with('.') && !slug.contains(".."));
            prop_assert!(slug.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)));
        }
    }
}
