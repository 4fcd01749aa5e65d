//! Decoded pictures: any number of bands, the types that rasters have.

use image::{ColorType, DynamicImage, ImageReader};

use crate::Error;

/// A picture in memory, band after band within each pixel, rows from the top.
#[derive(Clone, Debug, PartialEq)]
pub struct Pixels {
    width: u32,
    height: u32,
    bands: u16,
    values: Values,
}

/// The numbers of a picture.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // The names say it all.
pub enum Values {
    U8(Vec<u8>),
    I8(Vec<i8>),
    U16(Vec<u16>),
    I16(Vec<i16>),
    U32(Vec<u32>),
    I32(Vec<i32>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// Runs an expression on the vector inside a [`Values`], whatever its type.
macro_rules! with_values {
    ($values:expr, $vector:ident => $body:expr) => {
        match $values {
            $crate::pixels::Values::U8($vector) => $body,
            $crate::pixels::Values::I8($vector) => $body,
            $crate::pixels::Values::U16($vector) => $body,
            $crate::pixels::Values::I16($vector) => $body,
            $crate::pixels::Values::U32($vector) => $body,
            $crate::pixels::Values::I32($vector) => $body,
            $crate::pixels::Values::F32($vector) => $body,
            $crate::pixels::Values::F64($vector) => $body,
        }
    };
}
pub(crate) use with_values;

/// The same, giving back a [`Values`] of the same type.
macro_rules! map_values {
    ($values:expr, $vector:ident => $body:expr) => {
        match $values {
            $crate::pixels::Values::U8($vector) => $crate::pixels::Values::U8($body),
            $crate::pixels::Values::I8($vector) => $crate::pixels::Values::I8($body),
            $crate::pixels::Values::U16($vector) => $crate::pixels::Values::U16($body),
            $crate::pixels::Values::I16($vector) => $crate::pixels::Values::I16($body),
            $crate::pixels::Values::U32($vector) => $crate::pixels::Values::U32($body),
            $crate::pixels::Values::I32($vector) => $crate::pixels::Values::I32($body),
            $crate::pixels::Values::F32($vector) => $crate::pixels::Values::F32($body),
            $crate::pixels::Values::F64($vector) => $crate::pixels::Values::F64($body),
        }
    };
}
pub(crate) use map_values;

/// A number that a raster can hold.
pub(crate) trait Value: bytemuck::Pod + PartialEq + Send + Sync {
    /// Bits of one value.
    const BITS: u16;
    /// Whether it is an integer.
    const IS_INTEGER: bool;
    /// As a wide float, exact for every type here.
    fn to_f64(self) -> f64;
    /// The nearest value of this type: integers are rounded half up and held within their range.
    fn from_f64(value: f64) -> Self;
    /// The value whose bytes in memory are this one's bytes, lowest first.
    fn little_endian(self) -> Self;
    /// The same wrapping difference that TIFF's horizontal predictor takes; floats have none.
    fn difference(self, other: Self) -> Self;
}

macro_rules! integer_value {
    ($($type:ty),*) => {$(
        impl Value for $type {
            const BITS: u16 = <$type>::BITS as u16;
            const IS_INTEGER: bool = true;
            fn to_f64(self) -> f64 { f64::from(self) }
            // Rounded down without a call of the floor function; the casts saturate and turn NaN into 0.
            fn from_f64(value: f64) -> Self {
                let raised = value + 0.5;
                let towards_zero = raised as i64;
                let whole = towards_zero.saturating_sub(i64::from(towards_zero as f64 > raised));
                whole.clamp(<$type>::MIN.into(), <$type>::MAX.into()) as $type
            }
            fn little_endian(self) -> Self { self.to_le() }
            fn difference(self, other: Self) -> Self { self.wrapping_sub(other) }
        }
    )*};
}
integer_value!(u8, i8, u16, i16, u32, i32);

macro_rules! float_value {
    ($($type:ty),*) => {$(
        impl Value for $type {
            const BITS: u16 = (size_of::<$type>() * 8) as u16;
            const IS_INTEGER: bool = false;
            fn to_f64(self) -> f64 { f64::from(self) }
            fn from_f64(value: f64) -> Self { value as $type }
            fn little_endian(self) -> Self { Self::from_bits(self.to_bits().to_le()) }
            fn difference(self, _other: Self) -> Self { self }
        }
    )*};
}
float_value!(f32, f64);

impl Values {
    /// Numbers in all.
    pub fn len(&self) -> usize {
        with_values!(self, values => values.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `NumPy`'s name of the type, such as `uint8`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::U8(_) => "uint8",
            Self::I8(_) => "int8",
            Self::U16(_) => "uint16",
            Self::I16(_) => "int16",
            Self::U32(_) => "uint32",
            Self::I32(_) => "int32",
            Self::F32(_) => "float32",
            Self::F64(_) => "float64",
        }
    }
}

impl Pixels {
    /// Pixels of a size; `values` holds `width * height * bands` numbers.
    ///
    /// # Errors
    /// [`Error::Picture`] where the count does not fit, or there are none.
    pub fn new(width: u32, height: u32, bands: u16, values: Values) -> Result<Self, Error> {
        let expected = u128::from(width) * u128::from(height) * u128::from(bands);
        if expected != values.len() as u128 || expected == 0 {
            return Err(Error::Picture {
                media: "picture",
                problem: format!(
                    "{} numbers for {width} x {height} pixels of {bands} bands",
                    values.len()
                ),
            });
        }
        Ok(Self {
            width,
            height,
            bands,
            values,
        })
    }

    /// Columns.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Numbers in each pixel.
    pub fn bands(&self) -> u16 {
        self.bands
    }

    /// The numbers: rows from the top, pixels from the left, bands innermost.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// The numbers, given away.
    pub fn into_values(self) -> Values {
        self.values
    }

    /// The 8-bit numbers, where the picture is one of 8 bits.
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.values {
            Values::U8(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Decodes a PNG, JPEG, WebP, TIFF or `NumPy` file.
    ///
    /// # Errors
    /// [`Error::Picture`] for anything else and for what is broken.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.starts_with(b"II") || bytes.starts_with(b"MM") {
            return crate::chip::read_tiff(bytes);
        }
        if bytes.starts_with(b"\x93NUMPY") {
            return crate::chip::read_npy(bytes);
        }
        let fault = |problem: &dyn std::fmt::Display| Error::Picture {
            media: "png, jpeg or webp",
            problem: problem.to_string(),
        };
        let image = ImageReader::new(std::io::Cursor::new(bytes))
            .with_guessed_format()
            .map_err(|error| fault(&error))?
            .decode()
            .map_err(|error| fault(&error))?;
        Self::from_image(image)
    }

    fn from_image(image: DynamicImage) -> Result<Self, Error> {
        let (width, height) = (image.width(), image.height());
        let bands = u16::from(image.color().channel_count());
        let values = match image {
            DynamicImage::ImageLuma8(image) => Values::U8(image.into_raw()),
            DynamicImage::ImageLumaA8(image) => Values::U8(image.into_raw()),
            DynamicImage::ImageRgb8(image) => Values::U8(image.into_raw()),
            DynamicImage::ImageRgba8(image) => Values::U8(image.into_raw()),
            DynamicImage::ImageLuma16(image) => Values::U16(image.into_raw()),
            DynamicImage::ImageLumaA16(image) => Values::U16(image.into_raw()),
            DynamicImage::ImageRgb16(image) => Values::U16(image.into_raw()),
            DynamicImage::ImageRgba16(image) => Values::U16(image.into_raw()),
            other => {
                return Err(Error::Picture {
                    media: "png, jpeg or webp",
                    problem: format!("unknown colour type {:?}", other.color()),
                });
            }
        };
        Self::new(width, height, bands, values)
    }

    /// The picture as the `image` crate has it, where it has such a type: 8 or 16 bits, 1 to 4 bands.
    pub fn to_image(&self) -> Option<DynamicImage> {
        let (width, height) = (self.width, self.height);
        match (&self.values, self.bands) {
            (Values::U8(v), 1) => {
                image::GrayImage::from_raw(width, height, v.clone()).map(DynamicImage::ImageLuma8)
            }
            (Values::U8(v), 2) => image::ImageBuffer::from_raw(width, height, v.clone())
                .map(DynamicImage::ImageLumaA8),
            (Values::U8(v), 3) => {
                image::RgbImage::from_raw(width, height, v.clone()).map(DynamicImage::ImageRgb8)
            }
            (Values::U8(v), 4) => {
                image::RgbaImage::from_raw(width, height, v.clone()).map(DynamicImage::ImageRgba8)
            }
            (Values::U16(v), 1) => image::ImageBuffer::from_raw(width, height, v.clone())
                .map(DynamicImage::ImageLuma16),
            (Values::U16(v), 2) => image::ImageBuffer::from_raw(width, height, v.clone())
                .map(DynamicImage::ImageLumaA16),
            (Values::U16(v), 3) => {
                image::ImageBuffer::from_raw(width, height, v.clone()).map(DynamicImage::ImageRgb16)
            }
            (Values::U16(v), 4) => image::ImageBuffer::from_raw(width, height, v.clone())
                .map(DynamicImage::ImageRgba16),
            _ => None,
        }
    }

    /// The `image` crate's colour type of these pixels, where it has one.
    pub(crate) fn color_type(&self) -> Option<ColorType> {
        match (&self.values, self.bands) {
            (Values::U8(_), 1) => Some(ColorType::L8),
            (Values::U8(_), 2) => Some(ColorType::La8),
            (Values::U8(_), 3) => Some(ColorType::Rgb8),
            (Values::U8(_), 4) => Some(ColorType::Rgba8),
            (Values::U16(_), 1) => Some(ColorType::L16),
            (Values::U16(_), 2) => Some(ColorType::La16),
            (Values::U16(_), 3) => Some(ColorType::Rgb16),
            (Values::U16(_), 4) => Some(ColorType::Rgba16),
            _ => None,
        }
    }

    /// Only these bands (counted from 0), in this order.
    ///
    /// # Errors
    /// [`Error::Picture`] for a band that is not there.
    pub fn select(self, bands: &[u16]) -> Result<Self, Error> {
        if let Some(band) = bands.iter().find(|band| **band >= self.bands) {
            return Err(Error::Picture {
                media: "picture",
                problem: format!(
                    "band {} asked for, {} there",
                    u32::from(*band) + 1,
                    self.bands
                ),
            });
        }
        if bands.iter().copied().eq(0..self.bands) {
            return Ok(self);
        }
        let values = map_values!(&self.values, values => values
            .chunks_exact(usize::from(self.bands))
            .flat_map(|pixel| bands.iter().filter_map(|band| pixel.get(usize::from(*band)).copied()))
            .collect());
        let count = u16::try_from(bands.len()).map_err(|_| Error::Picture {
            media: "picture",
            problem: format!("{} bands asked for", bands.len()),
        })?;
        Self::new(self.width, self.height, count, values)
    }

    /// The bands of another picture of the same size and type behind those of this one.
    ///
    /// # Errors
    /// [`Error::Picture`] where sizes or types differ.
    pub(crate) fn beside(&self, other: &Self) -> Result<Self, Error> {
        let (mine, others) = (usize::from(self.bands), usize::from(other.bands));
        macro_rules! join {
            ($($variant:ident),*) => {
                match (&self.values, &other.values) {
                    $((Values::$variant(a), Values::$variant(b)) => Values::$variant(
                        a.chunks_exact(mine).zip(b.chunks_exact(others)).flat_map(|(a, b)| a.iter().chain(b)).copied().collect(),
                    ),)*
                    (a, b) => {
                        let problem = format!("bands of {} beside bands of {}", a.type_name(), b.type_name());
                        return Err(Error::Picture { media: "picture", problem });
                    }
                }
            };
        }
        let values = join!(U8, I8, U16, I16, U32, I32, F32, F64);
        Self::new(
            self.width,
            self.height,
            self.bands.saturating_add(other.bands),
            values,
        )
    }

    /// Whether every pixel is the same; with an alpha band (2 or 4 bands of 8 bits), also whether all are clear.
    pub fn is_flat(&self) -> bool {
        let bands = usize::from(self.bands);
        let same = with_values!(&self.values, values => values
            .get(..bands)
            .is_some_and(|first| values.chunks_exact(bands).all(|pixel| pixel == first)));
        let clear = matches!(bands, 2 | 4)
            && self.bytes().is_some_and(|bytes| {
                bytes
                    .chunks_exact(bands)
                    .all(|pixel| pixel.last() == Some(&0))
            });
        same || clear
    }

    /// A picture of one band, of this one's size and type; numbers are held within the range of the type.
    ///
    /// # Errors
    /// [`Error::Picture`] where there is not one number for each pixel.
    pub(crate) fn band_of(&self, numbers: &[f64]) -> Result<Self, Error> {
        fn held<T: Value>(_like: &[T], numbers: &[f64]) -> Vec<T> {
            numbers.iter().map(|number| T::from_f64(*number)).collect()
        }
        let values = map_values!(&self.values, values => held(values, numbers));
        Self::new(self.width, self.height, 1, values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_by_one(values: [u8; 6]) -> Pixels {
        Pixels::new(2, 1, 3, Values::U8(values.to_vec())).unwrap()
    }

    #[test]
    fn bands_are_chosen_in_the_order_asked() {
        let picked = two_by_one([1, 2, 3, 4, 5, 6]).select(&[2, 0]).unwrap();
        assert_eq!(picked.bytes().unwrap(), [3, 1, 6, 4]);
        let message = two_by_one([0; 6]).select(&[3]).unwrap_err().to_string();
        assert_eq!(message, "not a readable picture: band 4 asked for, 3 there");
    }

    #[test]
    fn a_flat_picture_has_one_colour_or_none() {
        assert!(two_by_one([7, 8, 9, 7, 8, 9]).is_flat());
        assert!(!two_by_one([7, 8, 9, 7, 8, 8]).is_flat());
        let clear = Pixels::new(2, 1, 4, Values::U8(vec![1, 2, 3, 0, 9, 9, 9, 0])).unwrap();
        assert!(clear.is_flat());
    }

    #[test]
    fn an_extra_band_stands_behind_the_others_in_their_type() {
        let pixels = two_by_one([1, 2, 3, 4, 5, 6]);
        let labelled = pixels
            .beside(&pixels.band_of(&[1.0, 300.0]).unwrap())
            .unwrap();
        assert_eq!(labelled.bytes().unwrap(), [1, 2, 3, 1, 4, 5, 6, 255]);
    }

    #[test]
    fn numbers_that_do_not_fit_the_size_are_refused() {
        assert!(Pixels::new(2, 2, 3, Values::U8(vec![0; 11])).is_err());
    }

    #[test]
    fn rounding_is_half_up_and_held_within_the_type() {
        assert_eq!(
            [
                u8::from_f64(0.5),
                u8::from_f64(2.49),
                u8::from_f64(-3.0),
                u8::from_f64(1e9)
            ],
            [1, 2, 0, 255]
        );
        assert_eq!(i16::from_f64(-1.5), -1);
    }
}
