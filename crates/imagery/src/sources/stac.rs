//! `SpatioTemporal` Asset Catalogs: rasters found by a STAC API (item search, v1.0.0), read as Cloud Optimized GeoTIFF.

mod items;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::OnceCell;
use url::Url;

use self::items::{Item, Search};
use super::address::service_url;
use super::cog::{
    Bands, CogFile, Place, Stated, TILE_CACHE, band_texts, payer, stated_crs, tiles_of_window,
};
use super::{
    Access, Aim, Content, Describe, Opening, PictureSource, PixelsToMake, Taken, UsualLimits,
    band_numbers,
};
use crate::Error;
use crate::byte_ranges::{ByteRanges, Payer};
use crate::fetch::{Call, Miss, Rejection, Request, plain_status};
use crate::picture::{Band, Format, Picture, Size};
use crate::pyramid::{Resampling, TileCache, grid_of, plan};
use crate::sample::{Frame, Sample};
use crate::secret::SecretName;
use raster::Maps;

/// Side in degrees of the cells in which items are searched, each once.
const CELL: f64 = 0.25;

/// Rasters found through a STAC API: for each sample the first item, in the order asked for, that covers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stac {
    /// Address of the API, to which `/search` belongs.
    pub url: String,
    /// Collections to search.
    pub collections: Vec<String>,
    /// Time of capture: an instant or an interval such as `2024-05-01T00:00:00Z/2024-09-30T23:59:59Z`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datetime: Option<String>,
    /// Largest cloud cover of an item, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cloud: Option<f64>,
    /// Which of several items comes first.
    #[serde(default)]
    pub order: ItemOrder,
    /// The asset to read. Left out, `picture.bands` names an asset for each band.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<String>,
    /// Address that signs an asset's address: asked as `{sign_url}?href=...`, it answers `{"href": ...}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_url: Option<String>,
    /// Whether the reader pays for what is read from buckets.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub requester_pays: bool,
    /// Reference system of the rasters, where they do not state one that is known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crs: Option<String>,
    /// The number that means "nothing here", where the rasters do not say it.
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

/// Which of several items comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemOrder {
    /// The one captured last.
    #[default]
    Newest,
    /// The one with the least cloud; of equals the newest.
    LeastCloud,
}

impl Stac {
    /// Which assets are read, and which bands of them.
    fn assets(&self, picture: &Picture) -> Result<Assets, Error> {
        match &self.asset {
            Some(asset) => {
                let bands = match (band_numbers(picture)?, picture.format) {
                    (Some(bands), _) => Bands::These(bands),
                    (None, Format::Tiff | Format::Npy) => Bands::All,
                    (None, Format::Png | Format::Jpeg | Format::Webp) => Bands::Colours,
                };
                Ok(Assets {
                    names: vec![asset.clone()],
                    bands,
                })
            }
            None => match (band_texts(picture), picture.bands.as_deref()) {
                (Some(names), Some(bands))
                    if bands.iter().all(|band| matches!(band, Band::Name(_))) =>
                {
                    Ok(Assets {
                        names,
                        bands: Bands::These(vec![0]),
                    })
                }
                _ => Err(Error::setting(
                    "source.asset",
                    "missing",
                    "an asset, or the names of assets in picture.bands",
                )),
            },
        }
    }

    pub(super) fn open(&self, opening: &Opening<'_>) -> Result<Arc<dyn PictureSource>, Error> {
        let url = service_url("source.url", &self.url)?;
        Ok(Arc::new(Opened {
            search: Search::new(&url, self),
            sign: self
                .sign_url
                .as_deref()
                .map(|text| service_url("source.sign_url", text))
                .transpose()?,
            assets: self.assets(opening.picture)?,
            resampling: self.resampling,
            stated: Stated {
                crs: stated_crs(self.crs.as_deref())?,
                nodata: self.nodata,
            },
            payer: payer(self.requester_pays),
            size: opening.size,
            ranges: opening.ranges.clone(),
            maps: Maps::default(),
            cells: Mutex::default(),
            rasters: Mutex::default(),
            tiles: Arc::new(TileCache::new(TILE_CACHE)),
        }))
    }
}

