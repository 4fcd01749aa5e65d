//! Web map tiles: any service with an address by zoom, column and row.

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::Crs;
use url::Url;

use super::address::service_url;
use super::{Access, Aim, Content, Describe, Opening, PictureSource, Taken, UsualLimits};
use crate::Error;
use crate::compute::compute;
use crate::fetch::{Call, Miss, Rejection, Reply, Request, picture_reply, plain_status};
use crate::picture::{Picture, Size};
use crate::pyramid::{Level, Plan, Resampling, TileCache, TileSource, gather, grid_of, plan};
use crate::sample::{Frame, Sample};
use crate::secret::{Secret, SecretName};
use raster::Grid;
use raster::{MERCATOR_CIRCUMFERENCE, Map, Maps};
use raster::{Pixels, Values};

/// Bytes of decoded tiles that are kept for samples that share them.
const TILE_CACHE: usize = 48 << 20;
/// Where an address has the bounds of a tile, as styles of web maps have them.
const BBOX: &str = "{bbox-epsg-3857}";
/// Highest zoom there can be: rows and columns fit 32 bits with room.
const HIGHEST_ZOOM: u8 = 24;

/// Tiles in the usual Web Mercator scheme. Pictures are cut from the tiles they touch; each tile is
/// fetched once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Xyz {
    /// Address of a tile with `{z}`, `{x}` and `{y}` (or `{-y}`, rows from the south), `{q}` (quadkey), or
    /// `{bbox-epsg-3857}` (west, south, east and north in metres: services that draw any window); `{s}` takes the subdomains in turn. A key goes into the query as `{key}`.
    pub url: String,
    /// What `{s}` stands for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subdomains: Vec<String>,
    /// Side of a tile in pixels.
    #[serde(default = "default_tile_px")]
    pub tile_px: u32,
    /// The zoom to read. Left out, it follows from the size of the picture's pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zoom: Option<u8>,
    /// Highest zoom that the service has.
    #[serde(default = "default_max_zoom")]
    pub max_zoom: u8,
    /// How pixels are taken where they are not the tiles' own.
    #[serde(default)]
    pub resampling: Resampling,
    /// Place of a key, for services that want one.
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

fn default_tile_px() -> u32 {
    256
}

fn default_max_zoom() -> u8 {
    19
}

impl Xyz {
    /// The levels to read from, finest first.
    fn zooms(&self) -> Vec<u8> {
        match self.zoom {
            Some(zoom) => vec![zoom],
            None => (0..=self.max_zoom).rev().collect(),
        }
    }

    /// The pixels of each of those zooms.
    pub(super) fn levels(&self) -> Vec<Level> {
        self.zooms().iter().map(|zoom| self.level(*zoom)).collect()
    }

    fn level(&self, zoom: u8) -> Level {
        let tiles = 1_u64 << zoom;
        let pixel = MERCATOR_CIRCUMFERENCE / (tiles * u64::from(self.tile_px)) as f64;
        Level {
            origin: (-MERCATOR_CIRCUMFERENCE / 2.0, MERCATOR_CIRCUMFERENCE / 2.0),
            pixel: (pixel, pixel),
            size: (
                tiles * u64::from(self.tile_px),
                tiles * u64::from(self.tile_px),
            ),
            tile: (self.tile_px, self.tile_px),
            turned: None,
        }
    }

    pub(super) fn open(&self, opening: &Opening<'_>) -> Result<Arc<dyn PictureSource>, Error> {
        Ok(Arc::new(Opened {
            template: Template::parse(&self.url, &self.subdomains)?,
            key: opening
                .secrets
                .get_optional("source.key", self.key.as_ref())?,
            levels: self.levels(),
            zooms: self.zooms(),
            size: opening.size,
            resampling: self.resampling,
            map: Map::new(Crs::from_epsg(3857)?)?,
            maps: Maps::default(),
            tiles: TileCache::new(TILE_CACHE),
        }))
    }
}

