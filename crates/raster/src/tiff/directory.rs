//! Image file directories (TIFF 6.0, section 2; BigTIFF), in either byte order.
//!
//! Counts and offsets of a file are claims: nothing is allocated on their word alone, and a directory
//! that was read before ends the reading.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::bytes::{Source, Stop};
use crate::Error;

/// Most directories that are looked at: pages, overviews and masks.
const MOST_DIRECTORIES: usize = 1024;
/// Most entries of a directory.
const MOST_ENTRIES: u64 = 4096;
/// Most bytes of the values of a tag.
const MOST_VALUE_BYTES: u64 = 64 << 20;

/// Which byte of a number stands first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}

impl Order {
    pub(crate) fn u16(self, raw: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(raw),
            Self::Big => u16::from_be_bytes(raw),
        }
    }

    pub(crate) fn u32(self, raw: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(raw),
            Self::Big => u32::from_be_bytes(raw),
        }
    }

    pub(crate) fn u64(self, raw: [u8; 8]) -> u64 {
        match self {
            Self::Little => u64::from_le_bytes(raw),
            Self::Big => u64::from_be_bytes(raw),
        }
    }
}

/// One directory: where the values of its tags are.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    pub(crate) order: Order,
    entries: BTreeMap<u16, Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    kind: u16,
    count: u64,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Inline(Vec<u8>),
    At(u64),
}

fn fault(problem: impl std::fmt::Display) -> Stop {
    Stop::Fault(Error::unreadable("tiff", problem))
}

/// Bytes of one value of a field type (TIFF 6.0, p. 15, and BigTIFF's 16 to 18).
fn size_of_kind(kind: u16) -> Option<u64> {
    match kind {
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 | 16..=18 => Some(8),
        _ => None,
    }
}

/// Reads numbers of a file in its byte order.
struct Reader<'a> {
    source: &'a dyn Source,
    order: Order,
}

impl Reader<'_> {
    fn array<const N: usize>(&self, at: u64) -> Result<[u8; N], Stop> {
        let end = at
            .checked_add(N as u64)
            .ok_or_else(|| fault("an offset beyond any file"))?;
        let bytes = self.source.get(at..end)?;
        bytes
            .as_ref()
            .try_into()
            .map_err(|_| fault("a file that is cut short"))
    }

    fn u16(&self, at: u64) -> Result<u64, Stop> {
        Ok(self.order.u16(self.array(at)?).into())
    }

    fn u32(&self, at: u64) -> Result<u64, Stop> {
        Ok(self.order.u32(self.array(at)?).into())
    }

    fn u64(&self, at: u64) -> Result<u64, Stop> {
        Ok(self.order.u64(self.array(at)?))
    }
}

/// Every directory of a file, in the file's order.
pub(crate) fn read_directories(source: &dyn Source) -> Result<Vec<Directory>, Stop> {
    let head = source.get(0..8)?;
    let order = match head.as_ref() {
        [b'I', b'I', ..] => Order::Little,
        [b'M', b'M', ..] => Order::Big,
        _ => return Err(fault("bytes that do not begin as a tiff does")),
    };
    let reader = Reader { source, order };
    let (big, mut at) = match reader.u16(2)? {
        42 => (false, reader.u32(4)?),
        43 => {
            if reader.u16(4)? != 8 {
                return Err(fault("a BigTIFF whose offsets are not of 8 bytes"));
            }
            (true, reader.u64(8)?)
        }
        other => return Err(fault(format!("version {other}: expected 42 or 43"))),
    };
    let mut directories = Vec::new();
    let mut seen = BTreeSet::new();
    while at != 0 && directories.len() < MOST_DIRECTORIES {
        if !seen.insert(at) {
            return Err(fault("directories that follow each other in a circle"));
        }
        let (directory, next) = read_directory(&reader, at, big)?;
        directories.push(directory);
        at = next;
    }
    if directories.is_empty() {
        return Err(fault("a file without an image"));
    }
    Ok(directories)
}

fn read_directory(reader: &Reader<'_>, at: u64, big: bool) -> Result<(Directory, u64), Stop> {
    let (count, head, length, inline) = if big {
        (reader.u64(at)?, 8, 20, 8)
    } else {
        (reader.u16(at)?, 2, 12, 4)
    };
    if count == 0 || count > MOST_ENTRIES {
        return Err(fault(format!("a directory of {count} entries")));
    }
    let start = at
        .checked_add(head)
        .ok_or_else(|| fault("an offset beyond any file"))?;
    let end = start
        .checked_add(count * length)
        .ok_or_else(|| fault("an offset beyond any file"))?;
    // One piece, so that a directory costs one range and not one for each entry.
    let tail = end
        .checked_add(inline)
        .ok_or_else(|| fault("an offset beyond any file"))?;
    reader.source.get(start..tail)?;
    let mut entries = BTreeMap::new();
    for index in 0..count {
        let entry = start + index * length;
        let tag = reader.u16(entry)? as u16;
        let kind = reader.u16(entry + 2)? as u16;
        let (count, value) = if big {
            (reader.u64(entry + 4)?, entry + 12)
        } else {
            (reader.u32(entry + 4)?, entry + 8)
        };
        // A field type of the future: the entry is passed over, as TIFF 6.0 asks of readers.
        let Some(size) = size_of_kind(kind) else {
            continue;
        };
        let bytes = size.saturating_mul(count);
        let place = if bytes <= inline {
            Place::Inline(reader.source.get(value..value + bytes)?.into_owned())
        } else {
            Place::At(if big {
                reader.u64(value)?
            } else {
                reader.u32(value)?
            })
        };
        entries.entry(tag).or_insert(Entry { kind, count, place });
    }
    let next = if big {
        reader.u64(end)?
    } else {
        reader.u32(end)?
    };
    Ok((
        Directory {
            order: reader.order,
            entries,
        },
        next,
    ))
}

