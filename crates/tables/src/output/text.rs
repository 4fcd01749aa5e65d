//! Text that other programs show: without characters that would act instead of being shown.

/// A text with control characters, and marks that turn the direction of reading, as `\u{202e}` and the like; line breaks
/// and tabs stay.
pub(super) fn visible(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if acts(letter) {
            safe.extend(letter.escape_unicode());
        } else {
            safe.push(letter);
        }
    }
    safe
}

fn acts(letter: char) -> bool {
    let is_break = matches!(letter, '\n' | '\r' | '\t');
    (letter.is_control() && !is_break)
        || matches!(letter,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// A text as XML: [`visible`], and without markup.
pub(super) fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in visible(text).chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// A text that a spreadsheet does not take for a formula: [`visible`], with a quote in front of what would be one.
pub(super) fn cell(text: &str) -> String {
    let safe = visible(text);
    let is_formula = safe.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠', '|', '%',
    ]);
    if is_formula && safe.trim().parse::<f64>().is_err() {
        format!("'{safe}")
    } else {
        safe
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_text_and_numbers_stay_numbers() {
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("@SUM(A1)"), "'@SUM(A1)");
        assert_eq!(cell("-5.5"), "-5.5");
        assert_eq!(cell("-rf"), "'-rf");
        assert_eq!(cell("a=b"), "a=b");
    }

    #[test]
    fn marks_that_turn_the_text_are_shown() {
        assert_eq!(
            visible("a\u{202e}b\0\u{1b}[1m\n"),
            "a\\u{202e}b\\u{0}\\u{1b}[1m\n"
        );
        assert_eq!(
            xml("<a href='x'>&\u{7}"),
            "&lt;a href=&#39;x&#39;&gt;&amp;\\u{7}"
        );
    }
}
