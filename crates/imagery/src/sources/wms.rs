//! OGC Web Map Service, 1.1.1 (OGC 01-068r3) and 1.3.0 (OGC 06-042).

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::Crs;
use url::Url;

use super::address::service_url;
use super::{
    Access, Aim, Content, Describe, Opening, PictureSource, Taken, UsualLimits, drawn_format,
};
use crate::Error;
use crate::fetch::{Call, Miss, Request, expiry, picture_reply};
use crate::picture::{Format, Picture, Size};
use crate::sample::{Frame, Sample};
use crate::secret::{Secret, SecretName};
use raster::Grid;
use raster::Maps;

/// Layers of a Web Map Service, drawn around each sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wms {
    /// Address of the service; a query in it (such as `?map=...`) is kept.
    pub url: String,
    /// Layers, drawn in this order.
    pub layers: Vec<String>,
    /// A style for each layer; the default style where left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub styles: Vec<String>,
    /// Version of the protocol.
    #[serde(default)]
    pub version: WmsVersion,
    /// Reference system in which pictures are drawn.
    #[serde(default = "default_crs")]
    pub crs: String,
    /// Order of the axes in the request, where the rule of the version does not hold: version 1.3.0
    /// takes latitude first for systems in degrees, and x first otherwise (a few projected
    /// systems, such as EPSG:3035 and EPSG:2180, want y first).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub axis_order: Option<AxisOrder>,
    /// Further parameters of each request, such as `TIME`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// Place of a key, for services that want one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<SecretName>,
    /// Name of the parameter that takes the key.
    #[serde(default = "default_key_parameter")]
    pub key_parameter: String,
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

/// Version of the Web Map Service protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WmsVersion {
    /// Longitude first, always.
    #[serde(rename = "1.1.1")]
    V1_1_1,
    /// The order of the reference system's own axes.
    #[default]
    #[serde(rename = "1.3.0")]
    V1_3_0,
}

/// Order of the two axes in a bounding box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AxisOrder {
    /// x (longitude, easting) first.
    Xy,
    /// y (latitude, northing) first.
    Yx,
}

fn default_crs() -> String {
    "EPSG:3857".to_owned()
}

fn default_key_parameter() -> String {
    "key".to_owned()
}

/// A reference system by the name that settings and requests use.
pub(super) fn named_crs(setting: &str, name: &str) -> Result<Crs, Error> {
    if name.eq_ignore_ascii_case("CRS:84") || name.eq_ignore_ascii_case("OGC:CRS84") {
        return Ok(Crs::wgs84());
    }
    name.parse::<Crs>().map_err(|_| {
        Error::setting(
            setting,
            format!("\"{name}\""),
            "a reference system such as EPSG:3857",
        )
    })
}

impl Wms {
    fn axes(&self, crs: &Crs, name: &str) -> AxisOrder {
        let latitude_first = self.version == WmsVersion::V1_3_0
            && crs.is_geographic()
            && !name.eq_ignore_ascii_case("CRS:84");
        self.axis_order.unwrap_or(if latitude_first {
            AxisOrder::Yx
        } else {
            AxisOrder::Xy
        })
    }

    pub(super) fn open(&self, opening: &Opening<'_>) -> Result<Arc<dyn PictureSource>, Error> {
        let (size_m, px) = opening.size.drawn()?;
        let crs = named_crs("source.crs", &self.crs)?;
        Ok(Arc::new(Opened {
            address: service_url("source.url", &self.url)?,
            format: drawn_format(opening.picture),
            key: opening
                .secrets
                .get_optional("source.key", self.key.as_ref())?,
            settings: self.clone(),
            size: (size_m, px),
            crs,
            maps: Maps::default(),
        }))
    }
}