impl Directory {
    pub(crate) fn has(&self, tag: u16) -> bool {
        self.entries.contains_key(&tag)
    }

    pub(crate) fn count(&self, tag: u16) -> u64 {
        self.entries.get(&tag).map_or(0, |entry| entry.count)
    }

    /// The bytes of a tag's first values, at most `most` of them.
    fn raw(
        &self,
        source: &dyn Source,
        tag: u16,
        most: u64,
    ) -> Result<Option<(u16, Vec<u8>)>, Stop> {
        let Some(entry) = self.entries.get(&tag) else {
            return Ok(None);
        };
        let size = size_of_kind(entry.kind).unwrap_or(1);
        let length = size.saturating_mul(entry.count.min(most));
        if length > MOST_VALUE_BYTES {
            return Err(fault(format!("tag {tag} of {} values", entry.count)));
        }
        let bytes = match &entry.place {
            Place::Inline(bytes) => bytes.get(..length as usize).unwrap_or_default().to_vec(),
            Place::At(at) => {
                let end = at
                    .checked_add(length)
                    .ok_or_else(|| fault("an offset beyond any file"))?;
                source.get(*at..end)?.into_owned()
            }
        };
        Ok(Some((entry.kind, bytes)))
    }

    /// Whole numbers of a tag, at most `most`; none where the tag is missing.
    pub(crate) fn numbers(
        &self,
        source: &dyn Source,
        tag: u16,
        most: u64,
    ) -> Result<Vec<u64>, Stop> {
        let Some((kind, bytes)) = self.raw(source, tag, most)? else {
            return Ok(Vec::new());
        };
        let order = self.order;
        Ok(match kind {
            1 | 7 => bytes.into_iter().map(u64::from).collect(),
            3 => bytes
                .as_chunks()
                .0
                .iter()
                .map(|raw| order.u16(*raw).into())
                .collect(),
            4 | 13 => bytes
                .as_chunks()
                .0
                .iter()
                .map(|raw| order.u32(*raw).into())
                .collect(),
            16 | 18 => bytes
                .as_chunks()
                .0
                .iter()
                .map(|raw| order.u64(*raw))
                .collect(),
            _ => {
                return Err(fault(format!(
                    "tag {tag} of field type {kind}: expected whole numbers"
                )));
            }
        })
    }

    /// The first number of a tag.
    pub(crate) fn number(&self, source: &dyn Source, tag: u16) -> Result<Option<u64>, Stop> {
        Ok(self.numbers(source, tag, 1)?.first().copied())
    }

    /// Floating-point numbers of a tag.
    pub(crate) fn doubles(
        &self,
        source: &dyn Source,
        tag: u16,
        most: u64,
    ) -> Result<Vec<f64>, Stop> {
        let Some((kind, bytes)) = self.raw(source, tag, most)? else {
            return Ok(Vec::new());
        };
        let order = self.order;
        Ok(match kind {
            11 => {
                let floats = bytes.as_chunks().0.iter();
                floats
                    .map(|raw| f32::from_bits(order.u32(*raw)).into())
                    .collect()
            }
            12 => bytes
                .as_chunks()
                .0
                .iter()
                .map(|raw| f64::from_bits(order.u64(*raw)))
                .collect(),
            _ => self
                .numbers(source, tag, most)?
                .into_iter()
                .map(|number| number as f64)
                .collect(),
        })
    }

    /// Bytes of a tag as they stand.
    pub(crate) fn bytes(&self, source: &dyn Source, tag: u16) -> Result<Option<Vec<u8>>, Stop> {
        Ok(self.raw(source, tag, u64::MAX)?.map(|(_, bytes)| bytes))
    }

    /// Text of a tag, up to its closing zero.
    pub(crate) fn text(&self, source: &dyn Source, tag: u16) -> Result<Option<String>, Stop> {
        let Some(bytes) = self.bytes(source, tag)? else {
            return Ok(None);
        };
        let end = bytes
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(bytes.len());
        Ok(Some(
            String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned(),
        ))
    }
}

/// A range of bytes from an offset and a length.
pub(crate) fn range(offset: u64, length: u64) -> Option<Range<u64>> {
    Some(offset..offset.checked_add(length)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_that_no_file_can_hold_are_refused_before_anything_is_allocated() {
        // One entry, tag 273 of 4 billion LONGs, elsewhere.
        let mut file = b"II\x2a\x00\x08\x00\x00\x00\x01\x00".to_vec();
        file.extend([0x11, 0x01, 4, 0, 0xFF, 0xFF, 0xFF, 0xFF, 26, 0, 0, 0]);
        file.extend([0; 4]);
        let file = file.as_slice();
        let directories = read_directories(&file).unwrap();
        assert!(directories[0].numbers(&file, 273, u64::MAX).is_err());
        assert!(directories[0].numbers(&file, 273, 1000).is_err());
    }

    #[test]
    fn directories_in_a_circle_end() {
        let mut file = b"II\x2a\x00\x08\x00\x00\x00\x01\x00".to_vec();
        file.extend([0, 1, 3, 0, 1, 0, 0, 0, 5, 0, 0, 0]);
        file.extend([8, 0, 0, 0]);
        let file = file.as_slice();
        let error = read_directories(&file).unwrap_err();
        assert!(format!("{error:?}").contains("circle"), "{error:?}");
    }
}
