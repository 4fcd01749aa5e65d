//! Windows of a Cloud Optimized GeoTIFF.

mod file;
mod reader;

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

pub(super) use file::{CogFile, Stated};
pub(super) use reader::Place;

use super::{
    Access, Aim, Content, Describe, Opening, PictureSource, Taken, UsualLimits, band_numbers,
};
use crate::Error;
use crate::byte_ranges::{ByteRanges, Payer};
use crate::fetch::{Call, Miss};
use crate::picture::{Band, Format, Picture, Size};
use crate::pyramid::{Level, Plan, Resampling, TileCache, grid_of, plan};
use crate::sample::{Frame, Sample};
use crate::secret::SecretName;
use raster::Maps;

/// Bytes of decoded tiles that are kept for samples that share them.
pub(super) const TILE_CACHE: usize = 48 << 20;

/// A Cloud Optimized GeoTIFF, read by ranges: only the tiles that pictures touch are fetched.
///
/// Pictures of the raster's own pixels are its very pixels, on its own grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cog {
    /// `s3://bucket/key`, an address, or the path of a file.
    pub url: String,
    /// Whether the reader pays for what is read from the bucket.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub requester_pays: bool,
    /// Reference system of the raster, where the file does not state one that is known here: a code such
    /// as `EPSG:32632`, or Well-Known Text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crs: Option<String>,
    /// The number that means "nothing here", where the file does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodata: Option<f64>,
    /// How pixels are taken where they are not the raster's own.
    #[serde(default)]
    pub resampling: Resampling,
    /// The line that has to be shown with the pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<String>,
    /// Licence of the pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Further hosts that redirects and links of the service may lead to: `cdn.example.org`, or with a port.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_hosts: Vec<String>,
    /// Whether redirects and links may lead to private addresses. They may anyway where the source's own address is one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_private: bool,
}

impl Cog {
    pub(super) fn stated(&self) -> Result<Stated, Error> {
        Ok(Stated {
            crs: stated_crs(self.crs.as_deref())?,
            nodata: self.nodata,
        })
    }

    pub(super) fn open(&self, opening: &Opening<'_>) -> Result<Arc<dyn PictureSource>, Error> {
        Ok(Arc::new(Opened {
            place: Place::parse("source.url", &self.url)?,
            payer: payer(self.requester_pays),
            stated: self.stated()?,
            resampling: self.resampling,
            bands: chosen_bands(opening.picture)?,
            size: opening.size,
            ranges: opening.ranges.clone(),
            maps: Maps::default(),
            file: OnceCell::new(),
            tiles: Arc::new(TileCache::new(TILE_CACHE)),
        }))
    }
}

/// The reference system that a study states, in any words that are understood.
pub(super) fn stated_crs(text: Option<&str>) -> Result<Option<tables::Crs>, Error> {
    let parse = |text: &str| {
        raster::crs_of_text(text).map_err(|error| {
            Error::setting(
                "source.crs",
                format!("\"{text}\" ({error})"),
                "a reference system such as EPSG:32632",
            )
        })
    };
    text.map(parse).transpose()
}

pub(super) fn payer(requester_pays: bool) -> Payer {
    if requester_pays {
        Payer::Requester
    } else {
        Payer::Owner
    }
}

/// Bands asked for, or those that the picture's format can hold.
fn chosen_bands(picture: &Picture) -> Result<Bands, Error> {
    Ok(match (band_numbers(picture)?, picture.format) {
        (Some(bands), _) => Bands::These(bands),
        (None, Format::Tiff | Format::Npy) => Bands::All,
        (None, Format::Png | Format::Jpeg | Format::Webp) => Bands::Colours,
    })
}

/// Which bands of a raster a picture shows.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Bands {
    All,
    /// The first three, or the first where there are fewer.
    Colours,
    /// These, counted from 0.
    These(Vec<u16>),
}

impl Bands {
    pub(super) fn of(&self, count: u16) -> Vec<u16> {
        match self {
            Self::All => (0..count).collect(),
            Self::Colours if count >= 3 => vec![0, 1, 2],
            Self::Colours => vec![0],
            Self::These(bands) => bands.clone(),
        }
    }
}

impl Describe for Cog {
    fn check(&self, picture: &Picture, _size: Size) -> Result<(), Error> {
        Place::parse("source.url", &self.url)?;
        self.stated()?;
        band_numbers(picture)?;
        Ok(())
    }

    fn addresses(&self) -> Vec<&str> {
        vec![&self.url]
    }

    fn access(&self) -> Access<'_> {
        Access {
            hosts: &self.allow_hosts,
            private: self.allow_private,
        }
    }

    fn secret_names(&self) -> Vec<SecretName> {
        Vec::new()
    }

    fn usual_limits(&self) -> UsualLimits {
        (None, 32)
    }

    fn attribution(&self) -> Option<&str> {
        self.attribution.as_deref()
    }

    fn licence(&self) -> Option<&str> {
        self.licence.as_deref()
    }

    fn requests_each(&self, size: Size) -> f64 {
        tiles_of_window(size)
    }
}

/// Requests for a window: the tiles of 512 pixels that it meets on the average.
pub(super) fn tiles_of_window(size: Size) -> f64 {
    let each = 1.0 + size.usual_px() / 512.0;
    each * each
}

struct Opened {
    place: Place,
    payer: Payer,
    stated: Stated,
    resampling: Resampling,
    bands: Bands,
    size: Size,
    ranges: Arc<dyn ByteRanges>,
    maps: Maps,
    file: OnceCell<Arc<CogFile>>,
    tiles: Arc<TileCache>,
}

