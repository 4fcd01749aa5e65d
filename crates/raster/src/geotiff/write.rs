//! Writing GeoTIFF (OGC 19-008r4), and Cloud Optimized GeoTIFF (OGC 21-026) from 512 pixels.

use super::blocks::{pack_bands, pack_blocks};
use super::directory::{Directory, TagValue};
use super::overview::{Joining, halve};
use crate::Error;
use crate::grid::Grid;
use crate::{Pixels, Role, Value, Values, with_values};

/// Side from which a picture is tiled and gets overviews.
const TILED_FROM_PX: u32 = 512;
/// Side of a tile.
const TILE_PX: u32 = 256;
/// Classic TIFF counts bytes in 32 bits; what is left over is room for the directories.
const LARGEST_FILE: u64 = u32::MAX as u64 - (16 << 20);

/// What goes into a GeoTIFF beside pixels and grid.
#[derive(Clone, Debug, Default)]
pub struct GeotiffOptions {
    /// Names of the bands, in order; empty or one for each band.
    pub band_names: Vec<String>,
    /// The value that means "nothing here".
    pub nodata: Option<f64>,
    /// Bands (from 0) whose values are classes, not amounts: overviews do not average them.
    pub class_bands: Vec<u16>,
    /// How the pixels are packed.
    pub compression: Compression,
}

/// How pixels are packed in a GeoTIFF.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Deflate, integers as differences from the pixel before (predictor 2).
    #[default]
    Deflate,
    /// Not at all.
    None,
}

/// Writes a GeoTIFF: below 512 pixels one strip, or one for each band where they are integers of several
/// bytes; else tiles of 256 pixels with overviews down to one tile, laid out as a Cloud Optimized GeoTIFF
/// (directories first, smallest overview's tiles first).
///
/// # Errors
/// [`Error::Table`] for a grid whose reference system has no EPSG code, [`Error::Unreadable`] where grid
/// and pixels differ in size, [`Error::Encode`] above 4 GB.
pub fn write_geotiff(
    pixels: &Pixels,
    grid: &Grid,
    options: &GeotiffOptions,
) -> Result<Vec<u8>, Error> {
    if (grid.width, grid.height) != (pixels.width(), pixels.height()) {
        return Err(Error::Unreadable {
            media: "tiff",
            problem: format!(
                "{} x {} pixels on a grid of {} x {}",
                pixels.width(),
                pixels.height(),
                grid.width,
                grid.height
            ),
        });
    }
    write_raster(pixels, None, Some(grid), options)
}

/// The same, where a picture may lie nowhere in particular, and may have a band of labels, of its own
/// size and type, behind the others.
pub(crate) fn write_raster(
    pixels: &Pixels,
    labels: Option<&Pixels>,
    grid: Option<&Grid>,
    options: &GeotiffOptions,
) -> Result<Vec<u8>, Error> {
    let value_bytes = u64::from(with_values!(pixels.values(), values => bits_of(values))) / 8;
    if pixels.values().len() as u64 * value_bytes > LARGEST_FILE / 2 {
        return Err(Error::Encode {
            format: "tiff",
            pixels: format!(
                "{} numbers of {}",
                pixels.values().len(),
                pixels.values().type_name()
            ),
            expected: "at most 2 GB; take smaller pictures",
        });
    }
    let layout = if pixels.width().max(pixels.height()) >= TILED_FROM_PX {
        Layout::Tiles
    } else if with_values!(pixels.values(), values => has_small_steps(values)) {
        Layout::StripOfEachBand
    } else {
        Layout::Strip
    };
    let joined = labels
        .filter(|_| layout != Layout::StripOfEachBand)
        .map(|labels| pixels.beside(labels))
        .transpose()?;
    let (pixels, labels) = match &joined {
        Some(joined) => (joined, None),
        None => (pixels, labels),
    };
    // What nodata and alpha do not tell of what is there, an internal mask tells.
    let held;
    let (pixels, mut masked) = match pixels.valid() {
        None => (pixels, false),
        Some(_) => {
            let (pixels, masked) = pixels.clone().told_by(options.nodata);
            held = pixels;
            (&held, masked)
        }
    };
    masked &= labels.is_none();
    let mut images = vec![Image::new(pixels, labels, layout, options)?];
    if masked {
        images.push(Image::mask(pixels, layout, options, 4)?);
    }
    let mut reduced = None;
    loop {
        let larger = reduced.as_ref().unwrap_or(pixels);
        if layout != Layout::Tiles || larger.width().max(larger.height()) <= TILE_PX {
            break;
        }
        let joining = Joining {
            nodata: options.nodata,
            classes: &options.class_bands,
        };
        let half = halve(larger, &joining)?;
        let mut image = Image::new(&half, None, layout, options)?;
        image.directory.set(254, TagValue::Long(vec![1]));
        images.push(image);
        if masked {
            images.push(Image::mask(&half, layout, options, 5)?);
        }
        reduced = Some(half);
    }
    if let Some(first) = images.first_mut() {
        describe(&mut first.directory, pixels, grid, options)?;
    }
    lay_out(images)
}

