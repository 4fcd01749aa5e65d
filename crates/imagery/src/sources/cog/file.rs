//! The inside of a Cloud Optimized GeoTIFF: its levels, reference system and tiles.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_tiff::decoder::DecoderRegistry;
use async_tiff::metadata::TiffMetadataReader;
use async_tiff::metadata::cache::ReadaheadMetadataCache;
use async_tiff::tags::{PhotometricInterpretation, PlanarConfiguration};
use async_tiff::{ImageFileDirectory, TypedArray};
use async_trait::async_trait;
use futures::FutureExt;
use tables::Crs;

use super::reader::RangeReader;
use crate::Error;
use raster::{band_names, interleave, nodata};
use crate::compute::compute;
use crate::fetch::{Call, Miss};
use raster::Map;
use raster::{Pixels, Values};
use crate::pyramid::{Level, Plan, Resampling, TileCache, TileSource, gather};
use crate::sources::PixelsToMake;

/// `NewSubfileType` bits (TIFF 6.0, p. 36): a reduced image, and a transparency mask.
const REDUCED: u32 = 1;
const MASK: u32 = 4;

/// An opened raster.
pub(in crate::sources) struct CogFile {
    directories: Vec<ImageFileDirectory>,
    levels: Vec<Level>,
    map: Map,
    bands: u16,
    nodata: Option<f64>,
    band_names: Vec<String>,
    decoders: Arc<DecoderRegistry>,
}

impl CogFile {
    /// Reads the directories. `crs` takes the place of the file's own reference system.
    pub(in crate::sources) async fn open(
        reader: RangeReader,
        crs: Option<Crs>,
    ) -> Result<Self, Miss> {
        let directories = read_directories(&reader).await?;
        let shape = Shape::of(&directories)?;
        let full = shape.full;
        let crs = match crs {
            Some(crs) => crs,
            None => own_crs(full)?,
        };
        let geographic_or_metres = Map::new(crs)?;
        let (origin, pixel) = placement(full)?;
        let (width, height) = (
            u64::from(full.image_width()),
            u64::from(full.image_height()),
        );
        let levels = shape
            .indexes
            .iter()
            .filter_map(|index| directories.get(*index))
            .map(|directory| {
                let size = (
                    u64::from(directory.image_width()),
                    u64::from(directory.image_height()),
                );
                Level {
                    origin,
                    // Overviews cover the same ground; their pixels are as much larger as they are fewer.
                    pixel: (
                        pixel.0 * width as f64 / size.0 as f64,
                        pixel.1 * height as f64 / size.1 as f64,
                    ),
                    size,
                    tile: (
                        directory.tile_width().unwrap_or(0),
                        directory.tile_height().unwrap_or(0),
                    ),
                }
            })
            .collect();
        Ok(Self {
            bands: full.samples_per_pixel(),
            nodata: full.gdal_nodata().and_then(nodata),
            band_names: band_names(
                full.gdal_metadata().unwrap_or_default(),
                full.samples_per_pixel(),
            ),
            levels,
            map: geographic_or_metres,
            directories: shape
                .indexes
                .iter()
                .filter_map(|index| directories.get(*index).cloned())
                .collect(),
            decoders: Arc::new(DecoderRegistry::default()),
        })
    }

    pub(in crate::sources) fn map(&self) -> &Map {
        &self.map
    }

    pub(in crate::sources) fn levels(&self) -> &[Level] {
        &self.levels
    }

    pub(in crate::sources) fn bands(&self) -> u16 {
        self.bands
    }

    pub(in crate::sources) fn nodata(&self) -> Option<f64> {
        self.nodata
    }

