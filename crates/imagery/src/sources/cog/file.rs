//! The inside of a `GeoTIFF` elsewhere: its levels, reference system and tiles.

use std::sync::Arc;

use async_trait::async_trait;
use raster::tiff::{self, Image, Ranges, Stop};
use raster::{Map, Pixels};
use tables::Crs;

use super::reader::RangeReader;
use crate::compute::compute;
use crate::fetch::{Call, Miss};
use crate::pyramid::{Level, Plan, Resampling, TileCache, TileSource, gather};
use crate::sources::PixelsToMake;

/// Rows of strips that are read as one tile, at most, and the bytes that they may be unpacked.
const STRIP_ROWS: u32 = 256;
const STRIP_BYTES: u64 = 8 << 20;

/// An opened raster.
pub(in crate::sources) struct CogFile {
    raster: tiff::Raster,
    /// A mask file beside it, of the same levels.
    beside: Option<(tiff::Raster, RangeReader)>,
    levels: Vec<Level>,
    map: Map,
    nodata: Option<f64>,
}

/// What a study says of a raster that the file itself may not.
#[derive(Clone, Debug, Default)]
pub(in crate::sources) struct Stated {
    /// Its reference system, instead of the file's own.
    pub(in crate::sources) crs: Option<Crs>,
    /// The value that means "nothing here", instead of the file's own.
    pub(in crate::sources) nodata: Option<f64>,
}

impl CogFile {
    /// Reads the directories.
    pub(in crate::sources) async fn open(
        reader: RangeReader,
        stated: Stated,
    ) -> Result<Self, Miss> {
        let raster = read_directories(&reader).await?;
        let beside = match reader.beside(".msk") {
            Some(reader) => Some((read_directories(&reader).await?, reader)),
            None => None,
        };
        let full = &first(&raster)?.image;
        let crs = match stated.crs {
            Some(crs) => crs,
            None => full.geo().crs()?,
        };
        let map = Map::new(crs)?;
        let transform = full.geo().transform()?;
        let (width, height) = (f64::from(full.width()), f64::from(full.height()));
        let levels = raster.levels.iter().map(|level| {
            let image = &level.image;
            // Overviews cover the same ground; their pixels are as much larger as they are fewer.
            let transform = transform.scaled(
                width / f64::from(image.width()),
                height / f64::from(image.height()),
            );
            let corner = transform.at((0.0, 0.0));
            Level {
                origin: (corner.x, corner.y),
                pixel: transform.pixel(),
                size: (image.width().into(), image.height().into()),
                tile: tile_of(image),
                turned: (!transform.is_north_up()).then_some(transform),
            }
        });
        Ok(Self {
            levels: levels.collect(),
            nodata: stated.nodata.or(full.nodata()),
            map,
            beside,
            raster,
        })
    }

    fn full(&self) -> Option<&Image> {
        self.raster.levels.first().map(|level| &level.image)
    }

    pub(in crate::sources) fn map(&self) -> &Map {
        &self.map
    }

    pub(in crate::sources) fn levels(&self) -> &[Level] {
        &self.levels
    }

    pub(in crate::sources) fn bands(&self) -> u16 {
        self.full().map_or(0, Image::bands)
    }

    pub(in crate::sources) fn nodata(&self) -> Option<f64> {
        self.nodata
    }

    /// Bits and kind of a value, such as `uint16`.
    pub(in crate::sources) fn value_type(&self) -> String {
        self.full().map_or_else(String::new, Image::value_type)
    }

    /// Names of some bands, where the file names all of its bands.
    pub(in crate::sources) fn band_names(&self, bands: &[u16]) -> Vec<String> {
        let names = self.full().map_or(&[][..], Image::band_names);
        bands
            .iter()
            .filter_map(|band| names.get(usize::from(*band)).cloned())
            .collect()
    }

    /// The tiles of the raster, known in the cache by a number of its own.
    pub(in crate::sources) fn tiles(
        self: &Arc<Self>,
        number: usize,
        reader: RangeReader,
        cache: Arc<TileCache>,
    ) -> CogTiles {
        CogTiles {
            file: self.clone(),
            number,
            reader,
            cache,
        }
    }
}

