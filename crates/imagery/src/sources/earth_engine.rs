//! Google Earth Engine: composites computed there, sent as pixels (REST API v1, `image:computePixels`).

mod expression;
mod token;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use self::token::TokenSource;
use super::address::{below, service_url};
use super::cog::band_texts;
use super::wms::named_crs;
use super::{Aim, Content, Describe, Opening, PictureSource, Taken, UsualLimits};
use crate::Error;
use crate::compute::compute;
use crate::fetch::{Call, Miss, Rejection, Reply, Request, examine, excerpt, plain_status};
use crate::labels::LabelLayer;
use crate::picture::{Band, Format, Picture, Size};
use crate::pyramid::{Level, grid_of};
use crate::sample::{Frame, Sample};
use crate::secret::{Secret, SecretName};
use raster::Grid;
use raster::Pixels;
use raster::{Map, Maps};

/// Uncompressed bytes that one reply may hold.
const LARGEST_REPLY: u64 = 48 << 20;
/// A composite of years of pictures takes its time.
const TIMEOUT: Duration = Duration::from_secs(300);

/// An image collection of Earth Engine, reduced to one picture for each sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EarthEngine {
    /// Cloud project that the computation is billed to.
    pub project: String,
    /// Place of the service account's key (the JSON file as Google gives it).
    pub key: SecretName,
    /// Image collection.
    pub collection: String,
    /// First day of the pictures taken in.
    pub start: Date,
    /// Day after the last.
    pub end: Date,
    /// How the pictures become one.
    #[serde(default)]
    pub reducer: Reducer,
    /// Pixels left out by the bits of a quality band.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_mask: Option<CloudMask>,
    /// Type of the values; masked pixels become 0. Left out, values are as the reducer gives them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_type: Option<ValueType>,
    /// Whether `picture.labels` are burnt in by Earth Engine instead of here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub labels_on_server: bool,
    /// Reference system of the pictures.
    #[serde(default = "default_crs")]
    pub crs: String,
    /// Side of the collection's own pixels in units of `crs`, whose edges lie at multiples of it.
    /// Pictures of that pixel size share their edges with it.
    pub pixel: f64,
    /// Values shown as black and white in a png or jpeg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<(f64, f64)>,
    /// The line that has to be shown with the pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<String>,
    /// Licence of the pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Address of the service.
    #[serde(default = "default_base_url")]
    pub base_url: String,
}

/// How the pictures of a collection become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reducer {
    /// The median of each pixel.
    #[default]
    Median,
    /// The mean of each pixel.
    Mean,
    /// The last picture on top.
    Mosaic,
    /// The smallest value of each pixel.
    Min,
    /// The largest value of each pixel.
    Max,
}

/// Bits of a quality band: where any of them is set, the pixel is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloudMask {
    /// The band, such as `QA60`.
    pub band: String,
    /// The bits, counted from 0, such as 10 and 11.
    pub bits: Vec<u8>,
}

/// Type of the values of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // The names say it all.
pub enum ValueType {
    Uint8,
    Uint16,
    Int16,
    Float,
}

fn default_crs() -> String {
    "EPSG:3857".to_owned()
}

fn default_base_url() -> String {
    "https://earthengine-highvolume.googleapis.com".to_owned()
}

impl EarthEngine {
    fn bands(&self, picture: &Picture) -> Result<Vec<String>, Error> {
        let named = |bands: &[Band]| bands.iter().all(|band| matches!(band, Band::Name(_)));
        band_texts(picture)
            .filter(|_| picture.bands.as_deref().is_some_and(named))
            .ok_or_else(|| {
                Error::setting(
                    "picture.bands",
                    "missing or numbers",
                    "names of bands of the collection, such as [\"B\", \"G\", \"R\"]",
                )
            })
    }

