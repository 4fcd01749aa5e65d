//! Whether a picture is one flat colour, decoding as little of it as possible.

use std::io::Cursor;

use super::jpeg;
use super::validate::Header;
use crate::Error;
use crate::picture::Format;
use raster::Pixels;

/// Whether the picture shows one colour only, or nothing at all (every pixel clear).
///
/// Nearly every real picture is told apart without being decoded: a PNG at its first row that
/// differs, a JPEG or WebP by having more data than one colour can need.
pub(crate) fn is_flat(bytes: &[u8], header: &Header) -> Result<bool, Error> {
    match header.format {
        Format::Png => is_flat_png(bytes),
        Format::Jpeg if more_than_flat_jpeg(bytes) => Ok(false),
        Format::Webp if more_than_flat_webp(bytes, header) => Ok(false),
        _ => Ok(Pixels::decode(bytes)?.is_flat()),
    }
}

/// A flat block costs one code for "same mean" and one for "no more": 6 bits of luma and 4 of
/// chroma with the usual tables (ITU-T T.81, annex K), fewer with better ones. A byte a block is more.
fn more_than_flat_jpeg(bytes: &[u8]) -> bool {
    let Some(frame) = jpeg::frame(bytes) else {
        return false;
    };
    let blocks = u64::from(frame.width.div_ceil(8))
        * u64::from(frame.height.div_ceil(8))
        * u64::from(frame.components);
    (bytes.len() as u64).saturating_sub(frame.scan as u64) > blocks + 64
}

/// Flat macroblocks of 16 x 16 pixels take a byte or two.
fn more_than_flat_webp(bytes: &[u8], header: &Header) -> bool {
    let macroblocks = u64::from(header.width.div_ceil(16)) * u64::from(header.height.div_ceil(16));
    bytes.len() as u64 > macroblocks * 8 + 1024
}

fn is_flat_png(bytes: &[u8]) -> Result<bool, Error> {
    let fault = |error: png::DecodingError| Error::Picture {
        media: "png",
        problem: error.to_string(),
    };
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND);
    decoder.set_ignore_text_chunk(true);
    let mut reader = decoder.read_info().map_err(fault)?;
    let (color, depth) = reader.output_color_type();
    let pixel_bytes = color.samples()
        * if depth == png::BitDepth::Sixteen {
            2
        } else {
            1
        };
    let alpha_bytes = if matches!(color, png::ColorType::GrayscaleAlpha | png::ColorType::Rgba) {
        pixel_bytes / color.samples()
    } else {
        0
    };
    let mut first: Option<Vec<u8>> = None;
    let (mut same, mut clear) = (true, alpha_bytes > 0);
    while let Some(row) = reader.next_row().map_err(fault)? {
        let mut pixels = row.data().chunks_exact(pixel_bytes);
        if first.is_none() {
            first = pixels.clone().next().map(<[u8]>::to_vec);
        }
        same = same && pixels.clone().all(|pixel| Some(pixel) == first.as_deref());
        clear = clear
            && pixels.all(|pixel| {
                pixel[pixel_bytes - alpha_bytes..]
                    .iter()
                    .all(|byte| *byte == 0)
            });
        if !same && !clear {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::super::validate::examine;
    use super::*;
    use raster::Values;
    use raster::{encode, geotiff::GeotiffOptions};

    fn flat(pixels: &Pixels, format: Format) -> bool {
        let bytes = encode(pixels, None, format, &GeotiffOptions::default()).unwrap();
        is_flat(&bytes, &examine(&bytes).unwrap()).unwrap()
    }

    #[test]
    fn one_colour_is_flat_in_every_format_and_size() {
        for format in [
            Format::Png,
            Format::Jpeg,
            Format::Webp,
            Format::Tiff,
            Format::Npy,
        ] {
            for (width, height) in [(1, 1), (37, 5), (256, 256), (640, 640)] {
                for colour in [[255, 255, 255], [0, 0, 0], [13, 200, 90]] {
                    let values = colour.repeat(width as usize * height as usize);
                    let pixels = Pixels::new(width, height, 3, Values::U8(values)).unwrap();
                    assert!(
                        flat(&pixels, format),
                        "{format} {width}x{height} {colour:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn one_other_pixel_at_the_end_is_enough_for_a_lossless_picture() {
        let mut values = vec![255; 256 * 256 * 3];
        values[256 * 256 * 3 - 1] = 250;
        let pixels = Pixels::new(256, 256, 3, Values::U8(values)).unwrap();
        for format in [Format::Png, Format::Webp, Format::Tiff, Format::Npy] {
            assert!(!flat(&pixels, format), "{format}");
        }
    }

    #[test]
    fn a_faint_gradient_is_not_flat_as_a_jpeg() {
        let values = (0..256 * 256)
            .flat_map(|i| [(i % 256 / 32) as u8 + 100; 3])
            .collect();
        let pixels = Pixels::new(256, 256, 3, Values::U8(values)).unwrap();
        assert!(!flat(&pixels, Format::Jpeg));
    }

    #[test]
    fn a_clear_png_is_flat_whatever_its_hidden_colours() {
        let mut values: Vec<u8> = (0..64 * 64)
            .flat_map(|i| [i as u8, (i / 7) as u8, 3, 0])
            .collect();
        let clear = Pixels::new(64, 64, 4, Values::U8(values.clone())).unwrap();
        assert!(flat(&clear, Format::Png));
        values[64 * 64 * 4 - 1] = 1;
        assert!(!flat(
            &Pixels::new(64, 64, 4, Values::U8(values)).unwrap(),
            Format::Png
        ));
    }
}
