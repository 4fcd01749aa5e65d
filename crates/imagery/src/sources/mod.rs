//! Where pictures come from. Each file knows one kind of service: its settings, its requests, its
//! statuses. Pace, tries, checks of pictures, storing and the ledger are shared by all.

mod address;
mod arcgis;
mod cog;
#[cfg(test)]
mod conformance;
mod earth_engine;
mod mapbox;
mod mapillary;
mod native_grid;
mod raster_facts;
#[cfg(test)]
mod raster_tests;
#[cfg(test)]
mod service_tests;
mod stac;
mod street_view;
mod wms;
mod xyz;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use arcgis::Arcgis;
pub use cog::Cog;
pub use earth_engine::{CloudMask, EarthEngine, Reducer, ValueType};
pub use mapbox::Mapbox;
pub use mapillary::Mapillary;
pub use native_grid::NativeGrid;
pub use raster_facts::RasterFacts;
pub use stac::{ItemOrder, Stac};
pub use street_view::StreetView;
pub use wms::{AxisOrder, Wms, WmsVersion};
pub use xyz::Xyz;

use crate::Error;
use crate::byte_ranges::ByteRanges;
use crate::fetch::{Call, Header, Miss};
use crate::labels::LabelLayer;
use crate::picture::{Band, Format, Picture, Size};
use crate::sample::{Frame, Sample};
use crate::secret::{SecretName, Secrets};
use raster::Grid;
use raster::Pixels;

/// A service that pictures come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// Mapbox Static Images.
    Mapbox(Mapbox),
    /// Web map tiles by zoom, column and row.
    Xyz(Xyz),
    /// OGC Web Map Service.
    Wms(Wms),
    /// `ArcGIS` image or map server.
    Arcgis(Arcgis),
    /// A Cloud Optimized GeoTIFF on S3, HTTP or disk.
    Cog(Cog),
    /// Cloud Optimized `GeoTIFFs` found through a STAC API.
    Stac(Stac),
    /// Google Earth Engine.
    EarthEngine(EarthEngine),
    /// Google Street View Static.
    StreetView(StreetView),
    /// Mapillary street pictures.
    Mapillary(Mapillary),
}

/// Requests a second and requests at once that a service usually stands.
pub(crate) type UsualLimits = (Option<f64>, u32);

/// What a source says about itself, before anything is asked of it.
pub(crate) trait Describe {
    /// Checks the settings, given the picture and its size.
    fn check(&self, picture: &Picture, size: Size) -> Result<(), Error>;
    fn secret_names(&self) -> Vec<SecretName>;
    fn usual_limits(&self) -> UsualLimits;
    fn attribution(&self) -> Option<&str>;
    /// Requests that a picture of this size takes, on average.
    fn requests_each(&self, size: Size) -> f64;
    fn licence(&self) -> Option<&str> {
        None
    }
    /// Addresses that the study itself names; templates may stand in them.
    fn addresses(&self) -> Vec<&str> {
        Vec::new()
    }
    /// What else may be asked.
    fn access(&self) -> Access<'_> {
        Access::default()
    }
}

/// Where redirects and links of a source may lead besides its own site.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Access<'a> {
    pub(crate) hosts: &'a [String],
    pub(crate) private: bool,
}

/// What a source needs to be opened.
pub(crate) struct Opening<'a> {
    pub(crate) picture: &'a Picture,
    pub(crate) size: Size,
    pub(crate) secrets: &'a Secrets,
    pub(crate) ranges: Arc<dyn ByteRanges>,
    pub(crate) labels: Option<Arc<LabelLayer>>,
}

/// A source ready to be asked.
#[async_trait]
pub(crate) trait PictureSource: Send + Sync {
    /// Where the sample's picture lies: arithmetic, or the service's free metadata.
    async fn locate(&self, sample: &Sample, call: &Call) -> Result<Aim, Miss>;
    /// The picture itself.
    async fn take(&self, sample: &Sample, aim: &Aim, call: &Call) -> Result<Taken, Miss>;
    /// The order in which samples are best visited, where another than their own is better.
    fn visiting_order(&self, _samples: &[Sample]) -> Option<Vec<usize>> {
        None
    }
}