fn first(raster: &tiff::Raster) -> Result<&tiff::Level, Miss> {
    let none = || Miss::Failed("a TIFF file without an image".to_owned());
    raster.levels.first().ok_or_else(none)
}

/// Columns and rows of what is read at once: a tile, or strips that follow each other.
fn tile_of(image: &Image) -> (u32, u32) {
    let (width, rows) = image.block();
    if image.is_tiled() {
        return (width, rows);
    }
    let row = u64::from(width) * u64::from(image.bands()) * 4;
    let fit = (STRIP_BYTES / row.max(1)).clamp(1, STRIP_ROWS.into()) as u32;
    (width, rows.saturating_mul((fit / rows).max(1)))
}

/// Parses what is there and fetches what is missing, until nothing is.
async fn read_directories(reader: &RangeReader) -> Result<tiff::Raster, Miss> {
    let mut file = Ranges::default();
    loop {
        match tiff::raster(&file) {
            Ok(raster) => return Ok(raster),
            Err(Stop::Fault(error)) => return Err(Miss::Failed(error.to_string())),
            Err(Stop::Need(needed)) => {
                let range = file.to_fetch(needed)?;
                let bytes = reader.read(range.clone()).await?;
                file.insert(range, &bytes);
            }
        }
    }
}

/// The tiles of a raster, as one sample reads them.
pub(in crate::sources) struct CogTiles {
    file: Arc<CogFile>,
    number: usize,
    reader: RangeReader,
    cache: Arc<TileCache>,
}

impl CogTiles {
    /// The tiles of a plan, to be put together into its picture with some of the bands.
    pub(in crate::sources) async fn picture(
        &self,
        plan: Plan,
        how: Resampling,
        bands: Vec<u16>,
        call: &Call,
    ) -> Result<PixelsToMake, Miss> {
        let mosaic = gather(self, &self.file.levels, &plan, call)
            .await?
            .ok_or_else(|| Miss::NoImagery("outside the raster".to_owned()))?;
        let nodata = self.file.nodata;
        Ok(Box::new(move || {
            let picture = mosaic.picture(&plan, how, nodata)?;
            Ok(picture.select(&bands)?)
        }))
    }

    /// The blocks of an image that a tile is made of, put together.
    async fn pixels(
        image: &Image,
        reader: &RangeReader,
        tile: (u32, u32),
        (column, row): (u32, u32),
    ) -> Result<Option<Pixels>, Miss> {
        let shown = reader.shown().to_owned();
        let wrong =
            |error: raster::Error| Miss::Failed(format!("{shown}: tile {column} {row}: {error}"));
        let each = (tile.1 / image.block().1).max(1);
        let rows = row * each..(row.saturating_add(1) * each).min(image.blocks().1);
        let mut planes = Vec::new();
        let mut any = false;
        for plane in 0..image.planes() {
            let mut ranges = Vec::new();
            for row in rows.clone() {
                ranges.push(image.block_range(plane, column, row).map_err(wrong)?);
            }
            any |= ranges.iter().any(Option::is_some);
            planes.push(read_blocks(reader, ranges).await?);
        }
        if !any {
            return Ok(None);
        }
        let image = image.clone();
        let first = rows.start;
        let work = move || image.assemble(&planes, first);
        let pixels = compute("decoding a tile", work)
            .await
            .map_err(|_| Miss::Failed(format!("{shown}: tile {column} {row} cannot be decoded")))?;
        pixels.map(Some).map_err(wrong)
    }
}

/// The bytes of blocks; those that follow each other in the file are read at once.
async fn read_blocks(
    reader: &RangeReader,
    ranges: Vec<Option<std::ops::Range<u64>>>,
) -> Result<Vec<Option<bytes::Bytes>>, Miss> {
    let mut blocks: Vec<Option<bytes::Bytes>> = Vec::with_capacity(ranges.len());
    let mut at = 0;
    while let Some(range) = ranges.get(at) {
        let Some(range) = range else {
            blocks.push(None);
            at += 1;
            continue;
        };
        let mut end = range.end;
        let mut last = at + 1;
        // Blocks are often laid at even offsets.
        while let Some(Some(next)) = ranges.get(last)
            && next.start >= end
            && next.start - end <= 16
        {
            end = next.end;
            last += 1;
        }
        let bytes = reader.read(range.start..end).await?;
        for block in ranges.iter().take(last).skip(at).flatten() {
            let part = (block.start - range.start) as usize..(block.end - range.start) as usize;
            if part.end > bytes.len() {
                let problem = "the file ends before its pixels".to_owned();
                return Err(Miss::Failed(format!("{}: {problem}", reader.shown())));
            }
            blocks.push(Some(bytes.slice(part)));
        }
        at = last;
    }
    Ok(blocks)
}

