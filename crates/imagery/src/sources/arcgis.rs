//! `ArcGIS` REST: `exportImage` of an image server, `export` of a map server.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::Crs;
use url::Url;

use super::address::{below, service_url};
use super::wms::named_crs;
use super::{
    Access, Aim, Content, Describe, Opening, PictureSource, Taken, UsualLimits, drawn_format,
};
use crate::Error;
use crate::fetch::{Call, Miss, Rejection, Reply, Request, expiry, picture_reply};
use crate::picture::{Format, Picture, Size};
use crate::sample::{Frame, Sample};
use crate::secret::{Secret, SecretName};
use raster::Grid;
use raster::Maps;

/// An `ArcGIS` image server or map server, drawn around each sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arcgis {
    /// Address of the service, ending in `/ImageServer` or `/MapServer`.
    pub url: String,
    /// Reference system in which pictures are drawn: an EPSG code.
    #[serde(default = "default_crs")]
    pub crs: String,
    /// Further parameters of each request, such as `renderingRule`, `layers` or `time`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// Place of a token, for services that want one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<SecretName>,
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

fn default_crs() -> String {
    "EPSG:3857".to_owned()
}

impl Arcgis {
    /// The address of the operation that draws.
    fn operation(&self) -> Result<Url, Error> {
        let url = service_url("source.url", &self.url)?;
        let last = url
            .path_segments()
            .and_then(|mut segments| segments.rfind(|segment| !segment.is_empty()));
        match last {
            Some("ImageServer") => Ok(below(&url, &["exportImage"])),
            Some("MapServer") => Ok(below(&url, &["export"])),
            _ => Err(Error::setting(
                "source.url",
                format!("\"{}\"", self.url),
                "an address that ends in /ImageServer or /MapServer",
            )),
        }
    }

    pub(super) fn open(&self, opening: &Opening<'_>) -> Result<Arc<dyn PictureSource>, Error> {
        let (size_m, px) = opening.size.drawn()?;
        let crs = named_crs("source.crs", &self.crs)?;
        Ok(Arc::new(Opened {
            operation: self.operation()?,
            format: drawn_format(opening.picture),
            parameters: self.parameters.clone(),
            token: opening
                .secrets
                .get_optional("source.key", self.key.as_ref())?,
            size: (size_m, px),
            crs,
            maps: Maps::default(),
        }))
    }
}

impl Describe for Arcgis {
    fn check(&self, _picture: &Picture, size: Size) -> Result<(), Error> {
        self.operation()?;
        named_crs("source.crs", &self.crs)?;
        size.drawn().map(|_| ())
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
        self.key.iter().cloned().collect()
    }

    fn usual_limits(&self) -> UsualLimits {
        (None, 4)
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
    operation: Url,
    format: Format,
    parameters: BTreeMap<String, String>,
    token: Option<Secret>,
    size: (f64, u32),
    crs: Crs,
    maps: Maps,
}

impl Opened {
    fn url(&self, grid: &Grid) -> Url {
        let (low, high) = (grid.bounds().min(), grid.bounds().max());
        let bbox = [low.x, low.y, high.x, high.y]
            .map(|number| number.to_string())
            .join(",");
        let code = grid.crs.epsg().unwrap_or(4326).to_string();
        let mut url = self.operation.clone();
        url.query_pairs_mut()
            .append_pair("bbox", &bbox)
            .append_pair("bboxSR", &code)
            .append_pair("imageSR", &code)
            .append_pair("size", &format!("{},{}", grid.width, grid.height))
            .append_pair(
                "format",
                if self.format == Format::Jpeg {
                    "jpg"
                } else {
                    "png"
                },
            )
            .append_pair("adjustAspectRatio", "false")
            .append_pair("f", "image")
            .extend_pairs(&self.parameters);
        url
    }
}

#[async_trait]
impl PictureSource for Opened {
    async fn locate(&self, sample: &Sample, _call: &Call) -> Result<Aim, Miss> {
        let frame = Frame::drawn(&self.maps, &self.crs, sample, self.size)?;
        Ok(Aim {
            frame,
            ..Aim::default()
        })
    }

    async fn take(&self, _sample: &Sample, aim: &Aim, call: &Call) -> Result<Taken, Miss> {
        let request =
            Request::get(self.url(aim.grid()?)).secret_query("token", self.token.as_ref());
        call.fetch(&request, |reply| {
            judge_document(reply)?;
            let (bytes, header) = picture_reply(reply, aim.frame.size)?;
            Ok(Taken {
                content: Content::File { bytes, header },
                expires: expiry(reply, call.now()),
            })
        })
        .await
    }
}

/// Errors come with status 200, as JSON with a code of their own.
fn judge_document(reply: &Reply) -> Result<(), Rejection> {
    if !reply.body.starts_with(b"{") {
        return Ok(());
    }
    let Ok(document) = serde_json::from_slice::<serde_json::Value>(&reply.body) else {
        return Ok(());
    };
    let Some(error) = document.get("error") else {
        return Ok(());
    };
    let code = error
        .get("code")
        .and_then(serde_json::Value::as_u64)
        .unwrap_or(0);
    let message = error
        .get("message")
        .and_then(serde_json::Value::as_str)
        .unwrap_or("no message");
    let said = format!("error {code}: {}", crate::fetch::excerpt(message));
    Err(match code {
        // 498 invalid token, 499 token required.
        401 | 403 | 498 | 499 => Rejection::Refused(said),
        404 => Rejection::NotThere(said),
        408 | 429 | 500 | 502 | 503 | 504 => Rejection::Retry(said),
        _ => Rejection::Final(said),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operation_follows_from_the_kind_of_server() {
        let operation = |url: &str| {
            serde_json::from_value::<Arcgis>(serde_json::json!({ "url": url }))
                .unwrap()
                .operation()
        };
        assert_eq!(
            operation("https://a.test/rest/services/naip/ImageServer/")
                .unwrap()
                .path(),
            "/rest/services/naip/ImageServer/exportImage"
        );
        assert_eq!(
            operation("https://a.test/x/MapServer").unwrap().path(),
            "/x/MapServer/export"
        );
        assert!(
            operation("https://a.test/x/FeatureServer")
                .unwrap_err()
                .to_string()
                .contains("/MapServer")
        );
    }
}
