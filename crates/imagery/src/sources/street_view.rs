//! Google Street View Static API.

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::address::{below, decimals, service_url};
use super::{Aim, Camera, Content, Describe, Opening, PictureSource, Taken, UsualLimits, no_grid};
use crate::Error;
use crate::fetch::{
    Call, Miss, Rejection, Reply, Request, UrlSigner, expiry, picture_reply, plain_status,
};
use crate::picture::{Picture, Size};
use crate::sample::{Frame, Sample};
use crate::secret::{Secret, SecretName};

/// Largest side of a picture.
const LARGEST_PX: u32 = 640;
const ATTRIBUTION: &str = "© Google";

/// Street pictures of Google, in the direction of each sample's heading.
///
/// The free metadata say first whether there is a panorama; samples that see the same panorama in
/// the same direction share one picture. Google's terms forbid to store pictures: by default
/// measures are taken in flight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreetView {
    /// Place of the API key.
    pub key: SecretName,
    /// Place of the URL signing secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_secret: Option<SecretName>,
    /// Horizontal field of view in degrees.
    #[serde(default = "default_fov")]
    pub fov: f64,
    /// Metres around the sample in which a panorama may lie.
    #[serde(default = "default_radius")]
    pub radius_m: u32,
    /// Metres between the sample and the panorama, at most. Default: `radius_m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_distance_m: Option<f64>,
    /// Whether only Google's own panoramas count, and not those that users have uploaded.
    #[serde(default = "default_only_google", skip_serializing_if = "Clone::clone")]
    pub only_google: bool,
    /// Whether panoramas taken indoors are left out.
    #[serde(default = "default_outdoor")]
    pub outdoor: bool,
    /// Address of the service.
    #[serde(default = "default_base_url")]
    pub base_url: String,
}

fn default_fov() -> f64 {
    90.0
}

fn default_radius() -> u32 {
    50
}

fn default_only_google() -> bool {
    true
}

fn default_outdoor() -> bool {
    true
}

fn default_base_url() -> String {
    "https://maps.googleapis.com".to_owned()
}

/// The side of a street picture, which has no size on the ground.
pub(super) fn street_px(size: Size, largest: u32) -> Result<u32, Error> {
    match size {
        Size::Pixels { px, pixel_m: None } if px <= largest => Ok(px),
        Size::Pixels { px, pixel_m: None } => Err(Error::setting(
            "picture.size_px",
            px,
            format!("at most {largest} pixels"),
        )),
        _ => Err(Error::setting(
            "picture",
            "given in metres",
            "size_px alone, since a street picture has no size on the ground",
        )),
    }
}

impl StreetView {
    pub(super) fn open(&self, opening: &Opening<'_>) -> Result<Arc<dyn PictureSource>, Error> {
        let secret = opening
            .secrets
            .get_optional("source.signing_secret", self.signing_secret.as_ref())?;
        let signer = match (secret, &self.signing_secret) {
            (Some(secret), Some(name)) => {
                Some(UrlSigner::new(&secret).ok_or_else(|| Error::BadSecret {
                    name: name.to_string(),
                    expected: "url-safe base64",
                })?)
            }
            _ => None,
        };
        let base = service_url("source.base_url", &self.base_url)?;
        Ok(Arc::new(Opened {
            metadata: below(&base, &["maps", "api", "streetview", "metadata"]),
            picture: below(&base, &["maps", "api", "streetview"]),
            key: opening.secrets.get("source.key", &self.key)?,
            signer,
            settings: self.clone(),
            px: street_px(opening.size, LARGEST_PX)?,
        }))
    }
}

impl Describe for StreetView {
    fn check(&self, _picture: &Picture, size: Size) -> Result<(), Error> {
        service_url("source.base_url", &self.base_url)?;
        if !(10.0..=120.0).contains(&self.fov) {
            return Err(Error::setting("source.fov", self.fov, "10 to 120 degrees"));
        }
        if self.radius_m == 0 {
            return Err(Error::setting("source.radius_m", 0, "at least 1 metre"));
        }
        if let Some(metres) = self.max_distance_m
            && !(metres.is_finite() && metres > 0.0)
        {
            return Err(Error::setting(
                "source.max_distance_m",
                metres,
                "more than 0 metres",
            ));
        }
        street_px(size, LARGEST_PX).map(|_| ())
    }

    fn addresses(&self) -> Vec<&str> {
        vec![&self.base_url]
    }

    fn secret_names(&self) -> Vec<SecretName> {
        std::iter::once(&self.key)
            .chain(&self.signing_secret)
            .cloned()
            .collect()
    }

    fn usual_limits(&self) -> UsualLimits {
        // 30,000 requests a minute; pictures are charged, so the usual pace is a tenth.
        (Some(50.0), 16)
    }

    fn attribution(&self) -> Option<&str> {
        Some(ATTRIBUTION)
    }

    fn requests_each(&self, _size: Size) -> f64 {
        2.0
    }
}

struct Opened {
    metadata: Url,
    picture: Url,
    key: Secret,
    signer: Option<UrlSigner>,
    settings: StreetView,
    px: u32,
}

#[derive(Deserialize)]
struct Metadata {
    status: String,
    #[serde(default)]
    error_message: Option<String>,
    #[serde(default)]
    pano_id: Option<String>,
    #[serde(default)]
    location: Option<Location>,
    /// Whose the panorama is.
    #[serde(default)]
    copyright: Option<String>,
    /// Year and month of capture.
    #[serde(default)]
    date: Option<String>,
}

