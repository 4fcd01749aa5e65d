//! Picture files of every kind, and those that cannot be read.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use measures::{Error, MeasureSpec, Picture, ReadingStatus, measure, measure_bytes};
use sha2::{Digest, Sha256};

fn specs(kinds: &[&str]) -> Vec<MeasureSpec> {
    kinds.iter().map(|kind| kind.parse().unwrap()).collect()
}

/// Lawn on the left half, brick on the right: a* -15 and 38.
fn half_lawn() -> RgbImage {
    RgbImage::from_fn(64, 32, |x, _| {
        if x < 32 {
            Rgb([110, 120, 50])
        } else {
            Rgb([178, 80, 60])
        }
    })
}

fn encoded(image: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    DynamicImage::ImageRgb8(image.clone())
        .write_to(&mut Cursor::new(&mut bytes), format)
        .unwrap();
    bytes
}

#[test]
fn a_picture_reads_the_same_from_every_format_without_loss() {
    let image = half_lawn();
    let measures = specs(&MeasureSpec::KINDS);
    let expected = measure(
        &Picture::from_image(&DynamicImage::ImageRgb8(image.clone())).unwrap(),
        &measures,
    );
    assert_eq!(expected[0], Some(0.5));
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Tiff] {
        let picture = Picture::decode(&encoded(&image, format)).unwrap();
        assert_eq!(measure(&picture, &measures), expected, "{format:?}");
    }
    let jpeg = Picture::decode(&encoded(&image, ImageFormat::Jpeg)).unwrap();
    assert_eq!(measure(&jpeg, &measures)[0], Some(0.5));
}

#[test]
fn a_grey_jpeg_is_read_as_rgb_of_equal_channels() {
    let mut bytes = Vec::new();
    let grey = DynamicImage::ImageLuma8(image::GrayImage::from_pixel(9, 9, image::Luma([90])));
    grey.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Jpeg)
        .unwrap();
    let readings = measure_bytes(&bytes, &specs(&["green", "blank"]));
    let values: Vec<Option<f64>> = readings.values.iter().map(|(_, value)| *value).collect();
    assert_eq!(values, [Some(0.0), Some(1.0)]);
}

#[test]
fn a_picture_that_cannot_be_read_has_a_status_and_no_reading() {
    let jpeg = encoded(&half_lawn(), ImageFormat::Jpeg);
    let png = encoded(&half_lawn(), ImageFormat::Png);
    let cut = |bytes: &[u8]| bytes[..bytes.len() * 2 / 3].to_vec();
    let broken = [
        Vec::new(),
        b"<html>busy</html>".to_vec(),
        cut(&jpeg),
        cut(&png),
        jpeg[..20].to_vec(),
    ];
    for bytes in broken {
        let readings = measure_bytes(&bytes, &specs(&["green"]));
        assert_eq!(readings.status, ReadingStatus::Unreadable, "{readings:?}");
        assert_eq!(readings.values, [("green".to_owned(), None)]);
        let reason = readings.reason.unwrap();
        assert!(
            reason.starts_with("unreadable picture: ") && !reason.contains('\n'),
            "{reason}"
        );
    }
}

#[test]
fn readings_are_one_flat_json_object() {
    let whole = measure_bytes(&encoded(&half_lawn(), ImageFormat::Png), &specs(&["green"]));
    assert_eq!(
        serde_json::to_string(&whole).unwrap(),
        r#"{"status":"ok","green":0.5}"#
    );
    let broken = measure_bytes(b"", &specs(&["green"]));
    let expected = r#"{"status":"unreadable","reason":"unreadable picture: 0 bytes that are not png, jpeg, webp, tiff or npy","green":null}"#;
    assert_eq!(serde_json::to_string(&broken).unwrap(), expected);
}

/// A JPEG of one block with four components and Adobe's marker: the least that calls itself CMYK.
#[test]
fn cmyk_is_refused() {
    let mut jpeg = vec![0xFF, 0xD8];
    jpeg.extend([0xFF, 0xEE, 0, 14]);
    jpeg.extend(b"Adobe\0\x64\0\0\0\0\0");
    jpeg.extend([0xFF, 0xDB, 0, 67, 0]);
    jpeg.extend([1; 64]);
    jpeg.extend([0xFF, 0xC0, 0, 20, 8, 0, 8, 0, 8, 4]);
    (1..=4).for_each(|component| jpeg.extend([component, 0x11, 0]));
    let huffman = [[0xFF, 0xC4, 0, 20, 0x00, 1], [0xFF, 0xC4, 0, 20, 0x10, 1]];
    for table in huffman {
        jpeg.extend(table);
        jpeg.extend([0; 16]);
    }
    jpeg.extend([0xFF, 0xDA, 0, 14, 4]);
    (1..=4).for_each(|component| jpeg.extend([component, 0]));
    jpeg.extend([0, 63, 0, 0, 0xFF, 0xD9]);
    let error = Picture::decode(&jpeg).unwrap_err();
    assert_eq!(
        error.to_string(),
        "unsupported picture: a CMYK jpeg, expected 8- or 16-bit grey, RGB or either with alpha"
    );
    assert_eq!(measure_bytes(&jpeg, &[]).status, ReadingStatus::Unsupported);
}

#[test]
fn a_header_that_claims_the_moon_is_refused_before_anything_is_allocated() {
    let mut png = encoded(&half_lawn(), ImageFormat::Png);
    png[16..24].copy_from_slice(&[0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF]);
    let checksum = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&checksum.to_be_bytes());
    assert!(matches!(
        Picture::decode(&png),
        Err(Error::Unreadable { .. })
    ));
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// The digest is of the levels that OpenCV 5.0.0 (libjpeg-turbo) decodes; the picture was encoded by Pillow at quality 85
/// with chroma of half the resolution.
#[test]
fn a_jpeg_has_the_very_levels_that_libjpeg_turbo_gives() {
    let picture = Picture::decode(include_bytes!("data/leaves.jpg")).unwrap();
    let image = picture.into_rgb8().unwrap();
    let digest: String = Sha256::digest(image.as_raw())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        digest,
        "d79b49451c0418ed67a8ad856acbba0371d0f69240c82bb67f9a5c245b47e5fa"
    );
}

/// 200,616 green of 525,000 pixels by GDAL, within 0.2 % for the freedom that JPEG decoders have.
#[test]
fn the_aerial_photograph_of_zurich_is_as_green_as_it_should_be() {
    let Some(folder) = std::env::var_os("TRANSECT_DATA") else {
        println!("skipped: TRANSECT_DATA is not set");
        return;
    };
    let bytes = std::fs::read(Path::new(&folder).join("imagery/zurich_aerial.tif")).unwrap();
    let picture = Picture::decode(&bytes).unwrap();
    assert_eq!((picture.width(), picture.height()), (875, 600));
    let green = measure(&picture, &specs(&["green"]))[0].unwrap() * 525_000.0;
    assert!((green / 200_616.0 - 1.0).abs() < 0.002, "{green}");
}
