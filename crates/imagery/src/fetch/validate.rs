//! Whether a reply is the picture that was asked for. The bytes decide; the status is not trusted.

use std::io::Cursor;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::fetcher::{Rejection, plain_status};
use super::jpeg;
use super::transport::Reply;
use crate::picture::Format;

/// What the head of a picture file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) format: Format,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// Why bytes are not a whole picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Defect {
    #[error("an empty reply")]
    Empty,
    #[error("{kind} instead of a picture: {excerpt}")]
    Document { kind: &'static str, excerpt: String },
    #[error("bytes of no known picture format")]
    Unknown,
    #[error("a {0} that is cut short")]
    Truncated(Format),
    #[error("a {0} that cannot be read")]
    Broken(Format),
}

/// Reads the head of a picture and checks that the file is whole, without decoding it.
pub(crate) fn examine(bytes: &[u8]) -> Result<Header, Defect> {
    let (format, size) = match bytes {
        [] => return Err(Defect::Empty),
        [0x89, b'P', b'N', b'G', ..] => (Format::Png, png(bytes)?),
        [0xFF, 0xD8, ..] => (Format::Jpeg, jpeg_size(bytes)?),
        [b'R', b'I', b'F', b'F', ..] => (Format::Webp, webp(bytes)?),
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => (Format::Tiff, tiff(bytes)?),
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => (Format::Npy, npy(bytes)?),
        _ => return Err(document(bytes).unwrap_or(Defect::Unknown)),
    };
    match size {
        (0, _) | (_, 0) => Err(Defect::Broken(format)),
        (width, height) => Ok(Header {
            format,
            width,
            height,
        }),
    }
}

/// PNG: chunks follow each other up to IEND (PNG specification, 3rd edition, 5.3).
fn png(bytes: &[u8]) -> Result<(u32, u32), Defect> {
    let word = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    if bytes.get(12..16).is_some_and(|name| name != b"IHDR") {
        return Err(Defect::Broken(Format::Png));
    }
    let whole = || {
        let size = (word(16)?, word(20)?);
        let mut at = 8;
        loop {
            let name = bytes.get(at + 4..at + 8)?;
            at = at.checked_add(12)?.checked_add(word(at)? as usize)?;
            if at > bytes.len() {
                return None;
            }
            if name == b"IEND" {
                return Some(size);
            }
        }
    };
    whole().ok_or(Defect::Truncated(Format::Png))
}

fn jpeg_size(bytes: &[u8]) -> Result<(u32, u32), Defect> {
    let frame = jpeg::frame(bytes).ok_or(Defect::Truncated(Format::Jpeg))?;
    if jpeg::is_whole(bytes, frame.scan) {
        Ok((frame.width, frame.height))
    } else {
        Err(Defect::Truncated(Format::Jpeg))
    }
}

/// WebP: the RIFF header counts the bytes behind it (RFC 9649, 2.3).
fn webp(bytes: &[u8]) -> Result<(u32, u32), Defect> {
    let &[_, _, _, _, a, b, c, d, b'W', b'E', b'B', b'P', ..] = bytes else {
        return Err(if bytes.len() < 12 {
            Defect::Truncated(Format::Webp)
        } else {
            Defect::Unknown
        });
    };
    if u64::from(u32::from_le_bytes([a, b, c, d])) + 8 > bytes.len() as u64 {
        return Err(Defect::Truncated(Format::Webp));
    }
    image::ImageReader::with_format(Cursor::new(bytes), image::ImageFormat::WebP)
        .into_dimensions()
        .map_err(|_| Defect::Broken(Format::Webp))
}

/// TIFF: every block of the image lies within the file.
fn tiff(bytes: &[u8]) -> Result<(u32, u32), Defect> {
    raster::tiff::examine(bytes).map_err(|error| match error {
        raster::Error::Unsupported { .. } => Defect::Broken(Format::Tiff),
        _ => Defect::Truncated(Format::Tiff),
    })
}

/// `NumPy`: two or three axes, the last two of them rows and columns, and all the numbers there.
fn npy(bytes: &[u8]) -> Result<(u32, u32), Defect> {
    let mut rest = bytes;
    let header =
        npyz::NpyHeader::from_reader(&mut rest).map_err(|_| Defect::Truncated(Format::Npy))?;
    let size = match header.shape() {
        &[height, width] | &[_, height, width] => (u32::try_from(width), u32::try_from(height)),
        _ => return Err(Defect::Broken(Format::Npy)),
    };
    let needed = header
        .shape()
        .iter()
        .try_fold(header.dtype().num_bytes().unwrap_or(0) as u64, |n, m| {
            n.checked_mul(*m)
        });
    match (size, needed) {
        ((Ok(width), Ok(height)), Some(needed)) if needed <= rest.len() as u64 => {
            Ok((width, height))
        }
        ((Ok(_), Ok(_)), _) => Err(Defect::Truncated(Format::Npy)),
        _ => Err(Defect::Broken(Format::Npy)),
    }
}

