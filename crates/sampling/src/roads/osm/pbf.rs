//! Extracts in the PBF format, whatever their blobs are packed by.
//!
//! A file is a sequence of blobs, each with a length, a header and up to 32 MiB of content, which is
//! raw or packed by zlib, LZ4 or Zstandard (<https://wiki.openstreetmap.org/wiki/PBF_Format>). Blobs
//! are unpacked here, within bounds, and handed on raw to the reader of blocks.

use std::io::{BufRead, Cursor, Read};

use osmpbf::{BlobDecode, BlobReader, PrimitiveBlock, Way};
use rayon::iter::{ParallelBridge, ParallelIterator};

use super::unpack::io;
use super::{Budget, Found, FoundWay, Problem, judged};
use crate::roads::tags::{Filter, Tags};

/// Most bytes of a header of a blob, and of what a blob holds, by the format.
const MOST_HEADER: u32 = 64 << 10;
const MOST_CONTENT: u64 = 32 << 20;
/// Bytes that one packed byte of a blob may give; a blob of a map packs to a third or so.
const MOST_UNPACKED: u64 = 200;
/// Bytes that any blob may give.
const ALWAYS_UNPACKED: u64 = 1 << 20;

/// The ways of an extract that are roads, and those that are left out.
pub(super) fn ways(
    reader: impl BufRead + Send,
    filter: &Filter,
    budget: &Budget,
) -> Result<Vec<Found>, Problem> {
    blocks(reader, |block| {
        let mut found = Vec::new();
        for way in block.groups().flat_map(|group| group.ways()) {
            let tags = WayTags(&way);
            if tags.tag("highway").is_none() {
                continue;
            }
            if !way.info().visible() {
                return Err(super::history());
            }
            let closed = || way.refs().next() == way.refs().last();
            found.push(match judged(filter, &tags, closed) {
                Some(reason) => Found::LeftOut(way.id(), reason),
                None => {
                    budget.take(way.refs().len())?;
                    Found::Road(FoundWay {
                        id: way.id(),
                        version: way.info().version(),
                        nodes: way.refs().collect(),
                        places: way
                            .node_locations()
                            .map(|at| [at.decimicro_lon(), at.decimicro_lat()])
                            .collect(),
                        tags: way
                            .tags()
                            .map(|(key, value)| (key.to_owned(), value.to_owned()))
                            .collect(),
                    })
                }
            });
        }
        Ok(found)
    })
}

/// The places of the nodes that `wanted` has a number for.
pub(super) fn places(
    reader: impl BufRead + Send,
    wanted: impl Fn(i64) -> Option<usize> + Sync,
) -> Result<Vec<(usize, [i32; 2])>, Problem> {
    blocks(reader, |block| {
        let mut found = Vec::new();
        for group in block.groups() {
            found.extend(group.dense_nodes().filter_map(|node| {
                let place = [node.decimicro_lon(), node.decimicro_lat()];
                Some((wanted(node.id())?, place))
            }));
            found.extend(group.nodes().filter_map(|node| {
                let place = [node.decimicro_lon(), node.decimicro_lat()];
                Some((wanted(node.id())?, place))
            }));
        }
        Ok(found)
    })
}

struct WayTags<'a>(&'a Way<'a>);

impl Tags for WayTags<'_> {
    fn tag(&self, key: &str) -> Option<&str> {
        let mut tags = self.0.tags();
        tags.find(|(k, _)| *k == key).map(|(_, value)| value)
    }
}

/// What `work` finds in the blocks of data, in no particular order.
fn blocks<T: Send>(
    reader: impl BufRead + Send,
    work: impl Fn(&PrimitiveBlock) -> Result<Vec<T>, Problem> + Sync,
) -> Result<Vec<T>, Problem> {
    let mut blobs = Blobs {
        reader,
        at: 0,
        ended: false,
    };
    match blobs.next().transpose()? {
        Some(blob) if blob.kind == "OSMHeader" => check_header(&blob)?,
        _ => return Err("it has no OSMHeader at its beginning".into()),
    }
    let found: Result<Vec<Vec<T>>, Problem> = blobs
        .par_bridge()
        .map(|blob| {
            let blob = blob?;
            if blob.kind != "OSMData" {
                return Ok(Vec::new());
            }
            let failed = |error: osmpbf::Error| format!("the blob at byte {}: {error}", blob.at);
            let raw = blob.raw()?;
            let mut reader = BlobReader::new(Cursor::new(raw));
            let Some(whole) = reader.next() else {
                return Ok(Vec::new());
            };
            match whole.and_then(|blob| blob.to_primitiveblock()) {
                Ok(block) => work(&block),
                Err(error) => Err(failed(error)),
            }
        })
        .collect();
    Ok(found?.into_iter().flatten().collect())
}

/// Refuses what this reader does not understand.
fn check_header(blob: &Blob) -> Result<(), Problem> {
    let mut reader = BlobReader::new(Cursor::new(blob.raw()?));
    let header = reader
        .next()
        .transpose()
        .map_err(|error| error.to_string())?;
    let header = header.as_ref().map(osmpbf::Blob::decode).transpose();
    let Some(BlobDecode::OsmHeader(header)) = header.map_err(|error| error.to_string())? else {
        return Err("it has no OSMHeader at its beginning".into());
    };
    for feature in header.required_features() {
        match feature.as_str() {
            "OsmSchema-V0.6" | "DenseNodes" => {}
            "HistoricalInformation" => return Err(super::history()),
            other => return Err(format!("it needs the feature {other}, which is not read")),
        }
    }
    Ok(())
}