impl Describe for Wms {
    fn check(&self, _picture: &Picture, size: Size) -> Result<(), Error> {
        service_url("source.url", &self.url)?;
        named_crs("source.crs", &self.crs)?;
        size.drawn()?;
        if self.layers.is_empty() {
            return Err(Error::setting(
                "source.layers",
                "empty",
                "at least one layer",
            ));
        }
        if !self.styles.is_empty() && self.styles.len() != self.layers.len() {
            return Err(Error::setting(
                "source.styles",
                format!("{} styles", self.styles.len()),
                format!("one for each of the {} layers, or none", self.layers.len()),
            ));
        }
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
    address: Url,
    settings: Wms,
    format: Format,
    key: Option<Secret>,
    size: (f64, u32),
    crs: Crs,
    maps: Maps,
}

impl Opened {
    fn url(&self, grid: &Grid) -> Url {
        let settings = &self.settings;
        // A grid that the sample brings may lie in another reference system than the settings'.
        let crs_name = match grid.crs.epsg() {
            Some(code) if grid.crs != self.crs => format!("EPSG:{code}"),
            _ => settings.crs.clone(),
        };
        let (low, high) = (grid.bounds().min(), grid.bounds().max());
        let corners = match settings.axes(&grid.crs, &crs_name) {
            AxisOrder::Xy => [low.x, low.y, high.x, high.y],
            AxisOrder::Yx => [low.y, low.x, high.y, high.x],
        };
        let bbox = corners.map(|number| number.to_string()).join(",");
        let (version, crs_parameter) = match settings.version {
            WmsVersion::V1_1_1 => ("1.1.1", "SRS"),
            WmsVersion::V1_3_0 => ("1.3.0", "CRS"),
        };
        let mut url = self.address.clone();
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("SERVICE", "WMS")
                .append_pair("VERSION", version)
                .append_pair("REQUEST", "GetMap")
                .append_pair("LAYERS", &settings.layers.join(","))
                .append_pair("STYLES", &settings.styles.join(","))
                .append_pair(crs_parameter, &crs_name)
                .append_pair("BBOX", &bbox)
                .append_pair("WIDTH", &grid.width.to_string())
                .append_pair("HEIGHT", &grid.height.to_string())
                .append_pair("FORMAT", self.format.media_type());
            for (name, value) in &settings.parameters {
                query.append_pair(name, value);
            }
        }
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
        let request = Request::get(self.url(aim.grid()?))
            .secret_query(&self.settings.key_parameter, self.key.as_ref());
        call.fetch(&request, |reply| {
            let (bytes, header) = picture_reply(reply, aim.frame.size)?;
            Ok(Taken {
                content: Content::File { bytes, header },
                expires: expiry(reply, call.now()),
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(json: &str) -> Url {
        let settings: Wms = serde_json::from_str(json).unwrap();
        let picture: Picture = serde_json::from_str(r#"{"size_m": 100, "size_px": 64}"#).unwrap();
        let opened = Opened {
            address: service_url("source.url", &settings.url).unwrap(),
            format: drawn_format(&picture),
            key: None,
            size: (100.0, 64),
            crs: named_crs("source.crs", &settings.crs).unwrap(),
            maps: Maps::default(),
            settings,
        };
        let sample = Sample {
            lon: 8.5,
            lat: 47.0,
            ..crate::testing::samples(1).remove(0)
        };
        let frame = Frame::drawn(&opened.maps, &opened.crs, &sample, opened.size).unwrap();
        opened.url(frame.grid.as_ref().unwrap())
    }

    fn parameter(url: &Url, name: &str) -> Option<String> {
        url.query_pairs()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    fn first_of_bbox(url: &Url) -> f64 {
        parameter(url, "BBOX")
            .unwrap()
            .split(',')
            .next()
            .unwrap()
            .parse()
            .unwrap()
    }

    #[test]
    fn degrees_stand_latitude_first_in_1_3_0_and_longitude_first_otherwise() {
        let base = r#"{"url": "https://w.test/cgi?map=/a.map", "layers": ["ortho", "roads"], "crs": "EPSG:4326""#;
        let new = url(&format!("{base}}}"));
        assert!((first_of_bbox(&new) - 47.0).abs() < 0.01);
        assert_eq!(parameter(&new, "CRS").as_deref(), Some("EPSG:4326"));
        assert_eq!(parameter(&new, "map").as_deref(), Some("/a.map"));
        assert_eq!(parameter(&new, "LAYERS").as_deref(), Some("ortho,roads"));
        let old = url(&format!(r#"{base}, "version": "1.1.1"}}"#));
        assert!((first_of_bbox(&old) - 8.5).abs() < 0.01);
        assert_eq!(parameter(&old, "SRS").as_deref(), Some("EPSG:4326"));
        let crs84 = url(r#"{"url": "https://w.test", "layers": ["a"], "crs": "CRS:84"}"#);
        assert!((first_of_bbox(&crs84) - 8.5).abs() < 0.01);
        let told = url(&format!(r#"{base}, "axis_order": "xy"}}"#));
        assert!((first_of_bbox(&told) - 8.5).abs() < 0.01);
    }
}