    fn reply_format(&self, picture: &Picture) -> Result<&'static str, Error> {
        match picture.format {
            // Labels are added here: the pixels are needed, not a picture of them.
            Format::Tiff | Format::Npy => Ok(if picture.format == Format::Npy {
                "NPY"
            } else {
                "GEO_TIFF"
            }),
            Format::Png | Format::Jpeg if self.range.is_none() => Err(Error::setting(
                "source.range",
                "missing",
                "the values shown as black and white, or picture.format tiff or npy",
            )),
            Format::Png => Ok("PNG"),
            Format::Jpeg => Ok("JPEG"),
            Format::Webp => Err(Error::setting(
                "picture.format",
                "webp",
                "tiff, npy, png or jpeg",
            )),
        }
    }

    /// The grid of the collection: it has no end that matters here.
    pub(super) fn level(&self) -> Level {
        Level {
            origin: (0.0, 0.0),
            pixel: (self.pixel, self.pixel),
            size: (0, 0),
            tile: (256, 256),
            turned: None,
        }
    }

    fn value_bytes(&self) -> u64 {
        match self.value_type {
            Some(ValueType::Uint8) => 1,
            Some(ValueType::Uint16 | ValueType::Int16) => 2,
            Some(ValueType::Float) => 4,
            None => 8,
        }
    }

    fn check_reply_size(&self, width: u32, height: u32, bands: usize) -> Result<(), Error> {
        let bytes = u64::from(width) * u64::from(height) * bands as u64 * self.value_bytes();
        if bytes > LARGEST_REPLY {
            return Err(Error::setting(
                "picture",
                format!("{width} x {height} pixels of {bands} bands, {bytes} bytes"),
                format!(
                    "at most {LARGEST_REPLY} bytes a reply: fewer pixels or bands, or a smaller value_type"
                ),
            ));
        }
        Ok(())
    }

    pub(super) fn open(&self, opening: &Opening<'_>) -> Result<Arc<dyn PictureSource>, Error> {
        let crs = named_crs("source.crs", &self.crs)?;
        let base = service_url("source.base_url", &self.base_url)?;
        let project = self
            .project
            .strip_prefix("projects/")
            .unwrap_or(&self.project);
        let property = opening
            .picture
            .labels
            .as_ref()
            .and_then(|labels| labels.column.clone());
        Ok(Arc::new(Opened {
            address: below(&base, &["v1", "projects", project, "image:computePixels"]),
            token: TokenSource::new(&self.key, &opening.secrets.get("source.key", &self.key)?)?,
            bands: self.bands(opening.picture)?,
            format: self.reply_format(opening.picture)?,
            is_pixels: matches!(opening.picture.format, Format::Tiff | Format::Npy),
            labels: if self.labels_on_server {
                opening.labels.clone()
            } else {
                None
            },
            property: property.unwrap_or_else(|| "label".to_owned()),
            settings: self.clone(),
            level: self.level(),
            size: opening.size,
            map: Map::new(crs)?,
            maps: Maps::default(),
        }))
    }
}

impl Describe for EarthEngine {
    fn check(&self, picture: &Picture, size: Size) -> Result<(), Error> {
        service_url("source.base_url", &self.base_url)?;
        named_crs("source.crs", &self.crs)?;
        self.reply_format(picture)?;
        let bands = self.bands(picture)?;
        if self.start >= self.end {
            return Err(Error::setting(
                "source.end",
                self.end,
                format!("a day after source.start, {}", self.start),
            ));
        }
        if !(self.pixel.is_finite() && self.pixel > 0.0) {
            return Err(Error::setting(
                "source.pixel",
                self.pixel,
                "a positive number of units of source.crs",
            ));
        }
        if let Some(bit) = self
            .cloud_mask
            .iter()
            .flat_map(|mask| &mask.bits)
            .find(|bit| **bit > 31)
        {
            return Err(Error::setting(
                "source.cloud_mask.bits",
                bit,
                "bits from 0 to 31",
            ));
        }
        match size {
            Size::Ground { px: Some(px), .. } | Size::Pixels { px, .. } => {
                self.check_reply_size(px, px, bands.len() + usize::from(self.labels_on_server))
            }
            Size::Ground { px: None, .. } => Ok(()),
        }
    }

    fn addresses(&self) -> Vec<&str> {
        vec![&self.base_url]
    }

    fn secret_names(&self) -> Vec<SecretName> {
        vec![self.key.clone()]
    }

    fn usual_limits(&self) -> UsualLimits {
        (Some(100.0), 40)
    }

    fn attribution(&self) -> Option<&str> {
        self.attribution.as_deref()
    }

    fn licence(&self) -> Option<&str> {
        self.licence.as_deref()
    }

    fn requests_each(&self, _size: Size) -> f64 {
        1.0
    }
}

struct Opened {
    address: Url,
    token: TokenSource,
    bands: Vec<String>,
    format: &'static str,
    is_pixels: bool,
    labels: Option<Arc<LabelLayer>>,
    property: String,
    settings: EarthEngine,
    level: Level,
    size: Size,
    map: Map,
    maps: Maps,
}

impl Opened {
    fn grid(&self, sample: &Sample) -> Result<Grid, Error> {
        let levels = std::slice::from_ref(&self.level);
        let grid = grid_of(&self.map, levels, sample, self.size)?;
        self.settings
            .check_reply_size(grid.width, grid.height, self.bands.len())?;
        Ok(grid)
    }