impl Describe for Stac {
    fn check(&self, picture: &Picture, _size: Size) -> Result<(), Error> {
        service_url("source.url", &self.url)?;
        if let Some(sign_url) = &self.sign_url {
            service_url("source.sign_url", sign_url)?;
        }
        if self.collections.is_empty() {
            return Err(Error::setting(
                "source.collections",
                "empty",
                "at least one collection",
            ));
        }
        if let Some(cloud) = self
            .max_cloud
            .filter(|cloud| !(0.0..=100.0).contains(cloud))
        {
            return Err(Error::setting(
                "source.max_cloud",
                cloud,
                "0 to 100 percent",
            ));
        }
        self.assets(picture).map(|_| ())
    }

    fn addresses(&self) -> Vec<&str> {
        std::iter::once(self.url.as_str())
            .chain(self.sign_url.as_deref())
            .collect()
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
        tiles_of_window(size) + 0.1
    }
}

#[derive(Clone, Debug)]
struct Assets {
    names: Vec<String>,
    /// Bands of each asset.
    bands: Bands,
}

type Cell = Arc<OnceCell<Arc<Vec<Item>>>>;
type Cells = HashMap<(i64, i64), Cell>;

/// A raster that some item names: its number in the tile cache, its address as signed, the raster.
#[derive(Default)]
struct Raster {
    number: usize,
    signed: tokio::sync::Mutex<Option<(Place, Option<Timestamp>)>>,
    file: OnceCell<Arc<CogFile>>,
}

struct Opened {
    search: Search,
    sign: Option<Url>,
    assets: Assets,
    resampling: Resampling,
    stated: Stated,
    payer: Payer,
    size: Size,
    ranges: Arc<dyn ByteRanges>,
    maps: Maps,
    cells: Mutex<Cells>,
    rasters: Mutex<HashMap<String, Arc<Raster>>>,
    tiles: Arc<TileCache>,
}

impl Opened {
    /// The items around a sample, best first; each cell is searched once.
    async fn items(&self, sample: &Sample, call: &Call) -> Result<Arc<Vec<Item>>, Miss> {
        let (column, row) = ((sample.lon / CELL).floor(), (sample.lat / CELL).floor());
        let key = (column as i64, row as i64);
        let cell = self
            .cells
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(key)
            .or_default()
            .clone();
        let bounds = [
            column * CELL,
            row * CELL,
            (column + 1.0) * CELL,
            (row + 1.0) * CELL,
        ];
        cell.get_or_try_init(|| async { Ok(Arc::new(self.search.items(bounds, call).await?)) })
            .await
            .cloned()
    }

    async fn item(&self, sample: &Sample, call: &Call) -> Result<Item, Miss> {
        let items = self.items(sample, call).await?;
        let covering: Vec<&Item> = items.iter().filter(|item| item.covers(sample)).collect();
        let Some(first) = covering.first() else {
            return Err(Miss::NoImagery("no item covers the place".to_owned()));
        };
        let wanted = &self.assets.names;
        let missing = |item: &Item| wanted.iter().find(|name| item.asset(name).is_none());
        if let Some(item) = covering.iter().find(|item| missing(item).is_none()) {
            return Ok((*item).clone());
        }
        let asset = missing(first).map_or("", String::as_str);
        Err(Miss::Failed(format!(
            "no item here has an asset {asset} that can be fetched; {} has {}",
            first.id(),
            first.asset_names().join(", ")
        )))
    }

    fn raster(&self, href: &str) -> Arc<Raster> {
        let mut rasters = self.rasters.lock().unwrap_or_else(PoisonError::into_inner);
        let number = rasters.len();
        rasters
            .entry(href.to_owned())
            .or_insert_with(|| {
                Arc::new(Raster {
                    number,
                    ..Raster::default()
                })
            })
            .clone()
    }

