//! From a picture as it came to the one that is stored: checked, labelled, encoded, measured.

use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::Error;
use crate::fetch::{Header, examine, is_flat};
use crate::labels::{LabelMode, Labels, Mask};
use crate::measure::{Measure, Taken};
use crate::picture::{Blank, Format};
use crate::sources::Content;
use raster::geotiff::{GeotiffOptions, write_geotiff};
use raster::{Grid, Pixels, Values, encode, encode_labelled, sidecar};

/// What is wanted of every picture of a study.
#[derive(Clone)]
pub(super) struct ImageProcessor {
    pub(super) format: Format,
    pub(super) sidecar: bool,
    pub(super) blank: Blank,
    pub(super) min_valid_share: Option<f64>,
    pub(super) labels: Option<Labels>,
    pub(super) measure: Option<Arc<dyn Measure>>,
}

/// A picture ready to be stored.
pub(super) struct EncodedImage {
    pub(super) bytes: Bytes,
    pub(super) header: Header,
    pub(super) sha256: String,
    pub(super) measures: Vec<(String, Option<f64>)>,
    /// Why a measure is missing.
    pub(super) reason: Option<String>,
    /// Share of the pixels that are there.
    pub(super) valid_share: Option<f64>,
    /// Objects beside it: what stands in place of its extension, and the bytes.
    pub(super) beside: Vec<(&'static str, Bytes)>,
}

/// Ending of a file of labels.
const LABELS_ENDING: &str = "labels.tif";

/// Ending of what is there of a picture whose format has no room for it.
pub(super) const MASK_ENDING: &str = "mask.npy";

/// What became of a picture.
pub(super) enum Processed {
    /// It can be stored.
    Image(Box<EncodedImage>),
    /// It shows nothing: why.
    Blank(String),
    /// Nothing is there: why.
    NoImagery(String),
}

impl ImageProcessor {
    /// The picture to store, or why there is none.
    pub(super) fn process(
        &self,
        content: Content,
        grid: Option<&Grid>,
        mask: Option<&Mask>,
    ) -> Result<Processed, Error> {
        let one_colour = || Ok(Processed::Blank("one flat colour".to_owned()));
        let (pixels, band_names, nodata) = match content {
            Content::File { bytes, header } => {
                if self.blank == Blank::Skip && is_flat(&bytes, &header)? {
                    return one_colour();
                }
                if header.format == self.format && mask.is_none() {
                    return self.as_it_came(bytes, header, grid);
                }
                (Pixels::decode(&bytes)?, Vec::new(), None)
            }
            Content::Pixels {
                pixels,
                band_names,
                nodata,
            } => (pixels()?, band_names, nodata),
        };
        if pixels.is_empty() {
            let reason = "no valid pixel: nodata, masked or outside the raster";
            return Ok(Processed::NoImagery(reason.to_owned()));
        }
        if self.blank == Blank::Skip && pixels.is_colour_picture() && pixels.is_flat() {
            return one_colour();
        }
        let valid_share = pixels.valid_share();
        if let Some(reason) = self.too_little(valid_share) {
            return Ok(Processed::Blank(reason));
        }
        let mut options = GeotiffOptions {
            band_names,
            nodata,
            ..GeotiffOptions::default()
        };
        let as_band = mask.filter(|_| self.labels_are_a_band());
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
        let mut beside = self.beside(grid, mask.filter(|_| as_band.is_none()))?;
        let no_room = self.has_masks_beside();
        if let Some(mask) = pixels.mask().filter(|_| no_room) {
            let file = encode(&mask, None, Format::Npy, &GeotiffOptions::default())?;
            beside.push((MASK_ENDING, Bytes::from(file)));
        }
        let taken = match (&self.measure, self.format) {
            (None, _) => Taken::default(),
            // What is stored is what is measured: JPEG has not the levels that it was made of.
            (Some(measure), Format::Jpeg) => {
                let valid = pixels.valid().map(<[bool]>::to_vec);
                let stored = Pixels::decode(&bytes)?;
                let fits = stored.bands() == pixels.bands();
                measure.measure(&stored.with_valid(valid.filter(|_| fits)))
            }
            (Some(measure), _) => measure.measure(&pixels),
        };
        Ok(self.encoded(bytes, header, taken, Some(valid_share), beside))
    }

