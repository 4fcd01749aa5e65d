//! `NumPy` files: written with axes (bands, rows, columns), read also in other layouts.

use npyz::{DType, WriterBuilder};

use crate::Error;
use crate::{Pixels, Values, with_values};

fn fault(problem: impl std::fmt::Display) -> Error {
    Error::Unreadable {
        media: "npy",
        problem: problem.to_string(),
    }
}

/// A `NumPy` file of shape (bands, height, width).
pub(crate) fn write_npy(pixels: &Pixels) -> Result<Vec<u8>, Error> {
    let bands = usize::from(pixels.bands());
    let shape = [
        u64::from(pixels.bands()),
        u64::from(pixels.height()),
        u64::from(pixels.width()),
    ];
    let mut out = Vec::new();
    with_values!(pixels.values(), values => {
        let mut writer = npyz::WriteOptions::new()
            .default_dtype()
            .shape(&shape)
            .writer(&mut out)
            .begin_nd()
            .map_err(fault)?;
        for band in 0..bands {
            writer.extend(values.iter().skip(band).step_by(bands).copied()).map_err(fault)?;
        }
        writer.finish().map_err(fault)?;
    });
    Ok(out)
}

/// Reads shape (rows, columns), (bands, rows, columns), or rows and columns of a record with a
/// field for each band, as Earth Engine sends them. Fields of different types become `float64`.
pub(crate) fn read_npy(bytes: &[u8]) -> Result<Pixels, Error> {
    let mut data = bytes;
    let header = npyz::NpyHeader::from_reader(&mut data).map_err(fault)?;
    if header.order() != npyz::Order::C {
        return Err(fault("columns first (Fortran order): expected rows first"));
    }
    let side =
        |length: u64| u32::try_from(length).map_err(|_| fault(format!("an axis of {length}")));
    let dtype = header.dtype();
    match (&dtype, header.shape()) {
        (DType::Plain(_), &[height, width]) => {
            let values = numbers(data, &dtype, header.len())?;
            Pixels::new(side(width)?, side(height)?, 1, values)
        }
        (DType::Plain(_), &[bands, height, width]) => {
            let values = numbers(data, &dtype, header.len())?;
            let bands = u16::try_from(bands).map_err(|_| fault(format!("{bands} bands")))?;
            let plane = usize::try_from(height.saturating_mul(width)).map_err(fault)?;
            Pixels::new(
                side(width)?,
                side(height)?,
                bands,
                interleave(&values, plane, bands),
            )
        }
        (DType::Record(fields), &[height, width]) => {
            let bands = u16::try_from(fields.len())
                .map_err(|_| fault(format!("{} fields", fields.len())))?;
            let same = fields.windows(2).all(|pair| pair[0].dtype == pair[1].dtype);
            let values = match fields.first() {
                Some(field) if same => numbers(
                    data,
                    &field.dtype,
                    header.len().saturating_mul(bands.into()),
                )?,
                Some(_) => mixed_fields(data, fields, header.len())?,
                None => return Err(fault("a record without fields")),
            };
            Pixels::new(side(width)?, side(height)?, bands, values)
        }
        (_, shape) => Err(fault(format!(
            "shape {shape:?} of {}: expected rows and columns",
            dtype.descr()
        ))),
    }
}

/// Planes into pixels.
fn interleave(values: &Values, plane: usize, bands: u16) -> Values {
    crate::map_values!(values, values => (0..plane)
        .flat_map(|at| (0..usize::from(bands)).filter_map(move |band| values.get(band * plane + at).copied()))
        .collect())
}