    /// The address of a raster, signed where the catalogue wants that, and again before it runs out.
    async fn place(&self, raster: &Raster, href: &str, call: &Call) -> Result<Place, Miss> {
        let mut signed = raster.signed.lock().await;
        let fresh = |until: &Option<Timestamp>| {
            until
                .is_none_or(|until| until.duration_since(call.now()) > SignedDuration::from_mins(5))
        };
        if let Some((place, _)) = signed.as_ref().filter(|(_, until)| fresh(until)) {
            return Ok(place.clone());
        }
        let (address, until) = match &self.sign {
            None => (href.to_owned(), None),
            Some(sign) => {
                let mut url = sign.clone();
                url.query_pairs_mut().append_pair("href", href);
                call.fetch(&Request::get(url), |reply| {
                    plain_status(reply)?;
                    let answer: Option<Value> = serde_json::from_slice(&reply.body).ok();
                    let text = |name: &str| answer.as_ref()?.get(name)?.as_str().map(str::to_owned);
                    let until = text("msft:expiry").and_then(|until| until.parse().ok());
                    text("href")
                        .map(|href| (href, until))
                        .ok_or_else(|| Rejection::Defect("a signature without href".to_owned()))
                })
                .await?
            }
        };
        let place = Place::parse("href", &address)?;
        *signed = Some((place.clone(), until));
        Ok(place)
    }

    async fn file(
        &self,
        href: &str,
        call: &Call,
    ) -> Result<(Arc<Raster>, Place, Arc<CogFile>), Miss> {
        let raster = self.raster(href);
        let place = self.place(&raster, href, call).await?;
        let open = || async {
            let reader = place.reader(self.payer, self.ranges.clone(), call);
            CogFile::open(reader, self.stated.clone())
                .await
                .map(Arc::new)
                .map_err(|miss| match miss {
                    Miss::Failed(problem) => Miss::Failed(format!("{}: {problem}", place.shown())),
                    // One item's raster that is gone says nothing of the others.
                    Miss::Fatal(error @ Error::NotFound { .. }) => Miss::Failed(error.to_string()),
                    other => other,
                })
        };
        let file = raster.file.get_or_try_init(open).await?.clone();
        Ok((raster, place, file))
    }

    /// The frame on the first asset's grid.
    async fn frame(&self, item: &Item, sample: &Sample, call: &Call) -> Result<Frame, Miss> {
        let href = self
            .assets
            .names
            .first()
            .and_then(|name| item.asset(name))
            .unwrap_or_default();
        let (_, _, file) = self.file(href, call).await?;
        let grid = grid_of(file.map(), file.levels(), sample, self.size)?;
        Ok(Frame::of_grid(&self.maps, grid, sample)?)
    }
}

#[async_trait]
impl PictureSource for Opened {
    async fn locate(&self, sample: &Sample, call: &Call) -> Result<Aim, Miss> {
        let item = self.item(sample, call).await?;
        let frame = self.frame(&item, sample, call).await?;
        Ok(Aim {
            frame,
            captured: item.datetime().map(str::to_owned),
            target: Some(item.id().to_owned()),
            identity: None,
            camera: None,
        })
    }

    async fn take(&self, sample: &Sample, aim: &Aim, call: &Call) -> Result<Taken, Miss> {
        let item = self.item(sample, call).await?;
        let mut picture: Option<PixelsToMake> = None;
        let mut nodata = None;
        let mut band_names = Vec::new();
        for name in &self.assets.names {
            let href = item.asset(name).unwrap_or_default();
            let (raster, place, file) = self.file(href, call).await?;
            // Assets of other pixels than the first are brought onto its grid.
            let plan = plan(file.map(), file.levels(), aim.grid()?.clone())?;
            let bands = self.assets.bands.of(file.bands());
            nodata = nodata.or(file.nodata());
            let names = file.band_names(&bands);
            if self.assets.names.len() > 1 {
                band_names.push(name.clone());
            } else {
                band_names = names;
            };
            let reader = place.reader(self.payer, self.ranges.clone(), call);
            let tiles = file.tiles(raster.number, reader, self.tiles.clone());
            let part = tiles.picture(plan, self.resampling, bands, call).await?;
            picture = Some(match picture {
                None => part,
                Some(before) => Box::new(move || Ok(before()?.beside(&part()?)?)),
            });
        }
        let pixels = picture.ok_or_else(|| Miss::Failed("an item without assets".to_owned()))?;
        Ok(Taken {
            content: Content::Pixels {
                pixels,
                band_names,
                nodata,
            },
            expires: None,
        })
    }

    fn visiting_order(&self, samples: &[Sample]) -> Option<Vec<usize>> {
        Some(super::cog::by_place(&[], samples, |_| None))
    }
}
