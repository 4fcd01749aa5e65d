//! One image of a TIFF file: how its numbers are stored, what its bands are, where it lies.

use std::ops::Range;

use super::bytes::{Source, Stop};
use super::codec::Codec;
use super::directory::{Directory, Order, range};
use super::place::GeoTags;
use crate::{Error, Role};

/// `NewSubfileType` bits (TIFF 6.0, p. 36): a reduced image, and a transparency mask.
const REDUCED: u64 = 1;
const MASK: u64 = 4;
/// Most blocks of an image.
const MOST_BLOCKS: u64 = 8 << 20;
/// Most bytes of one block once unpacked.
const MOST_BLOCK_BYTES: u64 = 1 << 29;

/// What numbers mean, beside how many bits they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SampleKind {
    Unsigned,
    Signed,
    Float,
}

/// How colours are told (`PhotometricInterpretation`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Photometric {
    Grey,
    Rgb,
    Palette,
    Mask,
    YCbCr,
    /// Numbers as they stand: CIE L*a*b* and the like.
    Other,
}

/// One image of a TIFF file.
#[derive(Clone, Debug)]
pub struct Image {
    pub(crate) order: Order,
    width: u32,
    height: u32,
    bands: u16,
    pub(crate) bits: u16,
    pub(crate) kind: SampleKind,
    pub(crate) photometric: Photometric,
    pub(crate) codec: Codec,
    pub(crate) predictor: u16,
    pub(crate) reversed_bits: bool,
    planar: bool,
    tiled: bool,
    block: (u32, u32),
    offsets: Vec<u64>,
    lengths: Vec<u64>,
    subfile: u64,
    pub(crate) jpeg_tables: Vec<u8>,
    roles: Vec<Role>,
    palette: Option<Vec<[u8; 3]>>,
    nodata: Option<f64>,
    band_names: Vec<String>,
    geo: GeoTags,
}

fn unreadable(problem: impl std::fmt::Display) -> Stop {
    Stop::Fault(Error::unreadable("tiff", problem))
}

fn unsupported(found: impl Into<String>, expected: &str) -> Stop {
    Stop::Fault(Error::unsupported(found, expected))
}

