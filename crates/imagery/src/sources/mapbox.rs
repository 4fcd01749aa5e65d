//! Mapbox Static Images API, v1.

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::Crs;
use url::Url;

use super::address::{below, decimals, service_url};
use super::{Aim, Content, Describe, Opening, PictureSource, Taken, UsualLimits, no_grid};
use crate::Error;
use crate::fetch::{Call, Miss, Rejection, Reply, Request, expiry, picture_reply};
use crate::picture::{Picture, Size};
use crate::sample::{Frame, Sample};
use crate::secret::{Secret, SecretName, Secrets};
use raster::Grid;
use raster::{MERCATOR_CIRCUMFERENCE, Maps, square};

/// Side of a Mapbox tile, in which its zoom is counted.
const TILE_PX: f64 = 512.0;
/// Largest side of a picture, before doubling.
const LARGEST_PX: u32 = 1280;
const LARGEST_ZOOM: f64 = 22.0;

/// A style of Mapbox, drawn around each sample.
///
/// The service rounds zoom levels to 2 decimals, so that a picture's side on the ground is up to
/// 0.35 % off; the ledger holds the true footprint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mapbox {
    /// Place of the access token: `env:NAME`, `secret:NAME` or `ssm:/path`.
    pub key: SecretName,
    /// Owner of the style.
    #[serde(default = "default_user")]
    pub user: String,
    /// Style.
    #[serde(default = "default_style")]
    pub style: String,
    /// Whether pictures are asked for at double density (`@2x`): sharper symbols, and up to 2560 pixels.
    #[serde(default)]
    pub retina: bool,
    /// Address of the service.
    #[serde(default = "default_base_url")]
    pub base_url: String,
}

fn default_user() -> String {
    "mapbox".to_owned()
}

fn default_style() -> String {
    "satellite-v9".to_owned()
}

fn default_base_url() -> String {
    "https://api.mapbox.com".to_owned()
}

impl Mapbox {
    fn logical_px(&self, px: u32) -> Result<u32, Error> {
        let density = if self.retina { 2 } else { 1 };
        if !px.is_multiple_of(density) || !(1..=LARGEST_PX * density).contains(&px) {
            let expected = if self.retina {
                "an even number of pixels up to 2560"
            } else {
                "1 to 1280 pixels (2560 with retina)"
            };
            return Err(Error::setting("picture.size_px", px, expected));
        }
        Ok(px / density)
    }

    pub(super) fn open(&self, opening: &Opening<'_>) -> Result<Arc<dyn PictureSource>, Error> {
        let (size_m, px) = opening.size.drawn()?;
        let base = service_url("source.base_url", &self.base_url)?;
        Ok(Arc::new(Opened {
            address: below(&base, &["styles", "v1", &self.user, &self.style, "static"]),
            key: secret(opening.secrets, &self.key)?,
            retina: self.retina,
            size_m,
            px,
            logical_px: self.logical_px(px)?,
            crs: Crs::from_epsg(3857)?,
            maps: Maps::default(),
        }))
    }
}

fn secret(secrets: &Secrets, name: &SecretName) -> Result<Secret, Error> {
    secrets.get("source.key", name)
}

impl Describe for Mapbox {
    fn check(&self, _picture: &Picture, size: Size) -> Result<(), Error> {
        service_url("source.base_url", &self.base_url)?;
        self.logical_px(size.drawn()?.1).map(|_| ())
    }

    fn addresses(&self) -> Vec<&str> {
        vec![&self.base_url]
    }

    fn secret_names(&self) -> Vec<SecretName> {
        vec![self.key.clone()]
    }

    fn usual_limits(&self) -> UsualLimits {
        // 1,250 requests a minute for each token.
        (Some(1250.0 / 60.0), 16)
    }

    fn attribution(&self) -> Option<&str> {
        Some("© Mapbox, © OpenStreetMap, © Maxar")
    }

    fn requests_each(&self, _size: Size) -> f64 {
        1.0
    }
}

