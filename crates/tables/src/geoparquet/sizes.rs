//! How large values can get that lie packed in a file: one long text and a row of references to it is a small file and a
//! huge column. Rows are decoded so few at a time that a batch stays small, and counted as they come.

use std::sync::Arc;

use parquet::basic::{Encoding, Type};
use parquet::column::page::{Page, PageReader};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;

use super::claims::Unpacked;

/// Bytes that a column of a batch may take at the most.
const BATCH_BYTES: u64 = 32 << 20;
/// Values of this length need no look at the dictionary.
const SHORT: u64 = 256;

/// How many rows of a chunk can be decoded at a time.
pub(super) fn rows_at_a_time<R: ChunkReader + 'static>(
    input: &Arc<R>,
    chunk: &ColumnChunkMetaData,
    unpacked: Unpacked,
    most: usize,
) -> Result<usize, String> {
    let described = chunk.column_descr();
    let longest = match described.physical_type() {
        Type::BYTE_ARRAY => longest(input, chunk, unpacked)?,
        Type::FIXED_LEN_BYTE_ARRAY => u64::try_from(described.type_length()).unwrap_or(0),
        _ => 16,
    };
    let rows = usize::try_from(BATCH_BYTES / longest.max(1)).unwrap_or(most);
    Ok(rows.clamp(1, most))
}

/// The longest value that a chunk can have: that of its dictionary, or a page where values are built on those before.
fn longest<R: ChunkReader + 'static>(
    input: &Arc<R>,
    chunk: &ColumnChunkMetaData,
    unpacked: Unpacked,
) -> Result<u64, String> {
    let has_prefixes = chunk
        .encodings()
        .any(|encoding| encoding == Encoding::DELTA_BYTE_ARRAY);
    let (unpacked, rows) = (unpacked.bytes, unpacked.values.max(1));
    if unpacked <= SHORT {
        return Ok(unpacked);
    }
    if has_prefixes {
        // no value is longer than all of its chunk
        return Ok(unpacked);
    }
    if chunk.dictionary_page_offset().is_none() && !chunk.encodings().any(is_dictionary) {
        return Ok(unpacked.div_ceil(rows).max(SHORT));
    }
    let reader = SerializedPageReader::new(
        Arc::clone(input),
        chunk,
        chunk.num_values().max(0) as usize,
        None,
    );
    let mut reader = reader.map_err(|error| error.to_string())?;
    let first = reader.get_next_page().map_err(|error| error.to_string())?;
    let Some(Page::DictionaryPage { buf, .. }) = first else {
        return Ok(unpacked.div_ceil(rows).max(SHORT));
    };
    let mut rest: &[u8] = &buf;
    let mut longest = 0;
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length);
        longest = longest.max(u64::from(length));
        let Some(next) = after.get(length as usize..) else {
            break;
        };
        rest = next;
    }
    Ok(longest)
}

fn is_dictionary(encoding: Encoding) -> bool {
    matches!(
        encoding,
        Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY
    )
}
