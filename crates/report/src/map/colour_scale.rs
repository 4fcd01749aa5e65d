//! Colours for a range of values, in round steps.

use maud::{Markup, html};

use crate::numbers::round_up;

/// Colours of the ramp in `page.css`.
const COLOURS: usize = 8;

/// Equal round steps over some values, a colour each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ColourScale {
    low: f64,
    step: f64,
    steps: usize,
}

impl ColourScale {
    /// Over the range of some values; `None` where there are none.
    pub(crate) fn over(values: impl Iterator<Item = f64>) -> Option<Self> {
        let finite = values.filter(|value| value.is_finite());
        let (low, high, count) = finite
            .fold((f64::MAX, f64::MIN, 0), |(low, high, count), value| {
                (low.min(value), high.max(value), count + 1)
            });
        if count == 0 {
            return None;
        }
        let mut step = round_up(((high - low) / COLOURS as f64).max(1e-3));
        loop {
            let first = (low / step + 1e-9).floor() * step;
            let steps = (((high - first) / step - 1e-9).ceil().max(1.0)) as usize;
            if steps <= COLOURS {
                return Some(Self {
                    low: first,
                    step,
                    steps,
                });
            }
            step = round_up(step * 1.5);
        }
    }

    /// The number of a value's colour, light to strong.
    pub(crate) fn colour(&self, value: f64) -> usize {
        // A float cast saturates: what lies below has the first colour.
        let step = ((value - self.low) / self.step + 1e-9) as usize;
        self.ramp(step.min(self.steps - 1))
    }

    /// Few steps are spread over the whole ramp.
    fn ramp(&self, step: usize) -> usize {
        if self.steps == 1 {
            COLOURS / 2
        } else {
            step * (COLOURS - 1) / (self.steps - 1)
        }
    }

    /// The steps in words.
    pub(crate) fn legend(&self, title: &str) -> Markup {
        let decimals = (-self.step.log10().floor()).clamp(0.0, 4.0) as usize;
        html! {
            ul.legend.ramp aria-label=(title) {
                @for step in 0..self.steps {
                    li {
                        span class={ "swatch r" (self.ramp(step)) } {}
                        (format!("{:.decimals$}", self.low + step as f64 * self.step))
                        @if step + 1 == self.steps { (format!(" – {:.decimals$}", self.low + self.steps as f64 * self.step)) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_cover_the_values() {
        let scale = ColourScale::over([0.031, 0.74].into_iter()).unwrap();
        assert_eq!((scale.low, scale.step, scale.steps), (0.0, 0.1, 8));
        assert_eq!(
            [0.031, 0.1, 0.35, 0.74].map(|value| scale.colour(value)),
            [0, 1, 3, 7]
        );
    }

    #[test]
    fn one_value_and_none_are_no_trouble() {
        let scale = ColourScale::over([0.5, f64::NAN].into_iter()).unwrap();
        assert_eq!(scale.colour(0.5), 4);
        assert_eq!(ColourScale::over(std::iter::empty()), None);
    }

    #[test]
    fn every_range_has_at_most_eight_steps() {
        for exponent in -3..5 {
            for tenths in 10..100 {
                let high = f64::from(tenths) / 10.0 * 10_f64.powi(exponent);
                let scale = ColourScale::over([-high / 3.0, high].into_iter()).unwrap();
                assert!(
                    scale.steps <= COLOURS && scale.low <= -high / 3.0 + high * 1e-9,
                    "{high} {scale:?}"
                );
                assert!(
                    scale.low + scale.steps as f64 * scale.step >= high * (1.0 - 1e-6),
                    "{high} {scale:?}"
                );
            }
        }
    }
}