    /// A file that is stored as it came.
    fn as_it_came(
        &self,
        bytes: Bytes,
        header: Header,
        grid: Option<&Grid>,
    ) -> Result<Processed, Error> {
        let may_be_clear = !matches!(header.format, Format::Jpeg);
        let mut taken = Taken::default();
        // A picture that could have clear pixels and was not looked into says nothing of them.
        let mut valid_share = (!may_be_clear).then_some(1.0);
        if self.measure.is_some() || may_be_clear && self.min_valid_share.is_some() {
            let pixels = Pixels::decode(&bytes)?;
            let share = pixels.valid_share();
            valid_share = Some(share);
            if pixels.is_empty() {
                return Ok(Processed::NoImagery(
                    "no valid pixel: every one is clear".to_owned(),
                ));
            }
            if let Some(reason) = self.too_little(share) {
                return Ok(Processed::Blank(reason));
            }
            if let Some(measure) = &self.measure {
                taken = measure.measure(&pixels);
            }
        }
        let beside = self.beside(grid, None)?;
        Ok(self.encoded(bytes, header, taken, valid_share, beside))
    }

    fn encoded(
        &self,
        bytes: Bytes,
        header: Header,
        taken: Taken,
        valid_share: Option<f64>,
        beside: Vec<(&'static str, Bytes)>,
    ) -> Processed {
        Processed::Image(Box::new(EncodedImage {
            sha256: hex(&bytes),
            bytes,
            header,
            measures: self.named(&taken),
            reason: taken.reason,
            valid_share,
            beside,
        }))
    }

    /// Whether what is there of a stored picture may stand in a file of its own.
    pub(super) fn has_masks_beside(&self) -> bool {
        matches!(self.format, Format::Npy | Format::Jpeg)
    }

    fn labels_are_a_band(&self) -> bool {
        self.labels
            .as_ref()
            .is_some_and(|labels| labels.mode == LabelMode::Band)
    }

    fn too_little(&self, valid_share: f64) -> Option<String> {
        let least = self.min_valid_share?;
        (valid_share < least).then(|| {
            format!("{valid_share:.4} of the pixels are valid, less than min_valid_share {least}")
        })
    }

    fn named(&self, taken: &Taken) -> Vec<(String, Option<f64>)> {
        let names = self.measure.iter().flat_map(|measure| measure.names());
        let values = taken.values.iter().copied().chain(std::iter::repeat(None));
        names.zip(values).collect()
    }

    /// A picture that was stored before, measured anew, with the mask beside it; an error where it is not whole.
    pub(super) fn reread(&self, bytes: Bytes, mask: Option<Bytes>) -> Result<EncodedImage, Error> {
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
        let mut pixels = Pixels::decode(&bytes)?;
        if self.labels_are_a_band() && pixels.bands() > 1 {
            let own: Vec<u16> = (0..pixels.bands() - 1).collect();
            pixels = pixels.select(&own)?;
        }
        if let Some(mask) = mask {
            let mask = Pixels::decode(&mask)?;
            if mask.bands() == pixels.bands() || mask.bands() == 1 {
                pixels = pixels.masked(&mask)?;
            }
        }
        let taken = self
            .measure
            .as_ref()
            .map_or_else(Taken::default, |measure| measure.measure(&pixels));
        Ok(EncodedImage {
            sha256: hex(&bytes),
            bytes,
            header,
            measures: self.named(&taken),
            reason: taken.reason,
            valid_share: Some(pixels.valid_share()),
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
        Ok(Pixels::new(grid.width, grid.height, 1, values)?)
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

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    Sha256::digest(bytes)
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}
