//! Reading TIFF and GeoTIFF: strips and tiles, every usual packing, predictor and number type.
//!
//! [`raster`] reads directories from bytes that may be there in part ([`Ranges`]), so that a raster
//! elsewhere is read by ranges; [`Image::decode_block`] turns a block's bytes into pixels. A whole
//! file in memory takes the same way through `read`.

mod block;
mod bytes;
mod codec;
mod directory;
mod image;
mod keys;
mod metadata;
mod place;
mod samples;

pub use bytes::{Ranges, Source, Stop};
pub use image::Image;
pub use place::{GeoTags, Reference};

use crate::decode::MAX_BYTES;
use crate::with_values;
use crate::{Error, Pixels, Result, Values};

/// The images of a file that belong to its raster: the first in full, its overviews and masks.
#[derive(Clone, Debug)]
pub struct Raster {
    /// Full size first, then ever smaller.
    pub levels: Vec<Level>,
}

/// One level of detail.
#[derive(Clone, Debug)]
pub struct Level {
    /// Its pixels.
    pub image: Image,
    /// Where there is one: 0 means that nothing is there.
    pub mask: Option<Image>,
}

/// Reads the directories of a file.
///
/// # Errors
/// [`Stop::Need`] where bytes have to be there first, [`Stop::Fault`] where the file cannot be read.
pub fn raster(source: &dyn Source) -> std::result::Result<Raster, Stop> {
    let directories = directory::read_directories(source)?;
    let mut images = Vec::new();
    let mut first_fault = None;
    for directory in &directories {
        match Image::of(directory, source) {
            Ok(image) => images.push(image),
            Err(Stop::Need(range)) => return Err(Stop::Need(range)),
            // A page that cannot be read does no harm to the others, unless it is the one.
            Err(Stop::Fault(error)) if images.is_empty() => {
                first_fault.get_or_insert(error);
            }
            Err(Stop::Fault(_)) => {}
        }
    }
    if let Some(error) = first_fault {
        return Err(Stop::Fault(error));
    }
    let full = images
        .iter()
        .find(|image| !image.is_reduced() && !image.is_mask())
        .ok_or_else(|| Stop::Fault(Error::unreadable("tiff", "a file without an image")))?
        .clone();
    let mask_of = |image: &Image| {
        images
            .iter()
            .find(|mask| {
                mask.is_mask() && (mask.width(), mask.height()) == (image.width(), image.height())
            })
            .cloned()
    };
    let mut levels: Vec<Level> = images
        .iter()
        .filter(|image| {
            image.is_reduced()
                && !image.is_mask()
                && image.bands() == full.bands()
                && (image.bits, image.kind) == (full.bits, full.kind)
                && image.width() < full.width().max(2)
        })
        .map(|image| Level {
            mask: mask_of(image),
            image: image.clone(),
        })
        .collect();
    levels.sort_by_key(|level| std::cmp::Reverse(level.image.width()));
    levels.insert(
        0,
        Level {
            mask: mask_of(&full),
            image: full,
        },
    );
    // An overview of a masked image whose own mask is missing would show what is masked.
    if levels.first().is_some_and(|level| level.mask.is_some()) {
        levels.retain(|level| level.mask.is_some());
    }
    Ok(Raster { levels })
}

/// The raster of a whole file in memory.
pub(crate) fn whole(bytes: &[u8]) -> Result<Raster> {
    match raster(&bytes) {
        Ok(raster) => Ok(raster),
        Err(Stop::Fault(error)) => Err(error),
        Err(Stop::Need(_)) => Err(Error::Internal {
            doing: "reading a tiff in memory",
        }),
    }
}

/// Columns and rows of a whole TIFF file, once every block is known to lie within it.
///
/// # Errors
/// [`Error::Unreadable`] for a file that is cut short.
pub fn examine(bytes: &[u8]) -> Result<(u32, u32)> {
    let raster = whole(bytes)?;
    for level in &raster.levels {
        for image in std::iter::once(&level.image).chain(&level.mask) {
            let (across, down) = image.blocks();
            for plane in 0..image.planes() {
                for (column, row) in
                    (0..down).flat_map(|row| (0..across).map(move |column| (column, row)))
                {
                    let end = image
                        .block_range(plane, column, row)?
                        .map_or(0, |range| range.end);
                    if end > bytes.len() as u64 {
                        return Err(Error::unreadable("tiff", "a file that is cut short"));
                    }
                }
            }
        }
    }
    let full = raster
        .levels
        .first()
        .map(|level| (level.image.width(), level.image.height()));
    full.ok_or_else(|| Error::unreadable("tiff", "a file without an image"))
}

/// The names that a TIFF file gives its bands, where it names all, and its nodata value; `None` for
/// anything but a TIFF file.
pub fn names_and_nodata(bytes: &[u8]) -> Option<(Vec<String>, Option<f64>)> {
    let raster = whole(bytes).ok()?;
    let image = &raster.levels.first()?.image;
    Some((image.band_names().to_vec(), image.nodata()))
}

/// Decodes the image of a TIFF file with all its bands, their roles and which pixels are there.
pub(crate) fn read(bytes: &[u8]) -> Result<Pixels> {
    let raster = whole(bytes)?;
    let level = raster
        .levels
        .first()
        .ok_or_else(|| Error::unreadable("tiff", "a file without an image"))?;
    let pixels = read_image(&level.image, bytes)?;
    let mask = level
        .mask
        .as_ref()
        .map(|mask| read_image(mask, bytes))
        .transpose()?;
    level.image.finish(pixels, mask.as_ref())
}