/// What is known of a sample's picture before it is taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aim {
    pub(crate) frame: Frame,
    /// The same for samples that are served by the very same picture.
    pub(crate) identity: Option<String>,
    /// When the picture was captured, as exactly as the source says (RFC 3339 or a part of it).
    pub(crate) captured: Option<String>,
    /// The source's own address of the picture.
    pub(crate) target: Option<String>,
    /// The picture that serves the sample, for sources whose pictures are taken elsewhere than asked.
    pub(crate) camera: Option<Camera>,
}

/// A street picture: which one, where its camera stood, and whose it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Camera {
    pub(crate) picture_id: String,
    pub(crate) lon: f64,
    pub(crate) lat: f64,
    /// Metres from the sample.
    pub(crate) distance_m: f64,
    /// The line that has to be shown with this very picture.
    pub(crate) copyright: Option<String>,
}

impl Aim {
    /// The grid, for sources whose pictures have one.
    fn grid(&self) -> Result<&Grid, Miss> {
        let none = || Miss::Failed("a picture without a grid".to_owned());
        self.frame.grid.as_ref().ok_or_else(none)
    }
}

/// A picture as it came.
pub(crate) struct Taken {
    pub(crate) content: Content,
    pub(crate) expires: Option<Timestamp>,
}

/// Pixels yet to be put together, by a thread that computes.
pub(crate) type PixelsToMake = Box<dyn FnOnce() -> Result<Pixels, Error> + Send>;

/// The picture's bytes, or its pixels where the source is read and not asked.
pub(crate) enum Content {
    File {
        bytes: bytes::Bytes,
        header: Header,
    },
    Pixels {
        pixels: PixelsToMake,
        band_names: Vec<String>,
        nodata: Option<f64>,
    },
}

impl From<Error> for Miss {
    /// Arithmetic that fails does so for this sample; the ledger says why.
    fn from(error: Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<raster::Error> for Miss {
    fn from(error: raster::Error) -> Self {
        Error::from(error).into()
    }
}

impl Source {
    /// Name of the kind, as in settings and in the ledger.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Mapbox(_) => "mapbox",
            Self::Xyz(_) => "xyz",
            Self::Wms(_) => "wms",
            Self::Arcgis(_) => "arcgis",
            Self::Cog(_) => "cog",
            Self::Stac(_) => "stac",
            Self::EarthEngine(_) => "earth_engine",
            Self::StreetView(_) => "street_view",
            Self::Mapillary(_) => "mapillary",
        }
    }

    fn describe(&self) -> &dyn Describe {
        match self {
            Self::Mapbox(source) => source,
            Self::Xyz(source) => source,
            Self::Wms(source) => source,
            Self::Arcgis(source) => source,
            Self::Cog(source) => source,
            Self::Stac(source) => source,
            Self::EarthEngine(source) => source,
            Self::StreetView(source) => source,
            Self::Mapillary(source) => source,
        }
    }

    /// Checks the settings together with those of the picture, as far as that goes without asking the source.
    ///
    /// # Errors
    /// [`Error::Setting`]: which setting, what it is, what would be right.
    pub fn check(&self, picture: &Picture) -> Result<(), Error> {
        let size = picture.check()?;
        if matches!(self, Self::StreetView(_) | Self::Mapillary(_)) {
            let lies_nowhere = |setting: &str| {
                Error::setting(
                    setting,
                    "set",
                    "nothing, since a street picture has no place on a map",
                )
            };
            if picture.labels.is_some() {
                return Err(lies_nowhere("picture.labels"));
            }
            if picture.sidecar {
                return Err(lies_nowhere("picture.sidecar"));
            }
        }
        let has_bands = matches!(self, Self::Cog(_) | Self::Stac(_) | Self::EarthEngine(_));
        match &picture.bands {
            Some(_) if !has_bands => {
                return Err(Error::setting(
                    "picture.bands",
                    "set",
                    "nothing, since this source sends finished pictures",
                ));
            }
            Some(bands) if bands.is_empty() => {
                return Err(Error::setting(
                    "picture.bands",
                    "empty",
                    "at least one band",
                ));
            }
            _ => {}
        }
        self.describe().check(picture, size)
    }