/// How the numbers of a picture follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// One block, bands innermost.
    Strip,
    /// A block for each band: integers of several bytes pack better so, and faster.
    StripOfEachBand,
    /// Tiles, bands innermost: readers of tiles want all bands of a place at once.
    Tiles,
}

/// One directory and its packed blocks.
struct Image {
    directory: Directory,
    blocks: Vec<Vec<u8>>,
    tags: (u16, u16),
}

impl Image {
    /// Labels stand apart only where every band does.
    fn new(
        pixels: &Pixels,
        labels: Option<&Pixels>,
        layout: Layout,
        options: &GeotiffOptions,
    ) -> Result<Self, Error> {
        let extra = labels.map_or(0, Pixels::bands);
        let bands = pixels.bands().saturating_add(extra);
        let bits = with_values!(pixels.values(), values => bits_of(values));
        let sample_format: u16 = match pixels.values() {
            Values::U8(_) | Values::U16(_) | Values::U32(_) => 1,
            Values::I8(_) | Values::I16(_) | Values::I32(_) => 2,
            Values::F32(_) | Values::F64(_) => 3,
        };
        // Red, green, blue only where nobody says otherwise; further bands are "unspecified".
        // A fourth band is no transparency: GDAL and readers like it keep all bands of a grey picture with extras.
        let roles = pixels.roles();
        let has_alpha = roles.contains(&Role::Alpha);
        let of_colour_type = matches!(pixels.values(), Values::U8(_) | Values::U16(_));
        let is_rgb = of_colour_type
            && (bands == 3 && !has_alpha
                || has_alpha && roles.starts_with(&[Role::Red, Role::Green, Role::Blue]));
        let palette = pixels.palette().filter(|_| of_colour_type && bands == 1);
        let colours = if is_rgb { 3 } else { 1 };
        let mut directory = Directory::default();
        let mut short = |tag: u16, values: Vec<u16>| directory.set(tag, TagValue::Short(values));
        short(258, vec![bits; bands.into()]);
        short(
            259,
            vec![if options.compression == Compression::Deflate {
                8
            } else {
                1
            }],
        );
        let photometric = match (is_rgb, palette) {
            (true, _) => 2,
            (false, Some(_)) => 3,
            (false, None) => 1,
        };
        short(262, vec![photometric]);
        if let Some(palette) = palette {
            short(320, color_map(palette, bits));
        }
        short(277, vec![bands]);
        let apart = layout == Layout::StripOfEachBand && bands > 1;
        short(284, vec![if apart { 2 } else { 1 }]);
        short(339, vec![sample_format; bands.into()]);
        if options.compression == Compression::Deflate && sample_format != 3 {
            short(317, vec![2]);
        }
        if bands > colours {
            let extra = |band: u16| match roles.get(usize::from(band)) {
                Some(Role::Alpha) => 2,
                _ => 0,
            };
            short(338, (colours..bands).map(extra).collect());
        }
        directory.set(256, TagValue::Long(vec![pixels.width()]));
        directory.set(257, TagValue::Long(vec![pixels.height()]));
        let packing = options.compression;
        let (blocks, tags) = if layout == Layout::Tiles {
            directory.set(322, TagValue::Long(vec![TILE_PX]));
            directory.set(323, TagValue::Long(vec![TILE_PX]));
            let tile = (TILE_PX, TILE_PX);
            let tiles =
                with_values!(pixels.values(), values => pack_blocks(values, pixels, tile, packing));
            (tiles?, (324, 325))
        } else {
            directory.set(278, TagValue::Long(vec![pixels.height()]));
            let whole = (pixels.width(), pixels.height());
            let mut strips = Vec::new();
            for part in std::iter::once(pixels).chain(labels) {
                strips.extend(with_values!(part.values(), values => match layout {
                    Layout::StripOfEachBand => pack_bands(values, part, packing),
                    Layout::Strip | Layout::Tiles => pack_blocks(values, part, whole, packing),
                })?);
            }
            (strips, (273, 279))
        };
        // The offsets follow once everything has its length; the room for them is what counts now.
        directory.set(tags.0, TagValue::Long(vec![0; blocks.len()]));
        directory.set(
            tags.1,
            TagValue::Long(blocks.iter().map(|block| block.len() as u32).collect()),
        );
        Ok(Self {
            directory,
            blocks,
            tags,
        })
    }
}

