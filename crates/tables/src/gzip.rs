//! A gzipped table, such as `.csv.gz`.

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;

use crate::{Error, ReadOptions, Result, Table};

pub(crate) const FORMAT: &str = "gzip";
/// What every gzip file begins with.
pub(crate) const MAGIC: &[u8] = &[0x1f, 0x8b];

pub(crate) fn read(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Table> {
    let most = options.limits.bytes(bytes.len() as u64);
    let mut unpacked = Vec::new();
    MultiGzDecoder::new(bytes)
        .take(most + 1)
        .read_to_end(&mut unpacked)
        .map_err(|error| Error::malformed(name, FORMAT, error))?;
    if unpacked.len() as u64 > most {
        return Err(Error::too_large(name, "what it unpacks to", most));
    }
    if unpacked.starts_with(MAGIC) {
        return Err(Error::malformed(name, FORMAT, "it is gzipped twice"));
    }
    let inner = match name.len().checked_sub(3) {
        Some(end) if name.is_char_boundary(end) && name[end..].eq_ignore_ascii_case(".gz") => {
            &name[..end]
        }
        _ => name,
    };
    Table::from_bytes(inner, Bytes::from(unpacked), options)
}