/// The blobs of a file, one after the other.
struct Blobs<R> {
    reader: R,
    at: u64,
    ended: bool,
}

/// A blob as it lies in the file.
struct Blob {
    kind: String,
    bytes: Vec<u8>,
    at: u64,
}

impl<R: BufRead> Iterator for Blobs<R> {
    type Item = Result<Blob, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.read();
        self.ended = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}

impl<R: BufRead> Blobs<R> {
    fn read(&mut self) -> Result<Option<Blob>, Problem> {
        if self.reader.fill_buf().map_err(io)?.is_empty() {
            return Ok(None);
        }
        let at = self.at;
        let length = self.take(4)?;
        let length = u32::from_be_bytes(<[u8; 4]>::try_from(length).unwrap_or_default());
        if length > MOST_HEADER {
            return Err(format!(
                "the blob at byte {at}: a header of {length} bytes, at most {MOST_HEADER}"
            ));
        }
        let header = self.take(u64::from(length))?;
        let (mut kind, mut size) = (String::new(), 0);
        for field in Fields(&header) {
            match field? {
                (1, Value::Bytes(bytes)) => kind = String::from_utf8_lossy(bytes).into_owned(),
                (3, Value::Number(number)) => size = number,
                _ => {}
            }
        }
        if size > MOST_CONTENT + (1 << 20) {
            return Err(format!(
                "the blob at byte {at}: {size} bytes, at most {MOST_CONTENT}"
            ));
        }
        let bytes = self.take(size)?;
        Ok(Some(Blob { kind, bytes, at }))
    }

    fn take(&mut self, count: u64) -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::new();
        self.reader
            .by_ref()
            .take(count)
            .read_to_end(&mut bytes)
            .map_err(io)?;
        self.at += bytes.len() as u64;
        if (bytes.len() as u64) < count {
            return Err(format!("it ends at byte {}, within a blob", self.at));
        }
        Ok(bytes)
    }
}

impl Blob {
    /// The same blob unpacked, with length and header: a file of one raw blob.
    fn raw(&self) -> Result<Vec<u8>, Problem> {
        let content = self
            .content()
            .map_err(|problem| format!("the blob at byte {}: {problem}", self.at))?;
        let mut blob = Vec::with_capacity(content.len() + 40);
        let mut header = Vec::new();
        put_bytes(&mut header, 1, self.kind.as_bytes());
        let mut start = Vec::new();
        put_varint(&mut start, 1 << 3 | 2);
        put_varint(&mut start, content.len() as u64);
        put_varint(&mut header, 3 << 3);
        put_varint(&mut header, (start.len() + content.len()) as u64);
        // a header of some 20 bytes
        blob.extend_from_slice(&(header.len() as u32).to_be_bytes());
        blob.extend_from_slice(&header);
        blob.extend_from_slice(&start);
        blob.extend_from_slice(&content);
        Ok(blob)
    }

    fn content(&self) -> Result<Vec<u8>, Problem> {
        let packed = self.bytes.len() as u64;
        let most = (packed * MOST_UNPACKED).clamp(ALWAYS_UNPACKED, MOST_CONTENT);
        let mut raw_size = 0;
        let mut data = None;
        for field in Fields(&self.bytes) {
            match field? {
                (2, Value::Number(size)) => raw_size = size,
                (number @ (1 | 3..=7), Value::Bytes(bytes)) => data = Some((number, bytes)),
                _ => {}
            }
        }
        let unpacked = match data {
            None => return Err("it holds no data".into()),
            Some((1, bytes)) => return Ok(bytes.to_vec()),
            Some((3, bytes)) => all(flate2::read::ZlibDecoder::new(bytes), most),
            Some((6, bytes)) => {
                let size = usize::try_from(raw_size.min(most)).unwrap_or(0);
                if raw_size > most {
                    return Err(too_much(packed));
                }
                lz4_flex::block::decompress(bytes, size).map_err(|error| format!("LZ4: {error}"))
            }
            Some((7, bytes)) => match zstd::stream::read::Decoder::new(bytes) {
                Ok(decoder) => all(decoder, most),
                Err(error) => Err(error.to_string()),
            },
            Some((4, _)) => {
                return Err("it is packed by LZMA, which is not read; zlib, LZ4 or ZSTD".into());
            }
            Some(_) => {
                return Err("it is packed by bzip2, which is not read; zlib, LZ4 or ZSTD".into());
            }
        }?;
        if unpacked.len() as u64 > most {
            return Err(too_much(packed));
        }
        Ok(unpacked)
    }
}

fn too_much(packed: u64) -> Problem {
    format!(
        "its {packed} bytes unpack to more than {MOST_UNPACKED} times as many, or to more than 32 MiB: refused"
    )
}

fn all(decoder: impl Read, most: u64) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    decoder.take(most + 1).read_to_end(&mut bytes).map_err(io)?;
    Ok(bytes)
}

/// The fields of a protobuf message, as far as headers of blobs have them.
struct Fields<'a>(&'a [u8]);

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field.ok_or_else(|| "a message that ends too early".to_owned()))
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Number(self.varint()?),
            1 => Value::Bytes(self.bytes(8)?),
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.bytes(length)?)
            }
            5 => Value::Bytes(self.bytes(4)?),
            _ => return None,
        };
        Some((key >> 3, value))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn bytes(&mut self, length: u64) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(bytes)
    }
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    put_varint(out, field << 3 | 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