    fn body(&self, grid: &Grid) -> Result<Value, Error> {
        let settings = &self.settings;
        let mut image = expression::composite(&expression::Composite {
            collection: &settings.collection,
            start: &settings.start.to_string(),
            end: &settings.end.to_string(),
            bands: &self.bands,
            reducer: settings.reducer,
            cloud_mask: settings.cloud_mask.as_ref(),
        });
        if let Some(value_type) = settings.value_type {
            image = expression::typed(image, value_type);
        }
        if let Some(layer) = &self.labels {
            let outline = self.maps.get(&grid.crs)?.outline(grid.bounds())?;
            image = expression::with_labels(image, &layer.near(&outline)?, &self.property);
        }
        let [x, width, _, y, _, height] = grid.geo_transform();
        let crs_code = grid
            .crs
            .epsg()
            .map_or_else(|| settings.crs.clone(), |code| format!("EPSG:{code}"));
        let mut body = json!({
            "expression": image.into_expression(),
            "fileFormat": self.format,
            "grid": {
                "dimensions": {"width": grid.width, "height": grid.height},
                "affineTransform": {
                    "scaleX": width, "shearX": 0, "translateX": x,
                    "shearY": 0, "scaleY": height, "translateY": y,
                },
                "crsCode": crs_code,
            },
        });
        if let (false, Some((min, max)), Value::Object(body)) =
            (self.is_pixels, settings.range, &mut body)
        {
            body.insert(
                "visualizationOptions".to_owned(),
                json!({"ranges": [{"min": min, "max": max}]}),
            );
        }
        Ok(body)
    }
}

#[async_trait]
impl PictureSource for Opened {
    async fn locate(&self, sample: &Sample, _call: &Call) -> Result<Aim, Miss> {
        let frame = Frame::of_grid(&self.maps, self.grid(sample)?, sample)?;
        Ok(Aim {
            frame,
            ..Aim::default()
        })
    }

    async fn take(&self, _sample: &Sample, aim: &Aim, call: &Call) -> Result<Taken, Miss> {
        let body = self.body(aim.grid()?)?;
        let token = self.token.token(call).await?;
        let request = Request::post_json(self.address.clone(), &body)
            .secret_header(
                "authorization",
                Some(Secret::new(format!("Bearer {}", token.reveal()))),
            )
            .timeout(TIMEOUT);
        let content = call
            .fetch(&request, |reply| judge(reply, aim.frame.size))
            .await?;
        let content = match content {
            Answer::Picture(bytes, header) => Content::File { bytes, header },
            Answer::Pixels(bytes) => {
                let pixels = compute("decoding a reply", move || Pixels::decode(&bytes))
                    .await
                    .map_err(Miss::Fatal)??;
                let mut band_names = self.bands.clone();
                band_names.extend(self.labels.iter().map(|_| self.property.clone()));
                let nodata = self.settings.value_type.map(|_| 0.0);
                Content::Pixels {
                    pixels: Box::new(move || Ok(pixels)),
                    band_names,
                    nodata,
                }
            }
        };
        Ok(Taken {
            content,
            expires: None,
        })
    }
}

enum Answer {
    Picture(Bytes, crate::fetch::Header),
    Pixels(Bytes),
}

/// Errors are JSON with a status and, for limits, a reason.
fn judge(reply: &Reply, size: Option<(u32, u32)>) -> Result<Answer, Rejection> {
    if reply.status != 200 {
        return Err(judge_error(reply));
    }
    let header = examine(&reply.body).map_err(|defect| Rejection::Defect(defect.to_string()))?;
    if size.is_some_and(|size| size != (header.width, header.height)) {
        return Err(Rejection::Final(format!(
            "a picture of {} x {} pixels, not as asked",
            header.width, header.height
        )));
    }
    Ok(match header.format {
        Format::Tiff | Format::Npy => Answer::Pixels(reply.body.clone()),
        Format::Png | Format::Jpeg | Format::Webp => Answer::Picture(reply.body.clone(), header),
    })
}

fn judge_error(reply: &Reply) -> Rejection {
    let document: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let error = document.get("error");
    let message = error
        .and_then(|error| error.get("message"))
        .and_then(Value::as_str)
        .unwrap_or("no message");
    let said = format!("http {}: {}", reply.status, excerpt(message));
    let has_reason = |reason: &str| {
        let lists = ["errors", "details"].map(|list| {
            error
                .and_then(|error| error.get(list))
                .and_then(Value::as_array)
        });
        lists
            .into_iter()
            .flatten()
            .flatten()
            .any(|entry| entry.get("reason").and_then(Value::as_str) == Some(reason))
    };
    match reply.status {
        403 if has_reason("rateLimitExceeded") || has_reason("userRateLimitExceeded") => {
            Rejection::Retry(said)
        }
        403 => Rejection::Refused(said),
        404 => Rejection::NotThere(said),
        400 if message.contains("not found") && message.contains("asset") => {
            Rejection::NotThere(said)
        }
        500..=599 => Rejection::Retry(said),
        _ => match plain_status(reply) {
            Err(Rejection::Refused(_)) => Rejection::Refused(said),
            Err(Rejection::Retry(_)) => Rejection::Retry(said),
            // Memory and time limits of a computation come back the same however often it is asked.
            _ => Rejection::Final(said),
        },
    }
}