/// The error documents that services send in place of a picture, with what they say.
fn document(bytes: &[u8]) -> Option<Defect> {
    let head = &bytes[..bytes.len().min(4096)];
    let text = std::str::from_utf8(head)
        .or_else(|error| std::str::from_utf8(&head[..error.valid_up_to()]))
        .ok()?;
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let lower = text
        .get(..64.min(text.len()))
        .unwrap_or_default()
        .to_ascii_lowercase();
    let kind = match text.chars().next()? {
        '<' if lower.contains("<!doctype html") || lower.contains("<html") => "html",
        '<' => "xml",
        '{' | '[' => "json",
        _ if head
            .iter()
            .all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) =>
        {
            "text"
        }
        _ => return None,
    };
    Some(Defect::Document {
        kind,
        excerpt: excerpt(text),
    })
}

/// The words of a document on one line, without its tags.
pub(crate) fn excerpt(text: &str) -> String {
    let mut words = String::new();
    let mut in_tag = false;
    for character in text.chars() {
        match character {
            '<' => in_tag = true,
            '>' => {
                in_tag = false;
                words.push(' ');
            }
            _ if in_tag => {}
            _ if character.is_control() => words.push(' '),
            _ => words.push(character),
        }
    }
    let mut line = String::new();
    for word in words.split_whitespace() {
        if line.chars().count() + word.chars().count() > 160 {
            line.push_str(" ...");
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// Judges a reply that should be a picture of a size: status, format, wholeness and size.
pub(crate) fn picture_reply(
    reply: &Reply,
    size: Option<(u32, u32)>,
) -> Result<(Bytes, Header), Rejection> {
    plain_status(reply)?;
    let header = examine(&reply.body).map_err(|defect| Rejection::Defect(defect.to_string()))?;
    match size {
        Some((width, height)) if (width, height) != (header.width, header.height) => {
            Err(Rejection::Final(format!(
                "a picture of {} x {} pixels instead of {width} x {height}",
                header.width, header.height
            )))
        }
        _ => Ok((reply.body.clone(), header)),
    }
}

/// Until when the service says that its reply stays valid: `Cache-Control: max-age`, else `Expires`
/// (RFC 9111, 5.2 and 5.3).
pub(crate) fn expiry(reply: &Reply, now: Timestamp) -> Option<Timestamp> {
    let max_age = reply.header("cache-control").and_then(|directives| {
        directives.split(',').find_map(|directive| {
            directive
                .trim()
                .strip_prefix("max-age=")?
                .parse::<i64>()
                .ok()
        })
    });
    match max_age {
        Some(seconds) if seconds > 0 => now.checked_add(SignedDuration::from_secs(seconds)).ok(),
        Some(_) => None,
        None => {
            let date = jiff::fmt::rfc2822::parse(reply.header("expires")?.trim())
                .ok()?
                .timestamp();
            (date > now).then_some(date)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use raster::{Pixels, Values};

    fn picture(format: Format) -> Vec<u8> {
        let values = (0..48 * 32 * 3).map(|i| (i * 37 % 251) as u8).collect();
        let pixels = Pixels::new(48, 32, 3, Values::U8(values)).unwrap();
        raster::encode(
            &pixels,
            None,
            format,
            &raster::geotiff::GeotiffOptions::default(),
        )
        .unwrap()
    }

    const FORMATS: [Format; 5] = [
        Format::Png,
        Format::Jpeg,
        Format::Webp,
        Format::Tiff,
        Format::Npy,
    ];

    #[test]
    fn a_whole_picture_of_every_format_shows_its_size() {
        for format in FORMATS {
            assert_eq!(
                examine(&picture(format)),
                Ok(Header {
                    format,
                    width: 48,
                    height: 32
                })
            );
        }
    }

    #[test]
    fn a_picture_cut_anywhere_is_never_taken_for_whole() {
        for format in FORMATS {
            let whole = picture(format);
            for keep in 0..whole.len() {
                let cut = examine(&whole[..keep]);
                assert!(
                    cut.is_err(),
                    "{format} of {keep}/{} bytes: {cut:?}",
                    whole.len()
                );
            }
        }
    }

    #[test]
    fn error_documents_are_told_from_pictures_and_quoted_on_one_line() {
        let cases: [(&[u8], &str); 5] = [
            (
                b"<?xml version='1.0'?>\n<ServiceExceptionReport><ServiceException code=\"LayerNotDefined\">\nLayer(s) specified are not defined.\n</ServiceException></ServiceExceptionReport>",
                "xml instead of a picture: Layer(s) specified are not defined.",
            ),
            (b"<!DOCTYPE html><html><body><h1>Busy</h1></body></html>", "html instead of a picture: Busy"),
            (
                b"{\"error\":{\"code\":400,\"message\":\"no\"}}",
                "json instead of a picture: {\"error\":{\"code\":400,\"message\":\"no\"}}",
            ),
            (b"quota exceeded", "text instead of a picture: quota exceeded"),
            (b"\x00\x01\x02\xff", "bytes of no known picture format"),
        ];
        for (bytes, message) in cases {
            assert_eq!(examine(bytes).unwrap_err().to_string(), message);
        }
        assert_eq!(examine(b"").unwrap_err(), Defect::Empty);
    }

    #[test]
    fn a_long_document_is_cut_at_a_word() {
        let line = excerpt(&"word ".repeat(100));
        assert!(line.ends_with("word ...") && line.len() < 200, "{line}");
    }
}
