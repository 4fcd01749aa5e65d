//! What a Parquet file claims about itself, checked against what is there before anything is allocated for it.
//!
//! The decoder reserves memory for as many list elements, and as large a page, as the Thrift structures announce: a few
//! corrupt bytes can claim gigabytes, and a failed allocation ends the process. This walk over the footer and the page
//! headers refuses claims that the bytes cannot bear. Layout: Thrift compact protocol,
//! <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.

use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::ChunkReader;

/// A page of this size is decompressed without asking how it can be so small.
const ORDINARY_PAGE: u64 = 64 << 20;
/// No larger page is believed to shrink further than this.
const BELIEVABLE_RATIO: u64 = 1024;
/// Parquet's structures nest about eight deep.
const DEEPEST: usize = 32;
/// Enough for nearly every page header.
const HEADER_BYTES: u64 = 4096;
/// Statistics of very long values can make a header larger, but not without end.
const LONGEST_HEADER: u64 = 16 << 20;

/// The footer's length and magic number.
const TAIL: u64 = 8;

/// Checks the footer: that it lies in the file, and that no list or text in it is longer than it.
pub(super) fn check_footer(input: &impl ChunkReader) -> Result<(), String> {
    let size = input.len();
    let too_short = || format!("{size} bytes are too few for a Parquet file");
    let tail_start = size
        .checked_sub(TAIL)
        .filter(|&start| start >= 4)
        .ok_or_else(too_short)?;
    let tail = input
        .get_bytes(tail_start, TAIL as usize)
        .map_err(|error| error.to_string())?;
    let (length, magic) = tail.split_first_chunk::<4>().ok_or_else(too_short)?;
    if magic != b"PAR1" {
        return Err("it does not end in PAR1: truncated, or encrypted".to_owned());
    }
    let length = u64::from(u32::from_le_bytes(*length));
    let start = tail_start
        .checked_sub(length)
        .ok_or_else(|| format!("the footer claims {length} bytes, the file has {size}"))?;
    let length = usize::try_from(length).map_err(|_| too_short())?;
    let footer = input
        .get_bytes(start, length)
        .map_err(|error| error.to_string())?;
    skip_struct(&mut footer.as_ref(), DEEPEST).ok_or_else(|| "its footer is corrupt".to_owned())
}

/// Checks every page header of a column chunk; what they say it unpacks to, in bytes, and how many values it has.
pub(super) fn check_pages(
    input: &impl ChunkReader,
    chunk: &ColumnChunkMetaData,
) -> Result<Unpacked, String> {
    let column = chunk.column_path().string();
    let corrupt = |problem: &str| format!("column `{column}`: {problem}");
    let first_page = chunk.dictionary_page_offset().filter(|&offset| offset > 0);
    let first_page = first_page.unwrap_or(i64::MAX).min(chunk.data_page_offset());
    let (Ok(mut at), Ok(length)) = (
        u64::try_from(first_page),
        u64::try_from(chunk.compressed_size()),
    ) else {
        return Err(corrupt("its place in the file is negative"));
    };
    let end = at.checked_add(length).filter(|&end| end <= input.len());
    let end = end.ok_or_else(|| corrupt("it claims to lie beyond the end of the file"))?;
    let mut unpacked = Unpacked::default();
    while at < end {
        let page =
            page_header(input, at, end).ok_or_else(|| corrupt("a page header is corrupt"))?;
        if page.uncompressed > ORDINARY_PAGE.max(page.compressed.saturating_mul(BELIEVABLE_RATIO)) {
            return Err(corrupt(&format!(
                "a page of {} bytes claims to hold {}",
                page.compressed, page.uncompressed
            )));
        }
        unpacked.bytes = unpacked.bytes.saturating_add(page.uncompressed);
        unpacked.values = unpacked.values.saturating_add(page.values);
        at = at
            .checked_add(page.header)
            .and_then(|at| at.checked_add(page.compressed))
            .unwrap_or(u64::MAX);
        if at > end {
            return Err(corrupt("a page claims to be longer than its column"));
        }
    }
    Ok(unpacked)
}

/// What the pages of a column chunk say they hold.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unpacked {
    pub bytes: u64,
    pub values: u64,
}

struct PageSizes {
    header: u64,
    compressed: u64,
    uncompressed: u64,
    /// Values of a page of data.
    values: u64,
}

fn page_header(input: &impl ChunkReader, at: u64, end: u64) -> Option<PageSizes> {
    let mut window = HEADER_BYTES;
    loop {
        let length = window.min(end - at);
        let bytes = input.get_bytes(at, usize::try_from(length).ok()?).ok()?;
        match parse_page_header(&bytes) {
            Some(page) => return Some(page),
            None if length < window || window >= LONGEST_HEADER => return None,
            None => window *= 16,
        }
    }
}