impl Describe for Xyz {
    fn check(&self, _picture: &Picture, size: Size) -> Result<(), Error> {
        let template = Template::parse(&self.url, &self.subdomains)?;
        if template.key_parameter.is_some() != self.key.is_some() {
            return Err(Error::setting(
                "source.key",
                if self.key.is_some() { "set" } else { "missing" },
                "{key} in the query of source.url and source.key together",
            ));
        }
        if !matches!(self.tile_px, 256 | 512) {
            return Err(Error::setting(
                "source.tile_px",
                self.tile_px,
                "256 or 512 pixels",
            ));
        }
        if self.max_zoom > HIGHEST_ZOOM || self.zoom.is_some_and(|zoom| zoom > self.max_zoom) {
            return Err(Error::setting(
                "source.zoom",
                self.zoom.unwrap_or(self.max_zoom),
                format!("at most max_zoom, and that at most {HIGHEST_ZOOM}"),
            ));
        }
        let by_own_pixels = matches!(
            size,
            Size::Ground { px: None, .. } | Size::Pixels { pixel_m: None, .. }
        );
        if by_own_pixels && self.zoom.is_none() {
            return Err(Error::setting(
                "source.zoom",
                "missing",
                "a zoom, since the picture is given in the source's own pixels; or size_m with size_px",
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
        (None, 8)
    }

    fn attribution(&self) -> Option<&str> {
        self.attribution.as_deref()
    }

    fn licence(&self) -> Option<&str> {
        self.licence.as_deref()
    }

    fn requests_each(&self, size: Size) -> f64 {
        // A window of w pixels anywhere on tiles of t touches 1 + w/t of them each way.
        let px = match size {
            Size::Ground { size_m, px: None } => {
                size_m / self.level(self.zoom.unwrap_or(self.max_zoom)).pixel.0
            }
            Size::Ground { px: Some(px), .. } | Size::Pixels { px, .. } => f64::from(px) * 1.5,
        };
        let each = 1.0 + px / f64::from(self.tile_px);
        each * each
    }
}

/// An address with its places for numbers.
#[derive(Clone, Debug, PartialEq)]
struct Template {
    text: String,
    key_parameter: Option<String>,
    subdomains: Vec<String>,
}

impl Template {
    fn parse(text: &str, subdomains: &[String]) -> Result<Self, Error> {
        let wrong = |expected: &str| Error::setting("source.url", format!("\"{text}\""), expected);
        let has = |place: &str| text.contains(place);
        let in_rows = has("{z}") && has("{x}") && (has("{y}") || has("{-y}"));
        if !(in_rows || has("{q}") || has(BBOX)) {
            return Err(wrong(
                "an address with {z}, {x} and {y} (or {-y}), with {q}, or with {bbox-epsg-3857}",
            ));
        }
        if has("{s}") == subdomains.is_empty() {
            return Err(wrong("{s} in the address and source.subdomains together"));
        }
        let (text, key_parameter) = without_key(text)
            .ok_or_else(|| wrong("{key} in the query only, as in ?token={key}"))?;
        let template = Self {
            text,
            key_parameter,
            subdomains: subdomains.to_vec(),
        };
        let filled = template.fill(0, 0, 0);
        let unknown = filled.find('{').and_then(|from| {
            let name = filled[from..].split_inclusive('}').next()?;
            name.ends_with('}').then_some(name)
        });
        if let Some(name) = unknown {
            return Err(Error::setting(
                "source.url",
                format!("{name} in \"{}\"", template.text),
                "{z}, {x}, {y}, {-y}, {q}, {s}, {bbox-epsg-3857} and {key} only: write other parts out, such as @2x for {r}",
            ));
        }
        service_url("source.url", &filled)?;
        Ok(template)
    }

    fn fill(&self, zoom: u8, column: u64, row: u64) -> String {
        let from_south = (1_u64 << zoom).saturating_sub(1).saturating_sub(row);
        let subdomain = usize::try_from(column + row).unwrap_or(0) % self.subdomains.len().max(1);
        self.text
            .replace("{z}", &zoom.to_string())
            .replace("{x}", &column.to_string())
            .replace("{y}", &row.to_string())
            .replace("{-y}", &from_south.to_string())
            .replace("{q}", &quadkey(zoom, column, row))
            .replace(BBOX, &bbox(zoom, column, row))
            .replace(
                "{s}",
                self.subdomains.get(subdomain).map_or("", String::as_str),
            )
    }
}

/// A tile's bounds in EPSG:3857 as addresses have them: west, south, east, north.
fn bbox(zoom: u8, column: u64, row: u64) -> String {
    let side = MERCATOR_CIRCUMFERENCE / (1_u64 << zoom) as f64;
    let edge = |number: u64| number as f64 * side - MERCATOR_CIRCUMFERENCE / 2.0;
    let (west, east) = (edge(column), edge(column + 1));
    let (south, north) = (-edge(row + 1), -edge(row));
    format!("{west:.6},{south:.6},{east:.6},{north:.6}")
}

/// The address without `name={key}` in its query, and that name. `None` where `{key}` stands elsewhere.
fn without_key(text: &str) -> Option<(String, Option<String>)> {
    if !text.contains("{key}") {
        return Some((text.to_owned(), None));
    }
    let (path, query) = text.split_once('?')?;
    let (keys, rest): (Vec<&str>, Vec<&str>) =
        query.split('&').partition(|pair| pair.ends_with("={key}"));
    let &[pair] = keys.as_slice() else {
        return None;
    };
    let name = pair.strip_suffix("={key}")?;
    let kept = if rest.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", rest.join("&"))
    };
    (!kept.contains("{key}")).then(|| (kept, Some(name.to_owned())))
}

/// Bing's name of a tile: a digit for each zoom, 1 for east and 2 for south.
fn quadkey(zoom: u8, column: u64, row: u64) -> String {
    (0..zoom)
        .rev()
        .map(|bit| match ((column >> bit) & 1, (row >> bit) & 1) {
            (0, 0) => '0',
            (_, 0) => '1',
            (0, _) => '2',
            _ => '3',
        })
        .collect()
}

struct Opened {
    template: Template,
    key: Option<Secret>,
    zooms: Vec<u8>,
    levels: Vec<Level>,
    size: Size,
    resampling: Resampling,
    map: Map,
    maps: Maps,
    tiles: TileCache,
}

impl Opened {
    fn grid(&self, sample: &Sample) -> Result<Grid, Error> {
        grid_of(&self.map, &self.levels, sample, self.size)
    }

    fn plan(&self, sample: &Sample) -> Result<Plan, Error> {
        Ok(plan(&self.map, &self.levels, self.grid(sample)?)?)
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

    async fn take(&self, sample: &Sample, _aim: &Aim, call: &Call) -> Result<Taken, Miss> {
        let plan = self.plan(sample)?;
        let mosaic = gather(self, &self.levels, &plan, call)
            .await?
            .ok_or_else(|| Miss::NoImagery("the source has no tile there".to_owned()))?;
        let how = self.resampling;
        let pixels = move || opaque(mosaic.picture(&plan, how, None)?);
        Ok(Taken {
            content: Content::Pixels {
                pixels: Box::new(pixels),
                band_names: Vec::new(),
                nodata: None,
            },
            expires: None,
        })
    }

    fn visiting_order(&self, samples: &[Sample]) -> Option<Vec<usize>> {
        Some(super::cog::by_place(&self.levels, samples, |sample| {
            self.plan(sample).ok()
        }))
    }
}

#[async_trait]
impl TileSource for Opened {
    async fn tile(
        &self,
        level: usize,
        column: u64,
        row: u64,
        call: &Call,
    ) -> Result<Option<Arc<Pixels>>, Miss> {
        let fetch = async {
            let zoom = self.zooms.get(level).copied().unwrap_or(0);
            let url = Url::parse(&self.template.fill(zoom, column, row))
                .map_err(|_| Miss::Failed("an address that cannot be".to_owned()))?;
            let parameter = self.template.key_parameter.as_deref().unwrap_or_default();
            let request = Request::get(url).secret_query(parameter, self.key.as_ref());
            let side = self.levels.get(level).map_or(0, |level| level.tile.0);
            let Some(bytes) = call.fetch(&request, |reply| judge(reply, side)).await? else {
                return Ok(None);
            };
            let tile = compute("decoding a tile", move || {
                with_alpha(Pixels::decode(&bytes)?)
            })
            .await
            .map_err(Miss::Fatal)??;
            Ok(Some(Arc::new(tile)))
        };
        self.tiles
            .get_or_fetch((0, level, column, row), fetch)
            .await
    }
}

/// No content and 404 mean that the source ends there, as services with holes answer.
fn judge(reply: &Reply, side: u32) -> Result<Option<bytes::Bytes>, Rejection> {
    // A picture that says "no picture" is told by headers: Bing's tiles, and Esri's world imagery.
    let placeholder = reply.header("X-VE-Tile-Info") == Some("no-tile")
        || reply
            .header("blank-tile")
            .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if matches!(reply.status, 204 | 404 | 410)
        || placeholder
        || (reply.status == 200 && reply.body.is_empty())
    {
        return Ok(None);
    }
    plain_status(reply)?;
    picture_reply(reply, Some((side, side))).map(|(bytes, _)| Some(bytes))
}

/// Tiles of one service come grey, coloured and with alpha: all of them as red, green, blue, alpha.
fn with_alpha(tile: Pixels) -> Result<Pixels, Error> {
    let (width, height, bands) = (tile.width(), tile.height(), usize::from(tile.bands()));
    let bytes: Vec<u8> = match tile.into_values() {
        Values::U8(bytes) => bytes,
        Values::U16(words) => words.into_iter().map(|word| (word >> 8) as u8).collect(),
        other => {
            let problem = format!("a tile of {}", other.type_name());
            return Err(Error::Picture {
                media: "tile",
                problem,
            });
        }
    };
    let rgba = match bands {
        1 => bytes
            .iter()
            .flat_map(|grey| [*grey, *grey, *grey, 255])
            .collect(),
        2 => bytes
            .as_chunks()
            .0
            .iter()
            .flat_map(|[grey, alpha]| [*grey, *grey, *grey, *alpha])
            .collect(),
        3 => bytes
            .as_chunks()
            .0
            .iter()
            .flat_map(|[r, g, b]| [*r, *g, *b, 255])
            .collect(),
        _ => bytes,
    };
    Ok(Pixels::new(width, height, 4, Values::U8(rgba))?.with_usual_roles())
}

/// Without alpha where every pixel is opaque.
fn opaque(picture: Pixels) -> Result<Pixels, Error> {
    let clear = picture.bytes().is_none_or(|bytes| {
        bytes
            .as_chunks()
            .0
            .iter()
            .any(|[_, _, _, alpha]| *alpha != 255)
    });
    if clear {
        Ok(picture)
    } else {
        Ok(picture.select(&[0, 1, 2])?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http_headers(named: &[(&'static str, &'static str)]) -> reqwest::header::HeaderMap {
        let value = reqwest::header::HeaderValue::from_static;
        named
            .iter()
            .map(|(name, text)| (name.parse().unwrap(), value(text)))
            .collect()
    }

    fn template(text: &str, subdomains: &[&str]) -> Result<Template, Error> {
        let subdomains: Vec<String> = subdomains.iter().map(ToString::to_string).collect();
        Template::parse(text, &subdomains)
    }

    #[test]
    fn every_place_of_a_template_is_filled() {
        let cases = [
            (
                "https://t.test/{z}/{x}/{y}.png",
                vec![],
                "https://t.test/3/3/5.png",
            ),
            (
                "https://t.test/{z}/{x}/{-y}.png",
                vec![],
                "https://t.test/3/3/2.png",
            ),
            // A tile of zoom 3 is 40075016.685578 / 8 m wide; this one ends at the meridian and begins one row below the equator.
            (
                "https://t.test/wms?bbox={bbox-epsg-3857}&width=256",
                vec![],
                "https://t.test/wms?bbox=-5009377.085697,-10018754.171395,0.000000,-5009377.085697&width=256",
            ),
            ("https://t.test/{q}.jpg", vec![], "https://t.test/213.jpg"),
            (
                "https://{s}.t.test/{z}/{x}/{y}",
                vec!["a", "b", "c"],
                "https://c.t.test/3/3/5",
            ),
            (
                "https://t.test/{z}/{x}/{y}?v=1&token={key}",
                vec![],
                "https://t.test/3/3/5?v=1",
            ),
        ];
        for (text, subdomains, filled) in cases {
            assert_eq!(template(text, &subdomains).unwrap().fill(3, 3, 5), filled);
        }
    }

    #[test]
    fn a_key_stands_in_the_query_or_nowhere() {
        let parsed = template("https://t.test/{z}/{x}/{y}?token={key}", &[]).unwrap();
        assert_eq!(parsed.key_parameter.as_deref(), Some("token"));
        assert!(template("https://t.test/{key}/{z}/{x}/{y}", &[]).is_err());
        assert!(template("https://t.test/{z}/{x}.png", &[]).is_err());
        assert!(template("https://t.test/{z}/{x}/{y}", &["a"]).is_err());
        let unknown = template("https://t.test/{z}/{x}/{y}{r}.png", &[]).unwrap_err();
        assert!(unknown.to_string().contains("{r} in"), "{unknown}");
    }

    #[test]
    fn a_picture_that_stands_for_none_is_no_tile() {
        let mut reply = Reply {
            status: 200,
            headers: http_headers(&[("X-VE-Tile-Info", "no-tile")]),
            body: bytes::Bytes::from_static(b"a grey picture"),
        };
        assert_eq!(judge(&reply, 256).unwrap(), None);
        reply.headers = http_headers(&[("blank-tile", "true")]);
        assert_eq!(judge(&reply, 256).unwrap(), None);
        reply.headers = http_headers(&[]);
        assert!(judge(&reply, 256).is_err());
    }

    #[test]
    fn the_quadkey_is_that_of_bings_documentation() {
        assert_eq!(quadkey(3, 3, 5), "213");
    }

    #[test]
    fn own_pixels_need_a_zoom() {
        let xyz: Xyz = serde_json::from_str(r#"{"url": "https://t.test/{z}/{x}/{y}"}"#).unwrap();
        let picture: Picture = serde_json::from_str(r#"{"size_m": 50}"#).unwrap();
        let message = xyz
            .check(&picture, picture.check().unwrap())
            .unwrap_err()
            .to_string();
        assert!(
            message.starts_with("source.zoom is missing: expected a zoom"),
            "{message}"
        );
    }
}