#[async_trait]
impl TileSource for CogTiles {
    async fn tile(
        &self,
        level: usize,
        column: u64,
        row: u64,
        _call: &Call,
    ) -> Result<Option<Arc<Pixels>>, Miss> {
        let fetch = async {
            let failed =
                || Miss::Failed(format!("no tile {column} {row} in {}", self.reader.shown()));
            let parts = self.file.raster.levels.get(level).ok_or_else(failed)?;
            let tile = self.file.levels.get(level).ok_or_else(failed)?.tile;
            let place = (
                u32::try_from(column).map_err(|_| failed())?,
                u32::try_from(row).map_err(|_| failed())?,
            );
            let image = &parts.image;
            let found = Self::pixels(image, &self.reader, tile, place).await?;
            let Some(pixels) = found else { return Ok(None) };
            let mut masks = Vec::new();
            let beside = self.file.beside.as_ref().and_then(|(raster, reader)| {
                let same = |level: &&tiff::Level| {
                    (level.image.width(), level.image.height()) == (image.width(), image.height())
                };
                Some((&raster.levels.iter().find(same)?.image, reader))
            });
            let inside = parts.mask.as_ref().map(|mask| (mask, &self.reader));
            for (mask, reader) in inside.into_iter().chain(beside) {
                masks.push(mask_part(mask, reader, tile, place, &pixels).await?);
            }
            let (image, nodata) = (image.clone(), self.file.nodata);
            let finish = move || {
                let mut pixels = image.finish(pixels, None)?.without_nodata(nodata);
                for mask in masks {
                    pixels = pixels.masked(&mask)?;
                }
                Ok::<_, raster::Error>(pixels)
            };
            let pixels = compute("masking a tile", finish)
                .await
                .map_err(Miss::Fatal)??;
            Ok(Some(Arc::new(pixels)))
        };
        self.cache
            .get_or_fetch((self.number, level, column, row), fetch)
            .await
    }
}

/// The part of a mask that lies on a tile of its image; blocks of the two need not be the same.
async fn mask_part(
    mask: &Image,
    reader: &RangeReader,
    tile: (u32, u32),
    (column, row): (u32, u32),
    pixels: &Pixels,
) -> Result<Pixels, Miss> {
    let corner = (column * tile.0, row * tile.1);
    let own = tile_of(mask);
    let size = (pixels.width(), pixels.height());
    let columns = corner.0 / own.0..=(corner.0 + size.0 - 1).min(mask.width() - 1) / own.0;
    let rows = corner.1 / own.1..=(corner.1 + size.1 - 1).min(mask.height() - 1) / own.1;
    let mut flags = vec![0_u8; size.0 as usize * size.1 as usize];
    for (x, y) in rows.flat_map(|y| columns.clone().map(move |x| (x, y))) {
        let Some(part) = CogTiles::pixels(mask, reader, own, (x, y)).await? else {
            continue;
        };
        let values = part.values().to_f64();
        let (left, top) = (x * own.0, y * own.1);
        for v in top.max(corner.1)..(top + part.height()).min(corner.1 + size.1) {
            for u in left.max(corner.0)..(left + part.width()).min(corner.0 + size.0) {
                let from = (v - top) as usize * part.width() as usize + (u - left) as usize;
                let to = (v - corner.1) as usize * size.0 as usize + (u - corner.0) as usize;
                let there = values
                    .get(from * usize::from(part.bands()))
                    .is_some_and(|value| *value != 0.0);
                if let Some(flag) = flags.get_mut(to) {
                    *flag = u8::from(there);
                }
            }
        }
    }
    Ok(Pixels::new(size.0, size.1, 1, raster::Values::U8(flags))?)
}