/// `PageHeader` of parquet.thrift: field 2 is the uncompressed, field 3 the compressed size, fields 5 and 8 the headers of
/// pages of data, whose field 1 is the number of values.
fn parse_page_header(bytes: &[u8]) -> Option<PageSizes> {
    let mut rest = bytes;
    let (mut uncompressed, mut compressed, mut field) = (None, None, 0_i64);
    let mut values = 0;
    while let Some(kind) = next_field(&mut rest, &mut field)? {
        match (field, kind) {
            (2, I32) => uncompressed = Some(u64::try_from(zigzag(&mut rest)?).ok()?),
            (3, I32) => compressed = Some(u64::try_from(zigzag(&mut rest)?).ok()?),
            (5 | 8, STRUCT) => values = parse_values(&mut rest)?,
            _ => skip(&mut rest, kind, DEEPEST)?,
        }
    }
    let header = (bytes.len() - rest.len()) as u64;
    Some(PageSizes {
        header,
        compressed: compressed?,
        uncompressed: uncompressed?,
        values,
    })
}

/// Field 1 of the header of a page of data.
fn parse_values(rest: &mut &[u8]) -> Option<u64> {
    let (mut values, mut field) = (0, 0_i64);
    while let Some(kind) = next_field(rest, &mut field)? {
        match (field, kind) {
            (1, I32) => values = u64::try_from(zigzag(rest)?).ok()?,
            _ => skip(rest, kind, DEEPEST)?,
        }
    }
    Some(values)
}

const BOOL_TRUE: u8 = 1;
const BOOL_FALSE: u8 = 2;
const I8: u8 = 3;
const I16: u8 = 4;
const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;
const UUID: u8 = 13;

/// The type of the next field, its number put into `field`; the inner `None` is the end of the structure.
fn next_field(rest: &mut &[u8], field: &mut i64) -> Option<Option<u8>> {
    let header = byte(rest)?;
    if header == 0 {
        return Some(None);
    }
    *field = match header >> 4 {
        0 => zigzag(rest)?,
        delta => field.checked_add(i64::from(delta))?,
    };
    Some(Some(header & 0x0f))
}

fn skip_struct(rest: &mut &[u8], depth: usize) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    let mut field = 0;
    while let Some(kind) = next_field(rest, &mut field)? {
        skip(rest, kind, depth)?;
    }
    Some(())
}

/// Passes over a value; `None` when the bytes cannot hold it.
fn skip(rest: &mut &[u8], kind: u8, depth: usize) -> Option<()> {
    match kind {
        BOOL_TRUE | BOOL_FALSE => Some(()),
        I8 => advance(rest, 1),
        I16 | I32 | I64 => varint(rest).map(|_| ()),
        DOUBLE => advance(rest, 8),
        UUID => advance(rest, 16),
        BINARY => {
            let length = usize::try_from(varint(rest)?).ok()?;
            advance(rest, length)
        }
        LIST | SET => {
            let header = byte(rest)?;
            let count = match header >> 4 {
                15 => varint(rest)?,
                count => u64::from(count),
            };
            skip_elements(rest, count, &[header & 0x0f], depth)
        }
        MAP => match varint(rest)? {
            0 => Some(()),
            count => {
                let kinds = byte(rest)?;
                skip_elements(rest, count, &[kinds >> 4, kinds & 0x0f], depth)
            }
        },
        STRUCT => skip_struct(rest, depth),
        _ => None,
    }
}

fn skip_elements(rest: &mut &[u8], count: u64, kinds: &[u8], depth: usize) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    // an element takes a byte at least
    if count > rest.len() as u64 {
        return None;
    }
    for _ in 0..count {
        for &kind in kinds {
            match kind {
                // as an element, unlike as a field, a boolean has a byte of its own
                BOOL_TRUE | BOOL_FALSE => advance(rest, 1)?,
                _ => skip(rest, kind, depth)?,
            }
        }
    }
    Some(())
}

fn advance(rest: &mut &[u8], count: usize) -> Option<()> {
    *rest = rest.get(count..)?;
    Some(())
}

fn byte(rest: &mut &[u8]) -> Option<u8> {
    let (&first, tail) = rest.split_first()?;
    *rest = tail;
    Some(first)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let next = byte(rest)?;
        value |= u64::from(next & 0x7f) << shift;
        if next & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn zigzag(rest: &mut &[u8]) -> Option<i64> {
    let value = varint(rest)?;
    i64::try_from(value >> 1)
        .ok()
        .map(|half| if value & 1 == 0 { half } else { -half - 1 })
}