    /// Names of some bands, where the file names all of its bands.
    pub(in crate::sources) fn band_names(&self, bands: &[u16]) -> Vec<String> {
        bands
            .iter()
            .filter_map(|band| self.band_names.get(usize::from(*band)).cloned())
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

async fn read_directories(reader: &RangeReader) -> Result<Vec<ImageFileDirectory>, Miss> {
    let cache = ReadaheadMetadataCache::new(reader.clone());
    let read = async {
        let mut metadata = TiffMetadataReader::try_open(&cache).await?;
        metadata.read_all_ifds(&cache).await
    };
    // async-tiff asserts on directories that break the rules; a foreign file must not end the process.
    match AssertUnwindSafe(read).catch_unwind().await {
        Ok(Ok(directories)) => Ok(directories),
        Ok(Err(error)) => Err(reader.reason(&error)),
        Err(_) => Err(Miss::Failed("not a TIFF file that can be read".to_owned())),
    }
}

/// Which directories are the levels of the raster.
struct Shape<'a> {
    full: &'a ImageFileDirectory,
    indexes: Vec<usize>,
}

impl<'a> Shape<'a> {
    fn of(directories: &'a [ImageFileDirectory]) -> Result<Self, Miss> {
        let failed = |problem: &str| Err(Miss::Failed(problem.to_owned()));
        let kind = |directory: &ImageFileDirectory| directory.new_subfile_type().unwrap_or(0);
        let Some(full) = directories
            .iter()
            .find(|directory| kind(directory) & (REDUCED | MASK) == 0)
        else {
            return failed("a TIFF file without an image");
        };
        if full.photometric_interpretation() == PhotometricInterpretation::RGBPalette {
            return failed(
                "a raster of palette colours: write it anew with gdal_translate -expand rgb -of COG",
            );
        }
        let readable = |directory: &ImageFileDirectory| {
            let blocks = directory
                .tile_count()
                .map_or(0, |(across, down)| across.saturating_mul(down));
            let planes = match directory.planar_configuration() {
                PlanarConfiguration::Chunky => 1,
                PlanarConfiguration::Planar => usize::from(directory.samples_per_pixel()),
                _ => return false,
            };
            let listed = |list: Option<&[u64]>| {
                list.is_some_and(|list| list.len() >= blocks.saturating_mul(planes))
            };
            blocks > 0 && listed(directory.tile_offsets()) && listed(directory.tile_byte_counts())
        };
        if !readable(full) {
            return failed(
                "a raster in strips, which cannot be read by windows: write it anew with gdal_translate -of COG",
            );
        }
        let same = |directory: &ImageFileDirectory| {
            directory.samples_per_pixel() == full.samples_per_pixel()
                && directory.bits_per_sample() == full.bits_per_sample()
        };
        let mut indexes: Vec<usize> = (0..directories.len())
            .filter(|index| {
                directories.get(*index).is_some_and(|directory| {
                    std::ptr::eq(directory, full)
                        || (kind(directory) & REDUCED != 0
                            && kind(directory) & MASK == 0
                            && readable(directory)
                            && same(directory))
                })
            })
            .collect();
        indexes.sort_by_key(|index| {
            directories
                .get(*index)
                .map(|directory| u32::MAX - directory.image_width())
        });
        Ok(Self { full, indexes })
    }
}

fn own_crs(directory: &ImageFileDirectory) -> Result<Crs, Miss> {
    const USER_DEFINED: u16 = 32_767;
    let code = directory
        .geo_key_directory()
        .and_then(async_tiff::geo::GeoKeyDirectory::epsg_code)
        .filter(|code| *code != USER_DEFINED && *code != 0);
    let code = code.ok_or_else(|| {
        Miss::Failed(
            "a raster that states no reference system by its EPSG code: state it in source.crs"
                .to_owned(),
        )
    })?;
    Ok(Crs::from_epsg(code.into()).map_err(Error::from)?)
}

/// Upper left corner and pixel size (OGC GeoTIFF 1.1, 7.3 and annex B).
fn placement(directory: &ImageFileDirectory) -> Result<((f64, f64), (f64, f64)), Miss> {
    let turned = || {
        Miss::Failed(
            "a raster that is turned or lies south up: write it anew with gdalwarp".to_owned(),
        )
    };
    let (mut origin, pixel) = match (
        directory.model_pixel_scale(),
        directory.model_tiepoint(),
        directory.model_transformation(),
    ) {
        (Some(&[width, height, ..]), Some(&[column, row, _, x, y, ..]), _) => {
            ((x - column * width, y + row * height), (width, height))
        }
        (_, _, Some(&[width, shear_x, _, x, shear_y, height, _, y, ..])) => {
            if shear_x != 0.0 || shear_y != 0.0 {
                return Err(turned());
            }
            ((x, y), (width, -height))
        }
        _ => {
            return Err(Miss::Failed(
                "a raster that states no place on the ground".to_owned(),
            ));
        }
    };
    if !(pixel.0 > 0.0 && pixel.1 > 0.0 && origin.0.is_finite() && origin.1.is_finite()) {
        return Err(turned());
    }
    // Raster type 2: the coordinates are those of the centre of a pixel.
    if directory
        .geo_key_directory()
        .and_then(|keys| keys.raster_type)
        == Some(2)
    {
        origin = (origin.0 - pixel.0 / 2.0, origin.1 + pixel.1 / 2.0);
    }
    Ok((origin, pixel))
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
            mosaic
                .picture(&plan, how, nodata)
                .and_then(|picture| picture.select(&bands))
        }))
    }
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
            let directory = self.file.directories.get(level).ok_or_else(failed)?;
            let (across, down) = directory.tile_count().ok_or_else(failed)?;
            let (x, y) = (
                usize::try_from(column).unwrap_or(usize::MAX),
                usize::try_from(row).unwrap_or(usize::MAX),
            );
            if x >= across || y >= down {
                return Ok(None);
            }
            // A tile of no bytes was never written: nothing is there.
            if directory
                .tile_byte_counts()
                .and_then(|counts| counts.get(y * across + x))
                == Some(&0)
            {
                return Ok(None);
            }
            let tile = directory
                .fetch_tile(x, y, &self.reader)
                .await
                .map_err(|error| self.reader.reason(&error))?;
            let decoders = self.file.decoders.clone();
            let planar = directory.planar_configuration() == PlanarConfiguration::Planar;
            let shown = self.reader.shown().to_owned();
            let pixels = compute("decoding a tile", move || {
                tile.decode(&decoders).map(|array| pixels(array, planar))
            })
            .await
            .map_err(|_| Miss::Failed(format!("{shown}: tile {column} {row} cannot be decoded")))?
            .map_err(|error| Miss::Failed(format!("{shown}: tile {column} {row}: {error}")))??;
            Ok(Some(Arc::new(pixels)))
        };
        self.cache
            .get_or_fetch((self.number, level, column, row), fetch)
            .await
    }
}