    /// The secrets whose values have to be handed over; none for public sources.
    pub fn secret_names(&self) -> Vec<SecretName> {
        self.describe().secret_names()
    }

    /// Whether the service's terms allow its pictures to be stored. Where they do not, measures are
    /// taken in flight; a study can still say otherwise, for those who have another agreement.
    pub fn may_keep_pictures(&self) -> bool {
        !matches!(self, Self::StreetView(_))
    }

    /// The line that has to be shown with the pictures.
    pub fn attribution(&self) -> Option<&str> {
        self.describe().attribution()
    }

    /// The licence of the pictures, where the study or the service states one.
    pub fn licence(&self) -> Option<&str> {
        self.describe().licence()
    }

    /// Whether the source draws on any grid that it is given, as chips need it.
    pub fn draws_on_grids(&self) -> bool {
        !matches!(
            self,
            Self::Mapbox(_) | Self::StreetView(_) | Self::Mapillary(_)
        )
    }

    /// Whether the source burns labels in by itself.
    pub(crate) fn burns_labels(&self) -> bool {
        matches!(self, Self::EarthEngine(source) if source.labels_on_server)
    }

    /// Addresses that the study names.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let addresses = self.describe().addresses().into_iter();
        // A template is an address once nothing is left to fill in.
        addresses.map(|text| text.replace(['{', '}'], "")).collect()
    }

    pub(crate) fn access(&self) -> Access<'_> {
        self.describe().access()
    }

    pub(crate) fn usual_limits(&self) -> UsualLimits {
        self.describe().usual_limits()
    }

    pub(crate) fn requests_each(&self, size: Size) -> f64 {
        self.describe().requests_each(size)
    }

    pub(crate) fn open(&self, opening: &Opening<'_>) -> Result<Arc<dyn PictureSource>, Error> {
        self.check(opening.picture)?;
        match self {
            Self::Mapbox(source) => source.open(opening),
            Self::Xyz(source) => source.open(opening),
            Self::Wms(source) => source.open(opening),
            Self::Arcgis(source) => source.open(opening),
            Self::Cog(source) => source.open(opening),
            Self::Stac(source) => source.open(opening),
            Self::EarthEngine(source) => source.open(opening),
            Self::StreetView(source) => source.open(opening),
            Self::Mapillary(source) => source.open(opening),
        }
    }
}

/// The format that a service which draws pictures is asked for: what the study wants where services
/// have it, else PNG, which loses nothing before it is written again.
fn drawn_format(picture: &Picture) -> Format {
    match picture.format {
        Format::Jpeg if picture.labels.is_none() => Format::Jpeg,
        _ => Format::Png,
    }
}

/// What becomes of a sample that brings a grid to a source that cannot keep to one.
fn no_grid(source_kind: &str) -> Miss {
    Miss::Failed(format!(
        "{source_kind} cannot draw on a given grid: chips need another source"
    ))
}

/// Band numbers (from 1) of a picture, turned into places (from 0).
fn band_numbers(picture: &Picture) -> Result<Option<Vec<u16>>, Error> {
    let Some(bands) = &picture.bands else {
        return Ok(None);
    };
    let number = |band: &Band| match band {
        Band::Number(number) if *number >= 1 => Ok(number - 1),
        other => Err(Error::setting(
            "picture.bands",
            format!("{other:?}"),
            "numbers counted from 1",
        )),
    };
    bands.iter().map(number).collect::<Result<_, _>>().map(Some)
}
