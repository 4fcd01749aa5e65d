//! Some of a study's pictures.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use maud::{Markup, html};
use measures::Picture;
use tables::Table;

use crate::{Result, numbers};

/// Longer side of a thumbnail, pixels, and its quality as JPEG.
const SIDE: u32 = 192;
const QUALITY: u8 = 78;

/// A small picture of one sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Thumbnail {
    /// The sample that it was taken at.
    pub sample_id: String,
    /// Its reading of the first measure.
    pub reading: Option<f64>,
    /// A small JPEG, from [`thumbnail`].
    pub jpeg: Vec<u8>,
}

/// Makes a thumbnail from a stored picture; `None` where it cannot be read.
#[must_use]
pub fn thumbnail(picture: &[u8]) -> Option<Vec<u8>> {
    let picture = Picture::decode(picture).ok()?;
    let longer = picture.width().max(picture.height());
    let image = image::DynamicImage::ImageRgb8(picture.into_rgb8()?);
    let small = if longer > SIDE {
        image.resize(SIDE, SIDE, FilterType::Triangle)
    } else {
        image
    };
    let mut jpeg = Vec::new();
    small
        .write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, QUALITY))
        .ok()?;
    Some(jpeg)
}

/// Chooses samples whose pictures show a study well: stored ones, spread evenly over the readings of a measure from the
/// lowest to the highest. Gives rows of `readings`, at most `most`.
///
/// # Errors
/// [`Error::Table`](crate::Error::Table) where `status` or the measure is missing.
pub fn gallery_samples(readings: &Table, measure: Option<&str>, most: usize) -> Result<Vec<usize>> {
    let statuses = readings.texts("status")?;
    let values = match measure {
        Some(measure) => readings.numbers(measure)?,
        None => vec![None; readings.rows()],
    };
    let mut stored: Vec<usize> = (0..readings.rows())
        .filter(|row| matches!(statuses[*row].as_deref(), Some("ok" | "exists")))
        .filter(|row| measure.is_none() || values[*row].is_some())
        .collect();
    stored.sort_by(|one, other| {
        values[*one]
            .partial_cmp(&values[*other])
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let shown = stored.len().min(most);
    // The middles of as many equal parts as there are places.
    Ok((0..shown)
        .map(|place| stored[(2 * place + 1) * stored.len() / (2 * shown)])
        .collect())
}

/// The thumbnails side by side, each with its sample and reading.
pub(crate) fn gallery(thumbnails: &[Thumbnail], measure: Option<&str>) -> Markup {
    html! {
        ul.gallery {
            @for thumbnail in thumbnails {
                li {
                    figure {
                        img loading="lazy" decoding="async" alt={ "Picture at " (thumbnail.sample_id) }
                            src={ "data:image/jpeg;base64," (STANDARD.encode(&thumbnail.jpeg)) };
                        figcaption {
                            @if let (Some(measure), Some(reading)) = (measure, thumbnail.reading) {
                                b { (measure) " " (numbers::decimal(Some(reading))) } br;
                            }
                            (thumbnail.sample_id)
                        }
                    }
                }
            }
        }
    }
}