fn read_image(image: &Image, bytes: &[u8]) -> Result<Pixels> {
    let (width, height, bands) = (image.width(), image.height(), image.bands());
    let count = u64::from(width) * u64::from(height) * u64::from(bands);
    let size = with_values!(&image.no_values(), values => size_of_values(values)) as u64;
    if count.saturating_mul(size) > MAX_BYTES {
        let problem =
            format!("a claim of {width} x {height} pixels with {bands} bands: more than 1 GiB");
        return Err(Error::unreadable("tiff", problem));
    }
    let mut out = image.blank(count as usize);
    let mut missing = Vec::new();
    let (across, down) = image.blocks();
    let (block_width, block_height) = image.block();
    for plane in 0..image.planes() {
        for (column, row) in (0..down).flat_map(|row| (0..across).map(move |column| (column, row)))
        {
            let corner = (column * block_width, row * block_height);
            let Some(range) = image.block_range(plane, column, row)? else {
                missing.push(corner);
                continue;
            };
            let block = usize::try_from(range.start)
                .ok()
                .zip(usize::try_from(range.end).ok());
            let block = block.and_then(|(start, end)| bytes.get(start..end));
            let block =
                block.ok_or_else(|| Error::unreadable("tiff", "a file that is cut short"))?;
            let block = image.decode_block(block, row)?;
            place(&mut out, &block, (width, height, bands), plane, corner);
        }
    }
    let mut pixels = Pixels::new(width, height, bands, out)?;
    for corner in missing {
        pixels.invalidate(corner, image.block());
    }
    Ok(pixels)
}

impl Image {
    /// The pixels of blocks below each other: for each plane the bytes of its blocks from row `first`
    /// on, `None` for those that were never written.
    ///
    /// # Errors
    /// As [`Image::decode_block`].
    pub fn assemble(&self, planes: &[Vec<Option<impl AsRef<[u8]>>>], first: u32) -> Result<Pixels> {
        let (width, block_height) = self.block();
        let count = planes.first().map_or(0, Vec::len) as u32;
        let height: u32 = (first..first + count).map(|row| self.block_rows(row)).sum();
        let bands = self.bands();
        // One block with all bands needs no copy.
        if let ([plane], 1) = (planes, count)
            && let Some(Some(bytes)) = plane.first()
        {
            return self.decode_block(bytes.as_ref(), first);
        }
        let mut out = self.blank(width as usize * height as usize * usize::from(bands));
        let mut missing = Vec::new();
        for (plane, blocks) in planes.iter().enumerate() {
            for (index, bytes) in blocks.iter().enumerate() {
                let corner = (0, index as u32 * block_height);
                match bytes {
                    None => missing.push(corner),
                    Some(bytes) => {
                        let block = self.decode_block(bytes.as_ref(), first + index as u32)?;
                        place(
                            &mut out,
                            &block,
                            (width, height, bands),
                            plane as u16,
                            corner,
                        );
                    }
                }
            }
        }
        let mut pixels = Pixels::new(width, height, bands, out)?;
        for corner in missing {
            pixels.invalidate(corner, self.block());
        }
        Ok(pixels)
    }
}

/// Puts a block's numbers where they belong.
fn place(out: &mut Values, block: &Pixels, size: (u32, u32, u16), plane: u16, corner: (u32, u32)) {
    macro_rules! copy {
        ($($variant:ident),*) => {
            match (out, block.values()) {
                $((Values::$variant(out), Values::$variant(values)) => copy(out, values, block, size, plane, corner),)*
                // Blocks are of the type that the image states.
                _ => {}
            }
        };
    }
    copy!(U8, I8, U16, I16, U32, I32, F32, F64);
}

fn copy<T: Copy>(
    out: &mut [T],
    values: &[T],
    block: &Pixels,
    (width, height, bands): (u32, u32, u16),
    plane: u16,
    (left, top): (u32, u32),
) {
    let bands = usize::from(bands);
    let block_bands = usize::from(block.bands());
    let columns = block.width().min(width - left) as usize;
    let rows = block.height().min(height - top) as usize;
    let width = width as usize;
    let lines = values
        .chunks_exact(block.width() as usize * block_bands)
        .take(rows);
    for (y, line) in lines.enumerate() {
        let start = ((top as usize + y) * width + left as usize) * bands;
        let target = &mut out[start..start + columns * bands];
        if block_bands == bands {
            target.copy_from_slice(&line[..columns * bands]);
        } else {
            for (pixel, value) in target.chunks_exact_mut(bands).zip(line) {
                pixel[usize::from(plane)] = *value;
            }
        }
    }
}

fn size_of_values<T>(_values: &[T]) -> usize {
    size_of::<T>()
}

impl Image {
    /// Numbers of a picture where nothing is: nodata, else 0.
    pub(crate) fn blank(&self, count: usize) -> Values {
        let mut values = self.no_values();
        with_values!(&mut values, values => fill(values, count, self.nodata().unwrap_or(0.0)));
        values
    }

    /// What is known beside the numbers: roles, palette, and which of them are there by nodata, the
    /// mask and alpha. `mask` is of the same size; where it is 0, nothing is there.
    ///
    /// # Errors
    /// [`Error::Unreadable`] for a mask of another size.
    pub fn finish(&self, pixels: Pixels, mask: Option<&Pixels>) -> Result<Pixels> {
        let mut pixels = pixels
            .with_roles(self.roles())
            .with_palette(self.palette().map(<[_]>::to_vec))
            .without_nodata(self.nodata());
        if let Some(mask) = mask {
            pixels = pixels.masked(mask)?;
        }
        Ok(pixels)
    }
}

fn fill<T: crate::Value>(values: &mut Vec<T>, count: usize, value: f64) {
    values.resize(count, T::from_f64(value));
}
