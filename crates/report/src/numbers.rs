//! Numbers as people read them.

/// A count with thin spaces between thousands: `8 010`.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

/// Three decimals; a dash where there is no value.
pub(crate) fn decimal(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"))
}

/// One decimal and a percent sign.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// `part` of `whole`, 0 where there is no whole.
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below a positive value.
pub(crate) fn round_up(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|step| step * power)
        .find(|step| *step >= value * (1.0 - 1e-9))
        .unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_thousands() {
        assert_eq!(
            [0, 999, 8010, 1_234_567].map(count),
            ["0", "999", "8\u{202f}010", "1\u{202f}234\u{202f}567"]
        );
    }

    #[test]
    fn steps_are_one_two_or_five() {
        let steps = [
            (0.07, 0.1),
            (0.1, 0.1),
            (0.11, 0.2),
            (3.0, 5.0),
            (51.0, 100.0),
        ];
        for (value, step) in steps {
            assert!((round_up(value) - step).abs() < 1e-12, "{value}");
        }
    }
}
