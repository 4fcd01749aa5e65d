//! Unpacked bytes into numbers: byte order, predictors, packed bits.

use super::directory::Order;
use super::image::{Image, SampleKind};
use crate::{Error, Values};

/// The numbers of a block that was unpacked: rows of `image.row_bytes()` bytes.
pub(super) fn numbers(image: &Image, mut bytes: Vec<u8>, predicted: bool) -> Result<Values, Error> {
    let stride = usize::from(image.block_bands());
    let row = image.row_bytes();
    let predictor = if predicted { image.predictor } else { 1 };
    if !matches!(image.bits, 8 | 16 | 32 | 64) {
        return packed(image, &bytes, row, stride);
    }
    let size = usize::from(image.bits / 8);
    if predictor == 3 {
        for line in bytes.chunks_exact_mut(row) {
            undo_float_difference(line, size, stride);
        }
    } else if image.order == Order::Big && size > 1 {
        for number in bytes.chunks_exact_mut(size) {
            number.reverse();
        }
    }
    // From here on numbers are lowest byte first.
    let mut values = typed(image, &bytes)?;
    if predictor == 2 {
        undo_difference(&mut values, image.block().0 as usize * stride, stride);
    }
    values.plain()
}

/// Numbers of 64-bit integers, which have no place in a raster here, beside those that have one.
enum Typed {
    Plain(Values),
    U64(Vec<u64>),
    I64(Vec<i64>),
    /// Predictor 2 adds floats up as the integers that their bits are.
    F16(Vec<u16>),
    F32(Vec<u32>),
    F64(Vec<u64>),
}

fn typed(image: &Image, bytes: &[u8]) -> Result<Typed, Error> {
    macro_rules! read {
        ($type:ty) => {
            bytes
                .as_chunks()
                .0
                .iter()
                .map(|raw| <$type>::from_le_bytes(*raw))
                .collect()
        };
    }
    Ok(match (image.kind, image.bits) {
        (SampleKind::Unsigned, 8) => Typed::Plain(Values::U8(bytes.to_vec())),
        (SampleKind::Signed, 8) => Typed::Plain(Values::I8(read!(i8))),
        (SampleKind::Unsigned, 16) => Typed::Plain(Values::U16(read!(u16))),
        (SampleKind::Signed, 16) => Typed::Plain(Values::I16(read!(i16))),
        (SampleKind::Unsigned, 32) => Typed::Plain(Values::U32(read!(u32))),
        (SampleKind::Signed, 32) => Typed::Plain(Values::I32(read!(i32))),
        (SampleKind::Unsigned, 64) => Typed::U64(read!(u64)),
        (SampleKind::Signed, 64) => Typed::I64(read!(i64)),
        (SampleKind::Float, 16) => Typed::F16(read!(u16)),
        (SampleKind::Float, 32) => Typed::F32(read!(u32)),
        (SampleKind::Float, 64) => Typed::F64(read!(u64)),
        _ => {
            return Err(Error::Internal {
                doing: "reading numbers",
            });
        }
    })
}

impl Typed {
    fn plain(self) -> Result<Values, Error> {
        // A wide float holds whole numbers exactly up to 2^53.
        let inexact = || {
            Error::unsupported(
                "64-bit integers beyond 2^53",
                "numbers that a float of 64 bits holds exactly",
            )
        };
        Ok(match self {
            Self::Plain(values) => values,
            Self::F16(bits) => Values::F32(
                bits.into_iter()
                    .map(|bits| half::f16::from_bits(bits).to_f32())
                    .collect(),
            ),
            Self::F32(bits) => Values::F32(bits.into_iter().map(f32::from_bits).collect()),
            Self::F64(bits) => Values::F64(bits.into_iter().map(f64::from_bits).collect()),
            Self::U64(values) => {
                let exact = |value: u64| (value as f64 as u64 == value).then_some(value as f64);
                Values::F64(
                    values
                        .into_iter()
                        .map(exact)
                        .collect::<Option<_>>()
                        .ok_or_else(inexact)?,
                )
            }
            Self::I64(values) => {
                let exact = |value: i64| (value as f64 as i64 == value).then_some(value as f64);
                Values::F64(
                    values
                        .into_iter()
                        .map(exact)
                        .collect::<Option<_>>()
                        .ok_or_else(inexact)?,
                )
            }
        })
    }
}

