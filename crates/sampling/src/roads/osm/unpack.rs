//! An extract as bytes: which format it has, and unpacked where it is packed as a whole.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};

use super::{Extract, Problem};

/// Bytes that one packed byte may give: OpenStreetMap XML packs to a tenth or a twentieth.
const MOST_UNPACKED: u64 = 100;
/// Bytes that any packed file may give.
const ALWAYS_UNPACKED: u64 = 64 << 20;

/// How an extract is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Pbf,
    Xml,
}

type Reading<'a> = Box<dyn BufRead + Send + 'a>;

/// The format of an extract and its bytes from the first on.
pub(super) fn open(extract: Extract<'_>) -> Result<(Format, Reading<'_>), Problem> {
    let size = size(extract)?;
    let mut reader: Reading<'_> = match extract {
        Extract::File(path) => Box::new(BufReader::new(File::open(path).map_err(io)?)),
        Extract::Bytes(bytes) => Box::new(Cursor::new(bytes)),
    };
    let most = size
        .saturating_mul(MOST_UNPACKED)
        .saturating_add(ALWAYS_UNPACKED);
    let begin = reader.fill_buf().map_err(io)?;
    if begin.starts_with(&[0x1f, 0x8b]) {
        reader = bounded(flate2::bufread::MultiGzDecoder::new(reader), most);
    } else if begin.starts_with(b"BZh") {
        reader = bounded(bzip2::bufread::MultiBzDecoder::new(reader), most);
    }
    let begin = reader.fill_buf().map_err(io)?;
    let text = begin
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(begin)
        .trim_ascii_start();
    let format = if text.starts_with(b"<") {
        Format::Xml
    } else if begin
        .get(4..)
        .is_some_and(|rest| rest.starts_with(b"\x0a\x09OSMHeader"))
    {
        Format::Pbf
    } else {
        return Err(
            "it begins neither with an OSMHeader (.osm.pbf) nor with <osm> (.osm, .osm.gz, .osm.bz2)".into(),
        );
    };
    Ok((format, reader))
}

/// Bytes of an extract as it lies there.
pub(super) fn size(extract: Extract<'_>) -> Result<u64, Problem> {
    Ok(match extract {
        Extract::File(path) => std::fs::metadata(path).map_err(io)?.len(),
        Extract::Bytes(bytes) => bytes.len() as u64,
    })
}

pub(super) fn io(error: std::io::Error) -> Problem {
    error.to_string()
}

fn bounded<'a>(unpacked: impl Read + Send + 'a, most: u64) -> Reading<'a> {
    Box::new(BufReader::new(Bounded {
        inner: unpacked,
        left: most,
    }))
}

/// A reader that refuses to give more than so many bytes.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            std::io::Error::other(format!(
                "it unpacks to more than {MOST_UNPACKED} times its size: no extract does"
            ))
        })?;
        Ok(read)
    }
}
