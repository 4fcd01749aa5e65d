//! Other pixels than the source's own: nearest neighbour and bilinear, as GDAL's warper takes them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Value;

/// How pixels are taken where they are not the source's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resampling {
    /// The pixel that the centre falls into: for classes.
    Nearest,
    /// The weighted mean of the pixels around the centre, all of those covered when pixels get larger.
    #[default]
    Bilinear,
}

/// Below this ratio (picture pixels for a source pixel) the kernel widens; GDAL's own threshold.
const WIDEN_BELOW: f64 = 0.95;

impl Resampling {
    /// Source pixels that a kernel reaches beyond the picture's edge.
    pub(crate) fn reach(scale: f64) -> f64 {
        scale.max(1.0).ceil() + 1.0
    }

    /// The source pixels along one axis of `size` pixels that count for a pixel with this centre.
    fn taps(self, center: f64, scale: f64, size: usize, taps: &mut Taps) {
        taps.clear();
        // What lies beyond the raster's edge is not there, however near to it.
        if !(-1e-9..=size as f64 + 1e-9).contains(&center) {
            return;
        }
        let inside = |at: f64| (at >= 0.0 && at < size as f64).then_some(at as usize);
        match self {
            // The tolerance keeps a centre on an edge from falling to either side by rounding.
            Self::Nearest => taps.extend(inside((center + 1e-10).floor()).map(|at| (at, 1.0))),
            Self::Bilinear => {
                let ratio = 1.0 / scale;
                let widening = if ratio < WIDEN_BELOW { ratio } else { 1.0 };
                let radius = 1.0 / widening;
                let mut at = (center - 0.5 - radius).ceil();
                while at <= center - 0.5 + radius {
                    let weight = 1.0 - ((at + 0.5 - center) * widening).abs();
                    if weight > 0.0 {
                        taps.extend(inside(at).map(|at| (at, weight)));
                    }
                    at += 1.0;
                }
            }
        }
    }
}

/// A part of a level: `size` columns and rows from column and row `from`.
pub(crate) struct Source<'a, T> {
    pub(crate) values: &'a [T],
    /// Whether each number is there; `None` is all of them.
    pub(crate) valid: Option<&'a [bool]>,
    pub(crate) size: (usize, usize),
    pub(crate) bands: usize,
}

/// A picture that lies straight on that part: its corner in the part's pixels, part pixels for
/// each of its pixels, its columns and rows.
pub(crate) struct Placement {
    pub(crate) corner: (f64, f64),
    pub(crate) scale: (f64, f64),
    pub(crate) size: (usize, usize),
}

/// Source pixels along one axis that count for a pixel, with their weights.
type Taps = Vec<(usize, f64)>;

/// What stands where nothing is.
#[derive(Clone, Copy)]
pub(crate) struct Fill<T> {
    /// The number there.
    pub(crate) outside: T,
    /// The number that means "nothing here", which no mean of what is there may become.
    pub(crate) avoid: Option<T>,
}

/// Takes the pixels of a picture that lies straight: numbers, and which of them are there.
pub(crate) fn resample<T: Value>(
    source: &Source<'_, T>,
    place: &Placement,
    how: Resampling,
    fill: Fill<T>,
) -> (Vec<T>, Option<Vec<bool>>) {
    let axis = |corner: f64, scale: f64, count: usize, size: usize| -> Vec<Taps> {
        let center = |index: usize| corner + (index as f64 + 0.5) * scale;
        (0..count)
            .map(|index| {
                let mut taps = Taps::new();
                how.taps(center(index), scale, size, &mut taps);
                taps
            })
            .collect()
    };
    let across = axis(place.corner.0, place.scale.0, place.size.0, source.size.0);
    let down = axis(place.corner.1, place.scale.1, place.size.1, source.size.1);
    let mut pixel = Pixel::new(source, fill, place.size.0 * place.size.1);
    for rows in &down {
        for columns in &across {
            pixel.take(rows, columns);
        }
    }
    pixel.done()
}

/// Takes the pixels with these centres (in the part's pixels), each `scale` part pixels wide and high.
pub(crate) fn resample_at<T: Value>(
    source: &Source<'_, T>,
    centres: impl ExactSizeIterator<Item = (f64, f64)>,
    scale: (f64, f64),
    how: Resampling,
    fill: Fill<T>,
) -> (Vec<T>, Option<Vec<bool>>) {
    let (mut columns, mut rows) = (Taps::new(), Taps::new());
    let mut pixel = Pixel::new(source, fill, centres.len());
    for (x, y) in centres {
        how.taps(x, scale.0, source.size.0, &mut columns);
        how.taps(y, scale.1, source.size.1, &mut rows);
        pixel.take(&rows, &columns);
    }
    pixel.done()
}