fn numbers(data: &[u8], dtype: &DType, count: u64) -> Result<Values, Error> {
    let (code, swap) = type_code(dtype)?;
    let size = dtype.num_bytes().unwrap_or(1).max(1);
    let length = usize::try_from(count)
        .ok()
        .and_then(|count| count.checked_mul(size));
    let data = length
        .and_then(|length| data.get(..length))
        .ok_or_else(|| {
            fault(format!(
                "{} bytes for {count} numbers of {}",
                data.len(),
                dtype.descr()
            ))
        })?;
    macro_rules! read {
        ($type:ty) => {
            data.as_chunks().0.iter().map(|raw| {
                if swap {
                    <$type>::from_be_bytes(*raw)
                } else {
                    <$type>::from_le_bytes(*raw)
                }
            })
        };
    }
    Ok(match code.as_str() {
        "u1" | "b1" => Values::U8(data.to_vec()),
        "i1" => Values::I8(read!(i8).collect()),
        "u2" => Values::U16(read!(u16).collect()),
        "i2" => Values::I16(read!(i16).collect()),
        "u4" => Values::U32(read!(u32).collect()),
        "i4" => Values::I32(read!(i32).collect()),
        "f4" => Values::F32(read!(f32).collect()),
        "f8" => Values::F64(read!(f64).collect()),
        // 64-bit integers have no place in a raster; a wide float holds them exactly up to 2^53.
        "i8" => Values::F64(read!(i64).map(|value| value as f64).collect()),
        "u8" => Values::F64(read!(u64).map(|value| value as f64).collect()),
        _ => return Err(fault(format!("numbers of type {}", dtype.descr()))),
    })
}

/// The type without its byte order, and whether the highest byte stands first.
fn type_code(dtype: &DType) -> Result<(String, bool), Error> {
    match dtype {
        DType::Plain(plain) => {
            let text = plain.to_string();
            let (order, code) = text
                .split_at_checked(1)
                .ok_or_else(|| fault("a type without a name"))?;
            Ok((code.to_owned(), order == ">"))
        }
        _ => Err(fault(format!(
            "fields that are no plain numbers: {}",
            dtype.descr()
        ))),
    }
}

fn mixed_fields(data: &[u8], fields: &[npyz::Field], count: u64) -> Result<Values, Error> {
    let sizes: Vec<usize> = fields
        .iter()
        .map(|field| field.dtype.num_bytes().unwrap_or(0))
        .collect();
    let record: usize = sizes.iter().sum();
    let count = usize::try_from(count).map_err(fault)?;
    if record == 0 || data.len() / record < count {
        return Err(fault(format!(
            "{} bytes for {count} records of {record}",
            data.len()
        )));
    }
    let mut values = Vec::with_capacity(count * fields.len());
    for row in data.chunks_exact(record).take(count) {
        let mut rest = row;
        for (field, size) in fields.iter().zip(&sizes) {
            let (number, tail) = rest.split_at(*size);
            rest = tail;
            with_values!(numbers(number, &field.dtype, 1)?, number => {
                values.extend(number.into_iter().map(crate::Value::to_f64));
            });
        }
    }
    Ok(Values::F64(values))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut out = b"\x93NUMPY\x01\x00".to_vec();
        let mut header = header.to_owned();
        while !(header.len() + 11).is_multiple_of(64) {
            header.push(' ');
        }
        header.push('\n');
        out.extend((header.len() as u16).to_le_bytes());
        out.extend(header.bytes());
        out.extend(data);
        out
    }

    #[test]
    fn a_record_of_one_type_gives_a_band_for_each_field() {
        let header =
            "{'descr': [('B', '<u2'), ('N', '<u2')], 'fortran_order': False, 'shape': (1, 2), }";
        let pixels = read_npy(&file(header, &[1, 0, 2, 0, 3, 0, 0, 1])).unwrap();
        assert_eq!((pixels.width(), pixels.height(), pixels.bands()), (2, 1, 2));
        assert_eq!(pixels.values(), &Values::U16(vec![1, 2, 3, 256]));
    }

    #[test]
    fn a_record_of_several_types_becomes_wide_floats() {
        let header = "{'descr': [('B', '<u2'), ('label', '|i1')], 'fortran_order': False, 'shape': (1, 2), }";
        let pixels = read_npy(&file(header, &[1, 1, 255, 3, 0, 1])).unwrap();
        assert_eq!(pixels.values(), &Values::F64(vec![257.0, -1.0, 3.0, 1.0]));
    }

    #[test]
    fn numbers_with_the_highest_byte_first_are_read_too() {
        let header = "{'descr': '>i2', 'fortran_order': False, 'shape': (1, 2), }";
        assert_eq!(
            read_npy(&file(header, &[0, 1, 255, 255])).unwrap().values(),
            &Values::I16(vec![1, -1])
        );
    }

    #[test]
    fn a_file_with_too_few_numbers_is_refused() {
        let header = "{'descr': '<u2', 'fortran_order': False, 'shape': (4, 4), }";
        assert!(read_npy(&file(header, &[0; 31])).is_err());
    }
}
