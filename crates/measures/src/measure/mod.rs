//! The measures a study can ask for, by name, and what they read from a picture.

mod blank;
mod brightness;
mod edge;
mod exg;
mod green;
mod opencv_lab;
mod readings;
mod spec;

pub use blank::Blank;
pub use brightness::Brightness;
pub use edge::Edge;
pub use exg::Exg;
pub use green::Green;
pub use readings::{ReadingStatus, Readings, measure_bytes};
pub use spec::{MeasureSpec, check, columns};

use crate::{Error, Picture, Result};

/// What each measure reads from a picture, in the order asked; `None` where no pixel counts.
#[must_use]
pub fn measure(picture: &Picture<'_>, measures: &[MeasureSpec]) -> Vec<Option<f64>> {
    measures
        .iter()
        .map(|spec| match spec {
            MeasureSpec::Green(green) => green.measure(picture),
            MeasureSpec::Exg(exg) => exg.measure(picture),
            MeasureSpec::Brightness(brightness) => brightness.measure(picture),
            MeasureSpec::Blank(blank) => blank.measure(picture),
            MeasureSpec::Edge(edge) => edge.measure(picture),
        })
        .collect()
}

/// `count` of `all`; nothing where there is nothing to count.
fn share(count: u64, all: usize) -> Option<f64> {
    (all > 0).then(|| count as f64 / all as f64)
}

/// That a setting is a number in a closed range.
fn within(setting: &str, value: f64, least: f64, most: f64) -> Result<()> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(Error::Setting {
        setting: setting.to_owned(),
        problem: format!("{value} is not within {least} and {most}"),
    })
}
