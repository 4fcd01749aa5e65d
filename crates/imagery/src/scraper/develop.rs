//! From a picture as it came to the one that is stored: checked, labelled, measured, encoded.

use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::Error;
use raster::{encode, encode_labelled, sidecar, geotiff::{GeotiffOptions, write_geotiff}};
use crate::fetch::{Header, examine, is_flat};
use raster::Grid;
use crate::labels::{LabelMode, Labels, Mask};
use crate::measure::Measure;
use crate::picture::Format;
use raster::{Pixels, Values};
use crate::sources::Content;

/// What is wanted of every picture of a study.
#[derive(Clone)]
pub(super) struct Darkroom {
    pub(super) format: Format,
    pub(super) sidecar: bool,
    pub(super) labels: Option<Labels>,
    pub(super) measure: Option<Arc<dyn Measure>>,
}

/// A picture ready to be stored.
pub(super) struct Print {
    pub(super) bytes: Bytes,
    pub(super) header: Header,
    pub(super) sha256: String,
    pub(super) measures: Vec<(String, Option<f64>)>,
    /// Objects beside it: what stands in place of its extension, and the bytes.
    pub(super) beside: Vec<(&'static str, Bytes)>,
}

/// Ending of a file of labels.
const LABELS_ENDING: &str = "labels.tif";

impl Darkroom {
    /// The picture to store, or `None` for one flat colour.
    pub(super) fn develop(
        &self,
        content: Content,
        grid: Option<&Grid>,
        mask: Option<&Mask>,
    ) -> Result<Option<Print>, Error> {
        let (pixels, band_names, nodata) = match content {
            Content::File { bytes, header } => {
                if is_flat(&bytes, &header)? {
                    return Ok(None);
                }
                if header.format == self.format && mask.is_none() {
                    let measures = match &self.measure {
                        Some(measure) => readings(measure.as_ref(), &Pixels::decode(&bytes)?),
                        None => Vec::new(),
                    };
                    let beside = self.beside(grid, None)?;
                    return Ok(Some(Print {
                        sha256: hex(&bytes),
                        bytes,
                        header,
                        measures,
                        beside,
                    }));
                }
                (Pixels::decode(&bytes)?, Vec::new(), None)
            }
            Content::Pixels {
                pixels,
                band_names,
                nodata,
            } => {
                let pixels = pixels()?;
                if pixels.is_flat() {
                    return Ok(None);
                }
                (pixels, band_names, nodata)
            }
        };
        let measures = self
            .measure
            .as_ref()
            .map_or_else(Vec::new, |measure| readings(measure.as_ref(), &pixels));
        let mut options = GeotiffOptions {
            band_names,
            nodata,
            ..GeotiffOptions::default()
        };
        let as_band = mask.filter(|_| {
            self.labels
                .as_ref()
                .is_some_and(|labels| labels.mode == LabelMode::Band)
        });
        let labels = match as_band {
            None => None,
            Some(mask) => {
                self.check_fit(mask, &pixels)?;
                if options.band_names.is_empty() {
                    options.band_names = (1..=pixels.bands())
                        .map(|band| format!("band {band}"))
                        .collect();
                }
                options.band_names.push(self.label_name());
                options.class_bands = vec![pixels.bands()];
                Some(pixels.band_of(&mask.values)?)
            }
        };
        let bytes = match labels {
            None => encode(&pixels, grid, self.format, &options)?,
            Some(labels) => encode_labelled(&pixels, &labels, grid, self.format, &options)?,
        };
        let bytes = Bytes::from(bytes);
        let header = Header {
            format: self.format,
            width: pixels.width(),
            height: pixels.height(),
        };
        let beside = self.beside(grid, mask.filter(|_| as_band.is_none()))?;
        Ok(Some(Print {
            sha256: hex(&bytes),
            bytes,
            header,
            measures,
            beside,
        }))
    }

    /// A picture that was stored before, measured anew; an error where it is not whole.
    pub(super) fn reread(&self, bytes: Bytes) -> Result<Print, Error> {
        let header = examine(&bytes).map_err(|defect| Error::Picture {
            media: self.format.name(),
            problem: defect.to_string(),
        })?;
        if header.format != self.format {
            let problem = format!("a {}", header.format);
            return Err(Error::Picture {
                media: self.format.name(),
                problem,
            });
        }
        let measures = match &self.measure {
            None => Vec::new(),
            Some(measure) => {
                let pixels = Pixels::decode(&bytes)?;
                let with_labels = self
                    .labels
                    .as_ref()
                    .is_some_and(|labels| labels.mode == LabelMode::Band);
                let pixels = if with_labels && pixels.bands() > 1 {
                    let own: Vec<u16> = (0..pixels.bands() - 1).collect();
                    pixels.select(&own)?
                } else {
                    pixels
                };
                readings(measure.as_ref(), &pixels)
            }
        };
        Ok(Print {
            sha256: hex(&bytes),
            bytes,
            header,
            measures,
            beside: Vec::new(),
        })
    }