#[derive(Deserialize)]
struct Location {
    lat: f64,
    lng: f64,
}

impl StreetView {
    /// The panorama that the metadata name, if it may serve the sample.
    fn camera(&self, metadata: &Metadata, sample: &Sample) -> Result<Camera, Miss> {
        let picture_id = metadata
            .pano_id
            .clone()
            .ok_or_else(|| Miss::Failed("metadata without a panorama".to_owned()))?;
        let Some(Location { lat, lng: lon }) = metadata.location else {
            return Err(Miss::Failed(format!(
                "metadata without the place of panorama {picture_id}"
            )));
        };
        if self.only_google {
            let whose = metadata.copyright.as_deref().unwrap_or("nobody named");
            if !whose.to_ascii_lowercase().contains("google") {
                return Err(Miss::NoImagery(format!(
                    "the panorama is not Google's own but of {} (only_google)",
                    crate::fetch::excerpt(whose)
                )));
            }
        }
        let distance_m = raster::metres_between((sample.lon, sample.lat), (lon, lat));
        let most = self
            .max_distance_m
            .unwrap_or_else(|| f64::from(self.radius_m));
        if distance_m.is_nan() || distance_m > most {
            return Err(Miss::NoImagery(format!(
                "the panorama is {distance_m:.0} m away, more than max_distance_m {most}"
            )));
        }
        Ok(Camera {
            picture_id,
            lon,
            lat,
            distance_m,
            copyright: metadata.copyright.clone(),
        })
    }
}

impl Opened {
    fn request(&self, url: Url) -> Request {
        Request::get(url)
            .secret_query("key", Some(&self.key))
            .signed(self.signer.as_ref())
    }
}

#[async_trait]
impl PictureSource for Opened {
    async fn locate(&self, sample: &Sample, call: &Call) -> Result<Aim, Miss> {
        if sample.grid.is_some() {
            return Err(no_grid("street_view"));
        }
        let mut url = self.metadata.clone();
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair(
                    "location",
                    &format!("{},{}", decimals(sample.lat, 7), decimals(sample.lon, 7)),
                )
                .append_pair("radius", &self.settings.radius_m.to_string());
            if self.settings.outdoor {
                query.append_pair("source", "outdoor");
            }
        }
        let metadata = call.fetch(&self.request(url), judge_metadata).await?;
        let camera = self.settings.camera(&metadata, sample)?;
        let pano = camera.picture_id.clone();
        let heading = sample
            .heading
            .map(|heading| decimals(heading.rem_euclid(360.0), 2));
        let pitch = decimals(sample.pitch.unwrap_or(0.0).clamp(-90.0, 90.0), 2);
        let identity = format!("{pano} {} {pitch}", heading.as_deref().unwrap_or("-"));
        let mut url = self.picture.clone();
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("size", &format!("{0}x{0}", self.px))
                .append_pair("pano", &pano);
            if let Some(heading) = &heading {
                query.append_pair("heading", heading);
            }
            query
                .append_pair("pitch", &pitch)
                .append_pair("fov", &decimals(self.settings.fov, 2))
                .append_pair("return_error_code", "true");
        }
        let frame = Frame {
            size: Some((self.px, self.px)),
            ..Frame::default()
        };
        Ok(Aim {
            frame,
            identity: Some(identity),
            captured: metadata.date,
            target: Some(url.into()),
            camera: Some(camera),
        })
    }

    async fn take(&self, _sample: &Sample, aim: &Aim, call: &Call) -> Result<Taken, Miss> {
        let url = aim
            .target
            .as_deref()
            .and_then(|target| Url::parse(target).ok());
        let url = url.ok_or_else(|| Miss::Failed("an address that cannot be".to_owned()))?;
        call.fetch(&self.request(url), |reply| {
            match reply.status {
                403 => return Err(Rejection::Refused("http 403".to_owned())),
                404 => return Err(Rejection::NoImagery("no panorama (http 404)".to_owned())),
                _ => {}
            }
            let (bytes, header) = picture_reply(reply, aim.frame.size)?;
            Ok(Taken {
                content: Content::File { bytes, header },
                expires: expiry(reply, call.now()),
            })
        })
        .await
    }
}

/// The statuses of the metadata service, which come with http 200.
fn judge_metadata(reply: &Reply) -> Result<Metadata, Rejection> {
    plain_status(reply)?;
    let metadata: Metadata = serde_json::from_slice(&reply.body).map_err(|_| {
        Rejection::Defect("metadata that are no JSON object with a status".to_owned())
    })?;
    let said = match &metadata.error_message {
        Some(message) => format!("{}: {}", metadata.status, crate::fetch::excerpt(message)),
        None => metadata.status.clone(),
    };
    match metadata.status.as_str() {
        "OK" => Ok(metadata),
        "ZERO_RESULTS" | "NOT_FOUND" => Err(Rejection::NoImagery(said)),
        // Beyond the limit of a second the service answers with http 429; this is the day's quota.
        "OVER_QUERY_LIMIT" | "OVER_DAILY_LIMIT" => Err(Rejection::QuotaUsed(said)),
        "UNKNOWN_ERROR" => Err(Rejection::Retry(said)),
        "REQUEST_DENIED" => Err(Rejection::Refused(said)),
        _ => Err(Rejection::Final(said)),
    }
}