impl Image {
    /// The mask of an image: 255 where anything is there, 0 elsewhere.
    fn mask(
        pixels: &Pixels,
        layout: Layout,
        options: &GeotiffOptions,
        subfile: u32,
    ) -> Result<Self, Error> {
        let layout = if layout == Layout::Tiles {
            layout
        } else {
            Layout::Strip
        };
        let mask = pixels.pixel_mask()?;
        let mut image = Self::new(&mask, None, layout, options)?;
        image.directory.set(254, TagValue::Long(vec![subfile]));
        image.directory.set(262, TagValue::Short(vec![4]));
        Ok(image)
    }
}

/// Red, then green, then blue of every class (TIFF 6.0, p. 23); black for those without a colour.
fn color_map(palette: &[[u8; 3]], bits: u16) -> Vec<u16> {
    let classes = 1_usize << bits.min(16);
    let level = |class: usize, colour: usize| {
        palette
            .get(class)
            .map_or(0, |levels| u16::from(levels[colour]) * 257)
    };
    (0..3)
        .flat_map(|colour| (0..classes).map(move |class| level(class, colour)))
        .collect()
}

fn bits_of<T: Value>(_values: &[T]) -> u16 {
    T::BITS
}

/// Whether differences are likely to be small for their type: those of integers of several bytes, the
/// higher of which are all but constant. Single bytes of pictures are too many-valued for that, and floats have none.
fn has_small_steps<T: Value>(_values: &[T]) -> bool {
    T::IS_INTEGER && T::BITS > 8
}

/// Reference system, transform, band names and nodata.
fn describe(
    directory: &mut Directory,
    pixels: &Pixels,
    grid: Option<&Grid>,
    options: &GeotiffOptions,
) -> Result<(), Error> {
    if let Some(grid) = grid {
        let epsg = grid.crs.epsg().and_then(|code| u16::try_from(code).ok());
        let epsg = epsg.ok_or_else(|| {
            Error::Table(format!(
                "{} has no EPSG code that a GeoTIFF can hold",
                grid.crs
            ))
        })?;
        // Model type 1 projected with its code in key 3072, 2 geographic in key 2048; raster type 1: pixels are areas.
        let (model, code_key) = if grid.crs.is_geographic() {
            (2, 2048)
        } else {
            (1, 3072)
        };
        let keys = vec![
            1, 1, 0, 3, 1024, 0, 1, model, 1025, 0, 1, 1, code_key, 0, 1, epsg,
        ];
        directory.set(34735, TagValue::Short(keys));
        directory.set(
            33550,
            TagValue::Double(vec![grid.pixel.0, grid.pixel.1, 0.0]),
        );
        directory.set(
            33922,
            TagValue::Double(vec![0.0, 0.0, 0.0, grid.origin.0, grid.origin.1, 0.0]),
        );
    }
    let roles = roles_to_tell(pixels);
    if !options.band_names.is_empty() || !roles.is_empty() {
        let items: String = options
            .band_names
            .iter()
            .enumerate()
            .map(|(band, name)| {
                // GDAL escapes the text of an item and then the XML around it, and reads it so.
                let escaped = |text: &str| {
                    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
                };
                let name = escaped(&escaped(name));
                format!("  <Item name=\"DESCRIPTION\" sample=\"{band}\" role=\"description\">{name}</Item>\n")
            })
            .chain(roles)
            .collect();
        directory.set(
            42112,
            TagValue::Ascii(format!("<GDALMetadata>\n{items}</GDALMetadata>\n")),
        );
    }
    if let Some(nodata) = options.nodata {
        directory.set(42113, TagValue::Ascii(nodata.to_string()));
    }
    Ok(())
}

/// Lines of GDAL's metadata for colours that the tags alone would not tell, or would tell wrongly.
fn roles_to_tell(pixels: &Pixels) -> Vec<String> {
    let roles = pixels.roles();
    let usual: &[Role] = match roles.len() {
        3 => &[Role::Red, Role::Green, Role::Blue],
        4 if roles.contains(&Role::Alpha) => &[Role::Red, Role::Green, Role::Blue, Role::Alpha],
        _ => &[],
    };
    let is_colour = |role: &Role| {
        matches!(
            role,
            Role::Red | Role::Green | Role::Blue | Role::NearInfrared
        )
    };
    if roles == usual || !roles.iter().any(is_colour) {
        return Vec::new();
    }
    let word = |role: &Role| match role {
        Role::Red => "Red",
        Role::Green => "Green",
        Role::Blue => "Blue",
        Role::NearInfrared => "NIR",
        Role::Alpha => "Alpha",
        Role::Grey | Role::Class | Role::Unknown => "Undefined",
    };
    let line = |(band, role): (usize, &Role)| {
        format!(
            "  <Item name=\"COLORINTERP\" sample=\"{band}\" role=\"colorinterp\">{}</Item>\n",
            word(role)
        )
    };
    roles.iter().enumerate().map(line).collect()
}