/// One pixel after the other.
struct Pixel<'a, T> {
    source: &'a Source<'a, T>,
    sums: Vec<f64>,
    weights: Vec<f64>,
    fill: Fill<T>,
    out: Vec<T>,
    /// Where something was missing: the numbers of `out` that are not there.
    missing: Vec<usize>,
}

/// Less weight than this is nothing.
const LEAST_WEIGHT: f64 = 1e-9;

impl<'a, T: Value> Pixel<'a, T> {
    fn new(source: &'a Source<'a, T>, fill: Fill<T>, count: usize) -> Self {
        Self {
            source,
            sums: vec![0.0; source.bands],
            weights: vec![0.0; source.bands],
            fill,
            out: Vec::with_capacity(count * source.bands),
            missing: Vec::new(),
        }
    }

    /// The weighted mean of what is there where rows and columns cross, band by band.
    fn take(&mut self, rows: &[(usize, f64)], columns: &[(usize, f64)]) {
        let bands = self.source.bands;
        self.sums.fill(0.0);
        self.weights.fill(0.0);
        for (row, row_weight) in rows {
            for (column, column_weight) in columns {
                let pixel = row * self.source.size.0 + column;
                let share = row_weight * column_weight;
                let place = pixel * bands..(pixel + 1) * bands;
                let values = &self.source.values[place.clone()];
                match self.source.valid {
                    None => {
                        self.weights[0] += share;
                        for (sum, value) in self.sums.iter_mut().zip(values) {
                            *sum += share * value.to_f64();
                        }
                    }
                    Some(valid) => {
                        let sums = self.sums.iter_mut().zip(&mut self.weights);
                        for ((sum, weight), (value, valid)) in
                            sums.zip(values.iter().zip(&valid[place]))
                        {
                            if *valid {
                                *sum += share * value.to_f64();
                                *weight += share;
                            }
                        }
                    }
                }
            }
        }
        for band in 0..bands {
            let weight = self.weights[if self.source.valid.is_some() { band } else { 0 }];
            if weight > LEAST_WEIGHT {
                let value = T::from_f64(self.sums[band] / weight);
                // As GDAL's warper does: a mean that happens to be nodata would be lost.
                self.out.push(if Some(value) == self.fill.avoid {
                    value.neighbour()
                } else {
                    value
                });
            } else {
                self.missing.push(self.out.len());
                self.out.push(self.fill.outside);
            }
        }
    }

    fn done(self) -> (Vec<T>, Option<Vec<bool>>) {
        let valid = (!self.missing.is_empty()).then(|| {
            let mut valid = vec![true; self.out.len()];
            for at in self.missing {
                valid[at] = false;
            }
            valid
        });
        (self.out, valid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_row(
        values: &[u8],
        valid: Option<&[bool]>,
        place: (f64, f64, usize),
        how: Resampling,
    ) -> Vec<u8> {
        let source = Source {
            values,
            valid,
            size: (values.len(), 1),
            bands: 1,
        };
        let place = Placement {
            corner: (place.0, 0.0),
            scale: (place.1, 1.0),
            size: (place.2, 1),
        };
        resample(
            &source,
            &place,
            how,
            Fill {
                outside: 99,
                avoid: None,
            },
        )
        .0
    }

    #[test]
    fn half_a_pixel_aside_is_the_mean_of_two() {
        assert_eq!(
            one_row(&[10, 20, 40], None, (0.5, 1.0, 2), Resampling::Bilinear),
            [15, 30]
        );
        assert_eq!(
            one_row(&[10, 20, 40], None, (0.4, 1.0, 2), Resampling::Nearest),
            [10, 20]
        );
    }

    #[test]
    fn larger_pixels_take_in_all_that_they_cover() {
        // A tent of radius 2 over the centres around 2: weights 1/4, 3/4, 3/4, 1/4.
        let mean = (0.25 * 10.0 + 0.75 * 20.0 + 0.75 * 40.0 + 0.25 * 80.0) / 2.0;
        let rounded = (mean + 0.5_f64).floor() as u8;
        assert_eq!(
            one_row(&[10, 20, 40, 80], None, (1.0, 2.0, 1), Resampling::Bilinear),
            [rounded]
        );
    }

    #[test]
    fn pixels_without_a_value_do_not_count() {
        let valid = [true, false, true];
        assert_eq!(
            one_row(
                &[10, 0, 40],
                Some(&valid),
                (0.5, 1.0, 2),
                Resampling::Bilinear
            ),
            [10, 40]
        );
        assert_eq!(
            one_row(
                &[10, 0, 40],
                Some(&valid),
                (1.0, 1.0, 1),
                Resampling::Nearest
            ),
            [99]
        );
    }

    #[test]
    fn outside_the_source_is_filled() {
        assert_eq!(
            one_row(&[10, 20], None, (-2.0, 1.0, 5), Resampling::Nearest),
            [99, 99, 10, 20, 99]
        );
    }
}
