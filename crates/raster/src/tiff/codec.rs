//! Unpacking the bytes of a block. What comes out is as long as the block is, or it is an error.

use std::io::Read;

use super::bytes::Stop;
use crate::Error;

/// How blocks are packed (`Compression`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    None,
    Lzw,
    Deflate,
    PackBits,
    Zstd,
    Lzma,
    Jpeg,
    Webp,
    Lerc,
}

impl Codec {
    pub(super) fn of(code: u64) -> Result<Self, Stop> {
        let name = match code {
            1 => return Ok(Self::None),
            5 => return Ok(Self::Lzw),
            7 => return Ok(Self::Jpeg),
            8 | 32_946 => return Ok(Self::Deflate),
            32_773 => return Ok(Self::PackBits),
            34_887 => return Ok(Self::Lerc),
            34_925 => return Ok(Self::Lzma),
            50_000 => return Ok(Self::Zstd),
            50_001 => return Ok(Self::Webp),
            2 => "CCITT modified Huffman",
            3 => "CCITT fax 3",
            4 => "CCITT fax 4",
            6 => "JPEG of the old kind",
            33_003 | 33_005 | 34_712 => "JPEG 2000",
            34_661 => "JBIG",
            34_676 | 34_677 => "SGI LogLuv",
            50_002 | 52_546 => "JPEG XL",
            _ => "",
        };
        let found = if name.is_empty() {
            format!("a tiff packed by method {code}")
        } else {
            format!("a tiff packed by {name}")
        };
        Err(Stop::Fault(Error::unsupported(
            found,
            "deflate, lzw, zstd, lzma, packbits, jpeg, webp, lerc or none: write it anew with gdal_translate",
        )))
    }
}

fn fault(codec: &str, problem: impl std::fmt::Display) -> Error {
    Error::unreadable("tiff", format!("{codec}: {problem}"))
}

/// Unpacks a block of bytes, of which `length` are wanted.
pub(super) fn unpack(codec: Codec, bytes: &[u8], length: usize) -> Result<Vec<u8>, Error> {
    let mut out = match codec {
        Codec::None => bytes.get(..length).unwrap_or(bytes).to_vec(),
        Codec::Deflate => deflate(bytes, length)?,
        Codec::Lzw => lzw(bytes, length)?,
        Codec::PackBits => pack_bits(bytes, length),
        Codec::Zstd => {
            let decoder =
                zstd::stream::read::Decoder::new(bytes).map_err(|error| fault("zstd", error))?;
            at_most(decoder, length, "zstd")?
        }
        Codec::Lzma => at_most(lzma_rust2::XzReader::new(bytes, false), length, "lzma")?,
        // These give pixels, not bytes.
        Codec::Jpeg | Codec::Webp | Codec::Lerc => {
            return Err(Error::Internal {
                doing: "unpacking a block",
            });
        }
    };
    if out.len() < length {
        return Err(fault("a block", format!("{} bytes of {length}", out.len())));
    }
    out.truncate(length);
    Ok(out)
}

/// Reads no more than is wanted: what a block holds beyond is nobody's.
fn at_most(reader: impl Read, length: usize, codec: &str) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(length);
    reader
        .take(length as u64)
        .read_to_end(&mut out)
        .map_err(|error| fault(codec, error))?;
    Ok(out)
}

fn deflate(bytes: &[u8], length: usize) -> Result<Vec<u8>, Error> {
    let mut out = vec![0; length];
    let mut decompressor = libdeflater::Decompressor::new();
    match decompressor.zlib_decompress(bytes, &mut out) {
        Ok(found) => {
            out.truncate(found);
            Ok(out)
        }
        // More than a block holds (a last strip padded to full height), or a stream without its checksum:
        // taken piece by piece.
        Err(_) => at_most(flate2::read::ZlibDecoder::new(bytes), length, "deflate"),
    }
}

fn lzw(bytes: &[u8], length: usize) -> Result<Vec<u8>, Error> {
    use weezl::BitOrder::{Lsb, Msb};
    // Files of before 1993 have their bits the other way round, and begin so (libtiff, tif_lzw.c).
    let mut decoder = match bytes {
        [0, second, ..] if second & 1 == 1 => weezl::decode::Decoder::new(Lsb, 8),
        _ => weezl::decode::Decoder::with_tiff_size_switch(Msb, 8),
    };
    let mut out = vec![0; length];
    let (mut read, mut written) = (0, 0);
    while written < length {
        let step = decoder.decode_bytes(
            bytes.get(read..).unwrap_or_default(),
            out.get_mut(written..).unwrap_or_default(),
        );
        read += step.consumed_in;
        written += step.consumed_out;
        match step.status {
            Ok(weezl::LzwStatus::Ok) if step.consumed_in > 0 || step.consumed_out > 0 => {}
            Ok(_) => break,
            Err(error) => return Err(fault("lzw", error)),
        }
    }
    out.truncate(written);
    Ok(out)
}

/// PackBits (TIFF 6.0, section 9).
fn pack_bits(bytes: &[u8], length: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(length);
    let mut rest = bytes;
    while let ([head, tail @ ..], true) = (rest, out.len() < length) {
        match head.cast_signed() {
            -128 => rest = tail,
            count @ 0.. => {
                let count = (count as usize + 1).min(tail.len());
                let (run, tail) = tail.split_at(count);
                out.extend_from_slice(run);
                rest = tail;
            }
            count => {
                let Some((byte, tail)) = tail.split_first() else {
                    break;
                };
                out.extend(std::iter::repeat_n(
                    *byte,
                    usize::from(count.unsigned_abs()) + 1,
                ));
                rest = tail;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pack_bits_gives_the_example_of_the_specification() {
        let packed = [
            0xFE, 0xAA, 0x02, 0x80, 0x00, 0x2A, 0xFD, 0xAA, 0x03, 0x80, 0x00, 0x2A, 0x22, 0xF7,
            0xAA,
        ];
        let mut plain = vec![
            0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0xAA, 0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0x22,
        ];
        plain.extend([0xAA; 10]);
        assert_eq!(unpack(Codec::PackBits, &packed, 24).unwrap(), plain);
    }

    #[test]
    fn a_block_that_is_cut_short_is_an_error() {
        let codecs = [
            Codec::None,
            Codec::Deflate,
            Codec::Lzw,
            Codec::PackBits,
            Codec::Zstd,
            Codec::Lzma,
        ];
        for codec in codecs {
            for bytes in [&[][..], &[0x78], &[1, 2, 3, 4]] {
                assert!(unpack(codec, bytes, 100).is_err(), "{codec:?} {bytes:?}");
            }
        }
    }
}