/// Header, directories, then the blocks of the smallest image first.
fn lay_out(mut images: Vec<Image>) -> Result<Vec<u8>, Error> {
    const HEADER: usize = 8;
    let too_large = || Error::Encode {
        format: "tiff",
        pixels: "more than 4 GB".to_owned(),
        expected: "smaller pictures",
    };
    let mut at = HEADER
        + images
            .iter()
            .map(|image| image.directory.len())
            .sum::<usize>();
    for image in images.iter_mut().rev() {
        let mut offsets = Vec::with_capacity(image.blocks.len());
        for block in &image.blocks {
            offsets.push(u32::try_from(at).map_err(|_| too_large())?);
            at += block.len().next_multiple_of(2);
        }
        image.directory.set(image.tags.0, TagValue::Long(offsets));
    }
    u32::try_from(at).map_err(|_| too_large())?;
    let mut file = Vec::with_capacity(at);
    file.extend(b"II\x2a\x00");
    file.extend((HEADER as u32).to_le_bytes());
    let count = images.len();
    for (index, image) in images.iter().enumerate() {
        let here = file.len() as u32;
        let next = if index + 1 < count {
            here + image.directory.len() as u32
        } else {
            0
        };
        file.extend(image.directory.write(here, next));
    }
    for image in images.iter().rev() {
        for block in &image.blocks {
            // Blocks begin at even offsets; the file ends with the last.
            file.resize(file.len().next_multiple_of(2), 0);
            file.extend(block);
        }
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use tables::Crs;

    use super::*;

    fn wave(width: u32, height: u32, bands: u16) -> Pixels {
        let values = (0..width * height * u32::from(bands))
            .map(|i| (i % 65_000) as u16)
            .collect();
        Pixels::new(width, height, bands, Values::U16(values)).unwrap()
    }

    fn grid(width: u32, height: u32) -> Grid {
        Grid {
            crs: Crs::from_epsg(32630).unwrap(),
            origin: (500_000.0, 900_000.5),
            pixel: (4.75, 4.75),
            width,
            height,
        }
    }

    #[test]
    fn every_type_comes_back_as_it_went_in() {
        let all = [
            Values::U8(vec![0, 255, 7, 8, 9, 10]),
            Values::I8(vec![-128, 127, 7, 8, 9, 10]),
            Values::U16(vec![0, 65_535, 7, 8, 9, 10]),
            Values::I16(vec![-32_768, 32_767, 7, 8, 9, 10]),
            Values::U32(vec![0, u32::MAX, 7, 8, 9, 10]),
            Values::I32(vec![i32::MIN, i32::MAX, 7, 8, 9, 10]),
            Values::F32(vec![0.5, f32::MAX, -7.0, 8.0, 9.0, 10.0]),
            Values::F64(vec![0.5, f64::MAX, -7.0, 8.0, 9.0, 10.0]),
        ];
        for values in all {
            for compression in [Compression::Deflate, Compression::None] {
                let pixels = Pixels::new(3, 1, 2, values.clone()).unwrap();
                let options = GeotiffOptions {
                    compression,
                    ..GeotiffOptions::default()
                };
                let file = write_geotiff(&pixels, &grid(3, 1), &options).unwrap();
                assert_eq!(crate::tiff::read(&file).unwrap(), pixels, "{compression:?}");
            }
        }
    }

    #[test]
    fn a_large_picture_is_tiled_and_comes_back_whole_whatever_its_edges() {
        for (width, height) in [(512, 512), (700, 513), (1025, 300), (512, 1)] {
            let pixels = wave(width, height, 3);
            let file =
                write_geotiff(&pixels, &grid(width, height), &GeotiffOptions::default()).unwrap();
            assert_eq!(
                crate::tiff::read(&file).unwrap(),
                pixels,
                "{width} x {height}"
            );
        }
    }

    #[test]
    fn the_same_pixels_give_the_same_bytes() {
        let pixels = wave(600, 600, 1);
        let write = || write_geotiff(&pixels, &grid(600, 600), &GeotiffOptions::default()).unwrap();
        assert_eq!(write(), write());
    }

    #[test]
    fn a_grid_of_another_size_is_refused() {
        let message = write_geotiff(&wave(3, 3, 1), &grid(3, 4), &GeotiffOptions::default())
            .unwrap_err()
            .to_string();
        assert_eq!(
            message,
            "not a readable tiff: 3 x 3 pixels on a grid of 3 x 4"
        );
    }
}
