//! How readings are spread.

use maud::{Markup, html};

use crate::map::ColourScale;
use crate::numbers;

/// Columns of a histogram.
const BINS: usize = 24;

/// A card with the spread of a measure's readings; nothing where there are none.
pub(crate) fn histogram(measure: &str, readings: &[f64]) -> Option<Markup> {
    let drawing = columns(measure, readings)?;
    let mean = measures::mean(readings.iter().copied().filter(|value| value.is_finite()));
    Some(html! {
        figure.card {
            (drawing)
            figcaption {
                b { (measure) } ": mean " (numbers::decimal(mean.mean))
                @if let (Some(low), Some(high)) = (mean.low, mean.high) {
                    (format!(" (95 % interval {low:.3} to {high:.3})"))
                }
                " of " (numbers::count(mean.n)) " readings"
            }
        }
    })
}

/// How values are spread, as columns; nothing where there are none.
pub(crate) fn columns(name: &str, values: &[f64]) -> Option<Markup> {
    let high = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .fold(f64::MIN, f64::max);
    let low = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .fold(f64::MAX, f64::min);
    ColourScale::over(values.iter().copied())?;
    let high = if low >= 0.0 && high <= 1.0 {
        numbers::round_up(high.max(1e-3)).min(1.0)
    } else {
        high
    };
    let low = low.min(0.0);
    let mut counts = [0_u64; BINS];
    for value in values.iter().filter(|value| value.is_finite()) {
        // A float cast saturates, and the highest value belongs to the last column.
        let bin = ((value - low) / (high - low).max(f64::MIN_POSITIVE) * BINS as f64) as usize;
        counts[bin.min(BINS - 1)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    let label = format!("{name}: {} values from {low:.3} to {high:.3}", values.len());
    // Weights and metres need no decimals.
    let decimals = if high - low >= 20.0 { 0 } else { 2 };
    Some(html! {
        svg viewBox="0 0 480 150" role="img" aria-label=(label) {
            @for (bin, count) in counts.iter().enumerate() {
                @let height = 118.0 * *count as f64 / most as f64;
                rect.column x=(bin * 20 + 1) y=(format!("{:.1}", 122.0 - height)) width="18" height=(format!("{height:.1}")) rx="2" {
                    title { (numbers::count(*count)) }
                }
            }
            path.axis d="M0 122.5h480" {}
            text.label x="0" y="142" { (format!("{low:.decimals$}")) }
            text.label x="240" y="142" text-anchor="middle" { (format!("{:.decimals$}", f64::midpoint(low, high))) }
            text.label x="480" y="142" text-anchor="end" { (format!("{high:.decimals$}")) }
        }
    })
}