struct Opened {
    address: Url,
    key: Secret,
    retina: bool,
    size_m: f64,
    px: u32,
    logical_px: u32,
    crs: Crs,
    maps: Maps,
}

/// The zoom at which so many metres fill so many pixels, as the service rounds it.
fn zoom(lat: f64, size_m: f64, logical_px: u32) -> f64 {
    let metres_px = size_m / f64::from(logical_px);
    let exact = (MERCATOR_CIRCUMFERENCE * lat.to_radians().cos() / (TILE_PX * metres_px)).log2();
    ((exact * 100.0).round() / 100.0).clamp(0.0, LARGEST_ZOOM)
}

#[async_trait]
impl PictureSource for Opened {
    async fn locate(&self, sample: &Sample, _call: &Call) -> Result<Aim, Miss> {
        if sample.grid.is_some() {
            return Err(no_grid("mapbox"));
        }
        let zoom = zoom(sample.lat, self.size_m, self.logical_px);
        let side = MERCATOR_CIRCUMFERENCE / (TILE_PX * zoom.exp2()) * f64::from(self.logical_px);
        let center = self.maps.get(&self.crs)?.place(sample.lon, sample.lat)?;
        let corner = square(center, (side, side));
        let pixel = side / f64::from(self.px);
        let grid = Grid {
            crs: self.crs.clone(),
            origin: (corner.min().x, corner.max().y),
            pixel: (pixel, pixel),
            width: self.px,
            height: self.px,
        };
        let frame = Frame::of_grid(&self.maps, grid, sample)?;
        let place = format!(
            "{},{},{},0,0",
            decimals(sample.lon, 7),
            decimals(sample.lat, 7),
            decimals(zoom, 2)
        );
        Ok(Aim {
            frame,
            target: Some(place),
            ..Aim::default()
        })
    }

    async fn take(&self, _sample: &Sample, aim: &Aim, call: &Call) -> Result<Taken, Miss> {
        let place = aim.target.as_deref().unwrap_or_default();
        let size = format!(
            "{0}x{0}{1}",
            self.logical_px,
            if self.retina { "@2x" } else { "" }
        );
        let mut url = below(&self.address, &[place, &size]);
        // The ledger carries the attribution; drawn over the picture it would be measured.
        url.set_query(Some("attribution=false&logo=false"));
        let request = Request::get(url).secret_query("access_token", Some(&self.key));
        call.fetch(&request, |reply| {
            judge_status(reply)?;
            let (bytes, header) = picture_reply(reply, aim.frame.size)?;
            Ok(Taken {
                content: Content::File { bytes, header },
                expires: expiry(reply, call.now()),
            })
        })
        .await
    }
}

/// 403: the token may not; 404: no such style. Both are the same for every sample.
fn judge_status(reply: &Reply) -> Result<(), Rejection> {
    match (reply.status, crate::fetch::plain_status(reply)) {
        (403, Err(Rejection::Final(reason))) => Err(Rejection::Refused(reason)),
        (404, Err(Rejection::Final(reason))) => Err(Rejection::NotThere(reason)),
        (_, judged) => judged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifty_metres_in_256_pixels_have_their_zoom() {
        for (lat, exact) in [(0.0, 18.6123), (47.38, 18.0499), (51.5, 17.9285)] {
            let rounded: f64 = format!("{exact:.2}").parse().unwrap();
            assert!((zoom(lat, 50.0, 256) - rounded).abs() < 1e-9, "{lat}");
        }
    }

    #[test]
    fn the_rounded_zoom_is_at_most_a_third_of_a_percent_off() {
        for lat in 0..80 {
            let lat = f64::from(lat);
            let side = MERCATOR_CIRCUMFERENCE * lat.to_radians().cos() * 256.0
                / (512.0 * zoom(lat, 50.0, 256).exp2());
            assert!((49.82..=50.18).contains(&side), "{lat}: {side}");
        }
    }
}