    fn label_name(&self) -> String {
        let labels = self.labels.as_ref();
        labels.map_or_else(String::new, |labels| labels.band_name().to_owned())
    }

    /// Every value that stands in a mask; far fewer than it has pixels.
    fn labels_of<'a>(&self, mask: &'a Mask) -> impl Iterator<Item = f64> + 'a {
        let outside = self.labels.as_ref().map(|labels| labels.outside);
        let outside = outside.filter(|_| mask.share < 1.0);
        mask.counts.iter().map(|(value, _)| *value).chain(outside)
    }

    /// A label that the picture's type cannot hold would come out as another one.
    fn check_fit(&self, mask: &Mask, pixels: &Pixels) -> Result<(), Error> {
        let whole =
            |value: f64, low: f64, high: f64| value.fract() == 0.0 && (low..=high).contains(&value);
        let fits = |value: f64| match pixels.values() {
            Values::U8(_) => whole(value, 0.0, 255.0),
            Values::I8(_) => whole(value, -128.0, 127.0),
            Values::U16(_) => whole(value, 0.0, 65_535.0),
            Values::I16(_) => whole(value, -32_768.0, 32_767.0),
            Values::U32(_) => whole(value, 0.0, f64::from(u32::MAX)),
            Values::I32(_) => whole(value, f64::from(i32::MIN), f64::from(i32::MAX)),
            Values::F32(_) | Values::F64(_) => true,
        };
        match self.labels_of(mask).find(|value| !fits(*value)) {
            Some(value) => Err(Error::Encode {
                format: "a band of labels",
                pixels: format!("{value} as {}", pixels.values().type_name()),
                expected: "labels within the type of the picture, or picture.labels.mode = \"file\"",
            }),
            None => Ok(()),
        }
    }

    /// The smallest type that holds every label.
    fn mask_pixels(&self, mask: &Mask, grid: &Grid) -> Result<Pixels, Error> {
        let within = |low: f64, high: f64| {
            self.labels_of(mask)
                .all(|value| value.fract() == 0.0 && (low..=high).contains(&value))
        };
        let values = if within(0.0, 255.0) {
            Values::U8(mask.values.iter().map(|value| *value as u8).collect())
        } else if within(0.0, 65_535.0) {
            Values::U16(mask.values.iter().map(|value| *value as u16).collect())
        } else if within(f64::from(i32::MIN), f64::from(i32::MAX)) {
            Values::I32(mask.values.iter().map(|value| *value as i32).collect())
        } else {
            Values::F64(mask.values.clone())
        };
        Pixels::new(grid.width, grid.height, 1, values)
    }

    fn beside(
        &self,
        grid: Option<&Grid>,
        mask: Option<&Mask>,
    ) -> Result<Vec<(&'static str, Bytes)>, Error> {
        let mut beside = Vec::new();
        if let (Some(grid), Some(mask)) = (grid, mask) {
            let options = GeotiffOptions {
                band_names: vec![self.label_name()],
                nodata: self
                    .labels
                    .as_ref()
                    .map(|labels| labels.outside)
                    .filter(|outside| *outside != 0.0),
                class_bands: vec![0],
                ..GeotiffOptions::default()
            };
            let file = write_geotiff(&self.mask_pixels(mask, grid)?, grid, &options)?;
            beside.push((LABELS_ENDING, Bytes::from(file)));
        }
        let is_plain = matches!(self.format, Format::Png | Format::Jpeg | Format::Webp);
        if let (true, true, Some(grid)) = (self.sidecar, is_plain, grid) {
            let ending = match self.format {
                Format::Jpeg => "jpg.aux.xml",
                Format::Webp => "webp.aux.xml",
                _ => "png.aux.xml",
            };
            beside.push((ending, Bytes::from(sidecar(grid)?)));
        }
        Ok(beside)
    }
}

fn readings(measure: &dyn Measure, pixels: &Pixels) -> Vec<(String, Option<f64>)> {
    measure
        .names()
        .into_iter()
        .zip(measure.measure(pixels))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    Sha256::digest(bytes)
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}