fn pixels(array: async_tiff::Array, planar: bool) -> Result<Pixels, Error> {
    let (data, shape, _) = array.into_inner();
    let (height, width, bands) = if planar {
        (shape[1], shape[2], shape[0])
    } else {
        (shape[0], shape[1], shape[2])
    };
    let values = match data {
        TypedArray::UInt8(values) => Values::U8(values),
        TypedArray::Int8(values) => Values::I8(values),
        TypedArray::UInt16(values) => Values::U16(values),
        TypedArray::Int16(values) => Values::I16(values),
        TypedArray::UInt32(values) => Values::U32(values),
        TypedArray::Int32(values) => Values::I32(values),
        TypedArray::Float32(values) => Values::F32(values),
        TypedArray::Float64(values) => Values::F64(values),
        TypedArray::Bool(values) => Values::U8(values.into_iter().map(u8::from).collect()),
        TypedArray::UInt64(values) => {
            Values::F64(values.into_iter().map(|value| value as f64).collect())
        }
        TypedArray::Int64(values) => {
            Values::F64(values.into_iter().map(|value| value as f64).collect())
        }
    };
    let side = |length: usize| {
        u32::try_from(length).map_err(|_| Error::Picture {
            media: "tiff",
            problem: format!("a tile of {length}"),
        })
    };
    let bands = u16::try_from(bands).map_err(|_| Error::Picture {
        media: "tiff",
        problem: format!("{bands} bands"),
    })?;
    let values = if planar {
        interleave(&values, width * height, bands)
    } else {
        values
    };
    Pixels::new(side(width)?, side(height)?, bands, values)
}
