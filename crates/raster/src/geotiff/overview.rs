//! Reduced copies of a picture, for readers that want less detail.

use crate::Error;
use crate::{Pixels, Value, map_values};

/// How pixels are joined in an overview.
pub(super) struct Joining<'a> {
    /// The value that means "nothing here" and is left out of means.
    pub(super) nodata: Option<f64>,
    /// Bands (from 0) whose values are classes: the upper left pixel stands for the four.
    pub(super) classes: &'a [u16],
}

/// A copy of half the size: each pixel is the mean of the (up to) four that it covers.
pub(super) fn halve(pixels: &Pixels, joining: &Joining<'_>) -> Result<Pixels, Error> {
    let (width, height) = (pixels.width().div_ceil(2), pixels.height().div_ceil(2));
    let values = map_values!(pixels.values(), values => halve_values(values, pixels, joining));
    let valid = pixels.valid().map(|valid| halve_flags(valid, pixels));
    let half = Pixels::new(width, height, pixels.bands(), values)?;
    Ok(Pixels {
        roles: pixels.roles.clone(),
        palette: pixels.palette.clone(),
        ..half
    }
    .with_valid(valid))
}

/// Something is there where any of the four has something.
fn halve_flags(valid: &[bool], pixels: &Pixels) -> Vec<bool> {
    let bands = usize::from(pixels.bands());
    let (columns, rows) = (pixels.width() as usize, pixels.height() as usize);
    let mut out = Vec::with_capacity(columns.div_ceil(2) * rows.div_ceil(2) * bands);
    for row in (0..rows).step_by(2) {
        for column in (0..columns).step_by(2) {
            for band in 0..bands {
                let mut near = (row..(row + 2).min(rows))
                    .flat_map(|y| (column..(column + 2).min(columns)).map(move |x| (x, y)));
                out.push(near.any(|(x, y)| valid[(y * columns + x) * bands + band]));
            }
        }
    }
    out
}

fn halve_values<T: Value>(values: &[T], pixels: &Pixels, joining: &Joining<'_>) -> Vec<T> {
    let bands = usize::from(pixels.bands());
    let (columns, rows) = (pixels.width() as usize, pixels.height() as usize);
    let mut out = Vec::with_capacity(columns.div_ceil(2) * rows.div_ceil(2) * bands);
    for row in (0..rows).step_by(2) {
        for column in (0..columns).step_by(2) {
            for band in 0..bands {
                let corner = values[(row * columns + column) * bands + band];
                if joining
                    .classes
                    .iter()
                    .any(|class| usize::from(*class) == band)
                {
                    out.push(corner);
                    continue;
                }
                let (mut sum, mut count) = (0.0, 0.0);
                for y in row..(row + 2).min(rows) {
                    for x in column..(column + 2).min(columns) {
                        let value = values[(y * columns + x) * bands + band].to_f64();
                        let there = pixels
                            .valid()
                            .is_none_or(|valid| valid[(y * columns + x) * bands + band]);
                        if there && Some(value) != joining.nodata && !value.is_nan() {
                            sum += value;
                            count += 1.0;
                        }
                    }
                }
                out.push(if count > 0.0 {
                    T::from_f64(sum / count)
                } else {
                    corner
                });
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Values;

    #[test]
    fn an_overview_holds_means_without_nodata_and_classes_as_they_are() {
        let values = vec![10, 1, 20, 2, 0, 3, 30, 4, 40, 5, 50, 6];
        let pixels = Pixels::new(3, 2, 2, Values::U8(values)).unwrap();
        let half = halve(
            &pixels,
            &Joining {
                nodata: Some(0.0),
                classes: &[1],
            },
        )
        .unwrap();
        assert_eq!((half.width(), half.height()), (2, 1));
        // (10 + 20 + 30 + 40) / 4, then 50 alone since 0 is nodata.
        assert_eq!(half.values(), &Values::U8(vec![25, 1, 50, 3]));
    }
}