impl Image {
    pub(super) fn of(directory: &Directory, source: &dyn Source) -> Result<Self, Stop> {
        let number = |tag: u16| directory.number(source, tag);
        let side = |tag: u16, name: &str| {
            let side = number(tag)?.unwrap_or(0);
            match u32::try_from(side) {
                Ok(side @ 1..) => Ok(side),
                _ => Err(unreadable(format!("an image whose {name} is {side}"))),
            }
        };
        let (width, height) = (side(256, "width")?, side(257, "height")?);
        let bands = number(277)?.unwrap_or(1);
        let bands = u16::try_from(bands).ok().filter(|bands| *bands > 0);
        let bands = bands.ok_or_else(|| unreadable("an image without bands"))?;
        let every = u64::from(bands);
        let bits = alike(&directory.numbers(source, 258, every)?, 1, "bits")?;
        let bits = u16::try_from(bits).unwrap_or(u16::MAX);
        let kind = match alike(&directory.numbers(source, 339, every)?, 1, "number types")? {
            1 | 4 => SampleKind::Unsigned,
            2 => SampleKind::Signed,
            3 => SampleKind::Float,
            5 | 6 => return Err(unsupported("a raster of complex numbers", "real numbers")),
            other => return Err(unreadable(format!("sample format {other}"))),
        };
        let is_read = match kind {
            SampleKind::Float => matches!(bits, 16 | 32 | 64),
            SampleKind::Unsigned | SampleKind::Signed => matches!(bits, 1..=32 | 64),
        };
        if !is_read {
            let found = format!(
                "a raster of {bits}-bit {}",
                if kind == SampleKind::Float {
                    "floats"
                } else {
                    "integers"
                }
            );
            return Err(unsupported(
                found,
                "1 to 32 or 64 bits, floats of 16, 32 or 64",
            ));
        }
        let codec = Codec::of(number(259)?.unwrap_or(1))?;
        let photometric = match number(262)? {
            None | Some(0 | 1) => Photometric::Grey,
            Some(2) => Photometric::Rgb,
            Some(3) => Photometric::Palette,
            Some(4) => Photometric::Mask,
            Some(5) => {
                return Err(unsupported(
                    "a CMYK raster",
                    "grey, RGB or plain bands: write it anew as RGB",
                ));
            }
            Some(6) if codec == Codec::Jpeg => Photometric::YCbCr,
            Some(6) => {
                return Err(unsupported(
                    "a YCbCr raster that is not packed as jpeg",
                    "RGB: write it anew with gdal_translate",
                ));
            }
            Some(_) => Photometric::Other,
        };
        let planar = match number(284)?.unwrap_or(1) {
            1 => false,
            2 => bands > 1,
            other => return Err(unreadable(format!("planar configuration {other}"))),
        };
        let tiled = directory.has(322) || directory.has(324);
        let block = if tiled {
            (side(322, "tile width")?, side(323, "tile height")?)
        } else {
            let rows = number(278)?.unwrap_or(u64::MAX).clamp(1, height.into());
            (width, rows as u32)
        };
        let mut image = Self {
            order: directory.order,
            width,
            height,
            bands,
            bits,
            kind,
            photometric,
            codec,
            predictor: number(317)?.unwrap_or(1).min(u64::from(u16::MAX)) as u16,
            reversed_bits: number(266)? == Some(2),
            planar,
            tiled,
            block,
            offsets: Vec::new(),
            lengths: Vec::new(),
            subfile: number(254)?.unwrap_or(0) | old_subfile(number(255)?),
            jpeg_tables: directory.bytes(source, 347)?.unwrap_or_default(),
            roles: Vec::new(),
            palette: None,
            nodata: directory
                .text(source, 42_113)?
                .and_then(|text| nodata(&text)),
            band_names: Vec::new(),
            geo: GeoTags::of(directory, source)?,
        };
        image.check_predictor()?;
        let row =
            u64::from(image.block.0) * u64::from(image.block_bands()) * u64::from(bits).div_ceil(8);
        if row.saturating_mul(image.block.1.into()) > MOST_BLOCK_BYTES {
            let kind = if tiled { "tile" } else { "strip" };
            return Err(unsupported(
                format!(
                    "a raster with a {kind} of {} x {} pixels",
                    image.block.0, image.block.1
                ),
                "blocks of at most 512 MiB: write it anew with gdal_translate -of COG",
            ));
        }
        let blocks = image.block_count();
        if blocks > MOST_BLOCKS {
            return Err(unsupported(
                format!("a raster of {blocks} blocks"),
                "at most 8 million: larger tiles",
            ));
        }
        let (offsets, lengths) = if tiled { (324, 325) } else { (273, 279) };
        if directory.count(offsets) < blocks {
            return Err(unreadable(format!(
                "{} block offsets for {blocks} blocks",
                directory.count(offsets)
            )));
        }
        image.offsets = directory.numbers(source, offsets, blocks)?;
        image.lengths = if directory.has(lengths) {
            directory.numbers(source, lengths, blocks)?
        } else if codec == Codec::None {
            // Old writers left the lengths out; unpacked they are known.
            (0..blocks).map(|index| image.unpacked_len(index)).collect()
        } else {
            Vec::new()
        };
        if (image.lengths.len() as u64) < blocks {
            return Err(unreadable(format!(
                "{} block lengths for {blocks} blocks",
                image.lengths.len()
            )));
        }
        let metadata = directory.text(source, 42_112)?.unwrap_or_default();
        image.band_names = super::metadata::band_names(&metadata, bands);
        if photometric == Photometric::Palette {
            image.palette = palette(&directory.numbers(source, 320, 3 << 16)?);
        }
        image.roles = image.roles_of(&directory.numbers(source, 338, every)?, &metadata);
        Ok(image)
    }