impl Opened {
    /// The raster, opened by the first sample that needs it. One that cannot be read serves no sample.
    async fn file(&self, call: &Call) -> Result<&Arc<CogFile>, Miss> {
        self.file
            .get_or_try_init(|| async {
                let reader = self.place.reader(self.payer, self.ranges.clone(), call);
                let file = CogFile::open(reader, self.stated.clone())
                    .await
                    .map_err(|miss| match miss {
                        Miss::Failed(problem) => {
                            Miss::Fatal(Error::raster(self.place.shown(), problem))
                        }
                        Miss::GaveUp(reason) => {
                            Miss::GaveUp(format!("{}: {reason}", self.place.shown()))
                        }
                        other => other,
                    })?;
                let bands = self.bands.of(file.bands());
                match bands.iter().find(|band| **band >= file.bands()) {
                    Some(band) => Err(Miss::Fatal(Error::setting(
                        "picture.bands",
                        band + 1,
                        format!("1 to {}, the bands of {}", file.bands(), self.place.shown()),
                    ))),
                    None => Ok(Arc::new(file)),
                }
            })
            .await
    }
}

#[async_trait]
impl PictureSource for Opened {
    async fn locate(&self, sample: &Sample, call: &Call) -> Result<Aim, Miss> {
        let file = self.file(call).await?;
        let grid = grid_of(file.map(), file.levels(), sample, self.size)?;
        let frame = Frame::of_grid(&self.maps, grid, sample)?;
        Ok(Aim {
            frame,
            ..Aim::default()
        })
    }

    async fn take(&self, _sample: &Sample, aim: &Aim, call: &Call) -> Result<Taken, Miss> {
        let file = self.file(call).await?;
        let plan = plan(file.map(), file.levels(), aim.grid()?.clone())?;
        let reader = self.place.reader(self.payer, self.ranges.clone(), call);
        let bands = self.bands.of(file.bands());
        let source = file.tiles(0, reader, self.tiles.clone());
        let pixels = source
            .picture(plan, self.resampling, bands.clone(), call)
            .await?;
        let content = Content::Pixels {
            pixels,
            band_names: file.band_names(&bands),
            nodata: file.nodata(),
        };
        Ok(Taken {
            content,
            expires: None,
        })
    }

    fn visiting_order(&self, samples: &[Sample]) -> Option<Vec<usize>> {
        // Before the raster is open its grid is unknown: places on the ground do as well.
        Some(by_place(&[], samples, |_| None))
    }
}

/// The samples along a Z-order curve, so that those which share tiles follow each other: by the tile
/// of their plan, or by their place where there is none.
pub(super) fn by_place(
    levels: &[Level],
    samples: &[Sample],
    plan: impl Fn(&Sample) -> Option<Plan>,
) -> Vec<usize> {
    let curve = |sample: &Sample| {
        let planned = plan(sample).and_then(|plan| {
            let level = levels.get(plan.level)?;
            let tile = |corner: f64, side: u32| {
                (corner / f64::from(side)).clamp(0.0, f64::from(u32::MAX)) as u32
            };
            let (x, y) = plan.middle();
            Some((tile(x, level.tile.0), tile(y, level.tile.1)))
        });
        let (x, y) = planned.unwrap_or_else(|| {
            let share = |part: f64| (part.clamp(0.0, 1.0) * f64::from(u32::MAX)) as u32;
            (
                share((sample.lon + 180.0) / 360.0),
                share((90.0 - sample.lat) / 180.0),
            )
        });
        spread(x) | spread(y) << 1
    };
    let mut order: Vec<usize> = (0..samples.len()).collect();
    order.sort_by_cached_key(|index| samples.get(*index).map(&curve));
    order
}

/// A zero bit between each two bits.
fn spread(number: u32) -> u64 {
    let mut bits = u64::from(number);
    for (shift, mask) in [
        (16, 0x0000_FFFF_0000_FFFF_u64),
        (8, 0x00FF_00FF_00FF_00FF),
        (4, 0x0F0F_0F0F_0F0F_0F0F),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        bits = (bits | bits << shift) & mask;
    }
    bits
}

/// Names of bands that a study gives instead of numbers, for sources that know names.
pub(super) fn band_texts(picture: &Picture) -> Option<Vec<String>> {
    picture
        .bands
        .as_ref()
        .map(|bands| bands.iter().map(Band::to_string).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_follow_each_other() {
        let place = |lon: f64, lat: f64| Sample {
            sample_id: String::new(),
            lon,
            lat,
            heading: None,
            pitch: None,
            grid: None,
            key: String::new(),
        };
        let samples = [
            place(8.0, 47.0),
            place(-70.0, 40.0),
            place(8.001, 47.0),
            place(-70.0, 40.001),
        ];
        let order = by_place(&[], &samples, |_| None);
        let at = |index: usize| order.iter().position(|other| *other == index).unwrap();
        assert_eq!(at(0).abs_diff(at(2)), 1);
        assert_eq!(at(1).abs_diff(at(3)), 1);
    }

    #[test]
    fn formats_of_pictures_take_the_first_three_bands() {
        for (count, bands) in [
            (1, vec![0]),
            (2, vec![0]),
            (3, vec![0, 1, 2]),
            (4, vec![0, 1, 2]),
        ] {
            assert_eq!(Bands::Colours.of(count), bands);
        }
        assert_eq!(Bands::All.of(4), [0, 1, 2, 3]);
    }
}