/// Predictor 2: every number but the first of each band in a row is a difference from the one before
/// (TIFF 6.0, section 14).
fn undo_difference(values: &mut Typed, row: usize, stride: usize) {
    macro_rules! add {
        ($values:expr) => {
            for line in $values.chunks_exact_mut(row) {
                for at in stride..line.len() {
                    line[at] = line[at].wrapping_add(line[at - stride]);
                }
            }
        };
    }
    match values {
        Typed::Plain(Values::U8(values)) => add!(values),
        Typed::Plain(Values::I8(values)) => add!(values),
        Typed::Plain(Values::U16(values)) => add!(values),
        Typed::Plain(Values::I16(values)) => add!(values),
        Typed::Plain(Values::U32(values)) => add!(values),
        Typed::Plain(Values::I32(values)) => add!(values),
        Typed::Plain(Values::F32(_) | Values::F64(_)) => {}
        Typed::U64(values) => add!(values),
        Typed::I64(values) => add!(values),
        Typed::F16(values) => add!(values),
        Typed::F32(values) => add!(values),
        Typed::F64(values) => add!(values),
    }
}

/// Predictor 3: the bytes of a row's numbers stand apart, highest first, as differences byte by byte
/// (Adobe Photoshop TIFF Technical Note 3). Numbers come out lowest byte first.
fn undo_float_difference(line: &mut [u8], size: usize, stride: usize) {
    for at in stride..line.len() {
        line[at] = line[at].wrapping_add(line[at - stride]);
    }
    let apart = line.to_vec();
    let count = line.len() / size;
    for (index, number) in line.chunks_exact_mut(size).enumerate() {
        for (byte, out) in number.iter_mut().rev().enumerate() {
            *out = apart[byte * count + index];
        }
    }
}

/// Numbers whose bits do not fill bytes, highest bit first; each row begins at a whole byte.
fn packed(image: &Image, bytes: &[u8], row: usize, stride: usize) -> Result<Values, Error> {
    let bits = u32::from(image.bits);
    let columns = image.block().0 as usize * stride;
    let mut numbers: Vec<u32> = Vec::with_capacity(bytes.len() / row.max(1) * columns);
    for line in bytes.chunks_exact(row) {
        let (mut held, mut count) = (0_u64, 0_u32);
        let mut rest = line.iter();
        for _ in 0..columns {
            while count < bits {
                held = held << 8 | u64::from(rest.next().copied().unwrap_or(0));
                count += 8;
            }
            count -= bits;
            numbers.push((held >> count) as u32 & (u32::MAX >> (32 - bits)));
        }
    }
    let signed = |number: u32| (number << (32 - bits)).cast_signed() >> (32 - bits);
    Ok(match (image.kind, bits) {
        (SampleKind::Unsigned, ..=8) => {
            Values::U8(numbers.into_iter().map(|number| number as u8).collect())
        }
        (SampleKind::Unsigned, ..=16) => {
            Values::U16(numbers.into_iter().map(|number| number as u16).collect())
        }
        (SampleKind::Unsigned, _) => Values::U32(numbers),
        (SampleKind::Signed, ..=8) => Values::I8(
            numbers
                .into_iter()
                .map(|number| signed(number) as i8)
                .collect(),
        ),
        (SampleKind::Signed, ..=16) => Values::I16(
            numbers
                .into_iter()
                .map(|number| signed(number) as i16)
                .collect(),
        ),
        (SampleKind::Signed, _) => Values::I32(numbers.into_iter().map(signed).collect()),
        (SampleKind::Float, _) => {
            return Err(Error::Internal {
                doing: "reading packed floats",
            });
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_come_back_from_bytes_apart() {
        // 1.0 and -2.5 as 3F800000 and C0200000: bytes apart 3F C0 80 20 00 00 00 00, then differences.
        let apart = [0x3F_u8, 0xC0, 0x80, 0x20, 0, 0, 0, 0];
        let mut line: Vec<u8> = apart.to_vec();
        for at in (1..line.len()).rev() {
            line[at] = line[at].wrapping_sub(line[at - 1]);
        }
        undo_float_difference(&mut line, 4, 1);
        assert_eq!(
            line,
            [1.0_f32.to_le_bytes(), (-2.5_f32).to_le_bytes()].concat()
        );
    }

    #[test]
    fn differences_add_up_band_by_band() {
        let mut values = Typed::Plain(Values::U8(vec![1, 10, 1, 10, 255, 0]));
        undo_difference(&mut values, 6, 2);
        assert_eq!(
            values.plain().unwrap(),
            Values::U8(vec![1, 10, 2, 20, 1, 20])
        );
    }

    #[test]
    fn whole_numbers_that_a_float_cannot_hold_are_refused() {
        assert!(Typed::U64(vec![1 << 53]).plain().is_ok());
        assert!(Typed::U64(vec![(1 << 53) + 1]).plain().is_err());
        assert!(Typed::I64(vec![i64::MIN + 1]).plain().is_err());
    }
}