    /// Bands' roles: photometric and `ExtraSamples`, then GDAL's own words, then names of bands.
    fn roles_of(&self, extra: &[u64], metadata: &str) -> Vec<Role> {
        let colours: &[Role] = match self.photometric {
            Photometric::Rgb | Photometric::YCbCr => &[Role::Red, Role::Green, Role::Blue],
            Photometric::Palette => &[Role::Class],
            Photometric::Grey | Photometric::Mask | Photometric::Other => &[Role::Grey],
        };
        let bands = usize::from(self.bands);
        // Files with fewer extras than they should have state those of the last bands.
        let first_extra = bands.saturating_sub(extra.len());
        (0..bands)
            .map(|band| {
                if let Some(role) = super::metadata::role(metadata, band)
                    .or_else(|| Role::of_name(self.band_names.get(band)?))
                {
                    return role;
                }
                match extra.get(band.wrapping_sub(first_extra)) {
                    Some(1 | 2) => Role::Alpha,
                    Some(_) => Role::Unknown,
                    // A single plain band says nothing that a role would add to; several do not say they are grey.
                    None => colours.get(band).copied().unwrap_or_default(),
                }
            })
            .collect()
    }

    fn check_predictor(&self) -> Result<(), Stop> {
        let packs_bytes = !matches!(
            self.codec,
            Codec::Jpeg | Codec::Webp | Codec::Lerc | Codec::None | Codec::PackBits
        );
        match self.predictor {
            1 => Ok(()),
            _ if !packs_bytes => Ok(()),
            2 if matches!(self.bits, 8 | 16 | 32 | 64) => Ok(()),
            3 if self.kind == SampleKind::Float => Ok(()),
            other => Err(unsupported(
                format!("predictor {other} on {} bits", self.bits),
                "predictor 2 on 8, 16, 32 or 64 bits, or 3 on floats",
            )),
        }
    }

    /// Columns.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Numbers in each pixel.
    pub fn bands(&self) -> u16 {
        self.bands
    }

    /// Columns and rows of a block: a tile, or a strip as wide as the image.
    pub fn block(&self) -> (u32, u32) {
        self.block
    }

    /// Whether blocks are tiles; else they are strips.
    pub fn is_tiled(&self) -> bool {
        self.tiled
    }

    /// Type of a number by its usual name, such as `uint16` or `float32`.
    pub fn value_type(&self) -> String {
        let kind = match self.kind {
            SampleKind::Unsigned => "uint",
            SampleKind::Signed => "int",
            SampleKind::Float => "float",
        };
        format!("{kind}{}", self.bits)
    }

    /// The value that means "nothing here".
    pub fn nodata(&self) -> Option<f64> {
        self.nodata
    }

    /// What each band is.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// The colour of each class, where the image has a palette.
    pub fn palette(&self) -> Option<&[[u8; 3]]> {
        self.palette.as_deref()
    }

    /// The names of the bands, where the file names all.
    pub fn band_names(&self) -> &[String] {
        &self.band_names
    }

    /// Where the image lies and in which reference system.
    pub fn geo(&self) -> &GeoTags {
        &self.geo
    }

    pub(super) fn is_reduced(&self) -> bool {
        self.subfile & REDUCED != 0
    }

    pub(super) fn is_mask(&self) -> bool {
        self.subfile & MASK != 0 || self.photometric == Photometric::Mask
    }

    /// Blocks across and down.
    pub fn blocks(&self) -> (u32, u32) {
        (
            self.width.div_ceil(self.block.0),
            self.height.div_ceil(self.block.1),
        )
    }

    fn block_count(&self) -> u64 {
        let (across, down) = self.blocks();
        (u64::from(across) * u64::from(down)).saturating_mul(self.planes().into())
    }

    /// Planes that blocks come in: one, or one for each band.
    pub fn planes(&self) -> u16 {
        if self.planar { self.bands } else { 1 }
    }

    /// Bands that one block holds.
    pub(crate) fn block_bands(&self) -> u16 {
        if self.planar { 1 } else { self.bands }
    }

    /// Rows that a block really has: the last strip ends with the image, tiles are whole.
    pub(crate) fn block_rows(&self, row: u32) -> u32 {
        if self.tiled {
            return self.block.1;
        }
        self.height
            .saturating_sub(row.saturating_mul(self.block.1))
            .min(self.block.1)
    }

    /// Bytes of a row of a block, unpacked; rows begin at whole bytes.
    pub(crate) fn row_bytes(&self) -> usize {
        (self.block.0 as usize * usize::from(self.block_bands()) * usize::from(self.bits))
            .div_ceil(8)
    }

    fn unpacked_len(&self, index: u64) -> u64 {
        let (across, down) = self.blocks();
        let row = index / u64::from(across) % u64::from(down);
        self.row_bytes() as u64 * u64::from(self.block_rows(row as u32))
    }

    /// Where a block's bytes are. `None` for one that was never written.
    ///
    /// # Errors
    /// [`Error::Unreadable`] for a block that the image does not have, or that no file can hold.
    pub fn block_range(
        &self,
        plane: u16,
        column: u32,
        row: u32,
    ) -> Result<Option<Range<u64>>, Error> {
        let (across, down) = self.blocks();
        let index = (u64::from(plane) * u64::from(down) + u64::from(row)) * u64::from(across)
            + u64::from(column);
        let missing = || Error::unreadable("tiff", format!("no block {column} {row}"));
        if column >= across || row >= down || plane >= self.planes() {
            return Err(missing());
        }
        let index = usize::try_from(index).map_err(|_| missing())?;
        match (self.offsets.get(index), self.lengths.get(index)) {
            (Some(_), Some(0)) => Ok(None),
            (Some(0), Some(_)) => Ok(None),
            (Some(offset), Some(length)) if *length <= 2 * MOST_BLOCK_BYTES => {
                range(*offset, *length).map(Some).ok_or_else(missing)
            }
            _ => Err(missing()),
        }
    }
}

/// `SubfileType`, which `NewSubfileType` took the place of: 2 is a reduced image.
fn old_subfile(number: Option<u64>) -> u64 {
    u64::from(number == Some(2)) * REDUCED
}

/// The one number that all of a list are.
fn alike(numbers: &[u64], usual: u64, what: &str) -> Result<u64, Stop> {
    let Some(first) = numbers.first() else {
        return Ok(usual);
    };
    if numbers.iter().all(|number| number == first) {
        return Ok(*first);
    }
    Err(unsupported(
        format!("a raster whose bands have different {what}"),
        "bands of one type",
    ))
}

/// Red, then green, then blue of every class, each of 16 bits (TIFF 6.0, p. 23).
fn palette(levels: &[u64]) -> Option<Vec<[u8; 3]>> {
    let count = levels.len() / 3;
    // Some writers stored 8-bit levels; libtiff goes by whether any is larger.
    let shift = if levels.iter().any(|level| *level > 255) {
        8
    } else {
        0
    };
    let level = |index: usize| levels.get(index).map(|level| (level >> shift) as u8);
    let colours = (0..count).map(|class| {
        Some([
            level(class)?,
            level(count + class)?,
            level(2 * count + class)?,
        ])
    });
    colours
        .collect::<Option<Vec<_>>>()
        .filter(|colours| !colours.is_empty())
}

/// The value in GDAL's tag for it.
fn nodata(text: &str) -> Option<f64> {
    let text = text.trim();
    match text.to_ascii_lowercase().as_str() {
        "nan" | "-nan" | "nan(ind)" | "-nan(ind)" | "-1.#ind" | "1.#qnan" => Some(f64::NAN),
        _ => text.parse().ok(),
    }
}
