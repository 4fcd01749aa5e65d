//! Decoded pictures: any number of bands, the types that rasters have.

use image::{ColorType, DynamicImage};

use crate::{Error, Role, Values, map_values, with_values};

/// A picture in memory, band after band within each pixel, rows from the top: numbers, which of them
/// are there at all, and what each band is.
///
/// Two are equal where their numbers are, and which of them are there; roles and palette do not count.
#[derive(Clone, Debug)]
pub struct Pixels {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) bands: u16,
    pub(crate) values: Values,
    /// One for each number; `None` where all are there.
    pub(crate) valid: Option<Vec<bool>>,
    /// One for each band.
    pub(crate) roles: Vec<Role>,
    /// The colours of the classes of a band of classes.
    pub(crate) palette: Option<Vec<[u8; 3]>>,
}

impl PartialEq for Pixels {
    fn eq(&self, other: &Self) -> bool {
        (self.width, self.height, self.bands) == (other.width, other.height, other.bands)
            && self.values == other.values
            && self.valid == other.valid
    }
}

impl Pixels {
    /// Pixels of a size; `values` holds `width * height * bands` numbers.
    ///
    /// # Errors
    /// [`Error::Unreadable`] where the count does not fit, or there are none.
    pub fn new(width: u32, height: u32, bands: u16, values: Values) -> Result<Self, Error> {
        let expected = u128::from(width) * u128::from(height) * u128::from(bands);
        if expected != values.len() as u128 || expected == 0 {
            return Err(Error::Unreadable {
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
            valid: None,
            roles: vec![Role::Unknown; bands.into()],
            palette: None,
        })
    }

    /// The same with what each band is: one role for each, or none of them count. Where an alpha band
    /// is 0, nothing is there.
    #[must_use]
    pub fn with_roles(mut self, roles: &[Role]) -> Self {
        if roles.len() == usize::from(self.bands) {
            self.roles = roles.to_vec();
            self.apply_alpha();
        }
        self
    }

    /// The roles that bands have in PNG, JPEG and WebP by their number.
    #[must_use]
    pub fn with_usual_roles(self) -> Self {
        let roles: &[Role] = match self.bands {
            1 => &[Role::Grey],
            2 => &[Role::Grey, Role::Alpha],
            3 => &[Role::Red, Role::Green, Role::Blue],
            4 => &[Role::Red, Role::Green, Role::Blue, Role::Alpha],
            _ => &[],
        };
        self.with_roles(roles)
    }

    /// The same with the colour of each class.
    #[must_use]
    pub fn with_palette(mut self, palette: Option<Vec<[u8; 3]>>) -> Self {
        self.palette = palette;
        self
    }

    /// What each band is.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// The colours of the classes, where this is a picture of classes that have some.
    pub fn palette(&self) -> Option<&[[u8; 3]]> {
        self.palette.as_deref()
    }

    /// Classes in their colours, where they have some; anything else as it is.
    ///
    /// # Errors
    /// [`Error::Unreadable`] for a class without a colour.
    pub fn in_colours(self) -> Result<Self, Error> {
        let (Some(palette), 1) = (&self.palette, self.bands) else {
            return Ok(self);
        };
        let numbers: Vec<f64> = with_values!(&self.values, values => {
            values.iter().map(|value| crate::Value::to_f64(*value)).collect()
        });
        let colour = |number: &f64| palette.get(*number as usize).copied();
        let colours: Option<Vec<[u8; 3]>> = numbers.iter().map(colour).collect();
        let colours =
            colours.ok_or_else(|| Error::unreadable("palette", "a class without a colour"))?;
        let valid = self
            .valid
            .map(|valid| valid.iter().flat_map(|valid| [*valid; 3]).collect());
        let pixels = Self::new(
            self.width,
            self.height,
            3,
            Values::U8(colours.into_flattened()),
        )?;
        Ok(pixels.with_usual_roles().with_valid(valid))
    }

    /// The upper rows alone.
    pub(crate) fn top(mut self, rows: u32) -> Result<Self, Error> {
        let count = self.width as usize * rows as usize * usize::from(self.bands);
        with_values!(&mut self.values, values => values.truncate(count));
        if let Some(valid) = &mut self.valid {
            valid.truncate(count);
        }
        let (roles, palette, valid) = (self.roles, self.palette, self.valid);
        let pixels = Self::new(self.width, rows, self.bands, self.values)?;
        Ok(Self {
            roles,
            palette,
            ..pixels
        }
        .with_valid(valid))
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
    /// [`Error::Unreadable`] for a band that is not there.
    pub fn select(self, bands: &[u16]) -> Result<Self, Error> {
        if let Some(band) = bands.iter().find(|band| **band >= self.bands) {
            return Err(Error::Unreadable {
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
        let count = u16::try_from(bands.len()).map_err(|_| {
            Error::unreadable("picture", format!("{} bands asked for", bands.len()))
        })?;
        let all = usize::from(self.bands);
        let values = map_values!(&self.values, values => picked(values, all, bands));
        let valid = self.valid.as_ref().map(|valid| picked(valid, all, bands));
        let roles = bands
            .iter()
            .filter_map(|band| self.roles.get(usize::from(*band)).copied())
            .collect();
        let pixels = Self::new(self.width, self.height, count, values)?;
        Ok(Self {
            roles,
            palette: self.palette,
            ..pixels
        }
        .with_valid(valid))
    }

    /// The bands of another picture of the same size and type behind those of this one.
    ///
    /// # Errors
    /// [`Error::Unreadable`] where sizes or types differ.
    pub fn beside(&self, other: &Self) -> Result<Self, Error> {
        let (mine, others) = (usize::from(self.bands), usize::from(other.bands));
        macro_rules! join {
            ($($variant:ident),*) => {
                match (&self.values, &other.values) {
                    $((Values::$variant(a), Values::$variant(b)) => Values::$variant(
                        a.chunks_exact(mine).zip(b.chunks_exact(others)).flat_map(|(a, b)| a.iter().chain(b)).copied().collect(),
                    ),)*
                    (a, b) => {
                        let problem = format!("bands of {} beside bands of {}", a.type_name(), b.type_name());
                        return Err(Error::Unreadable { media: "picture", problem });
                    }
                }
            };
        }
        let values = join!(U8, I8, U16, I16, U32, I32, F32, F64);
        let valid = (self.valid.is_some() || other.valid.is_some()).then(|| {
            let flags = |pixels: &Self| {
                pixels
                    .valid
                    .clone()
                    .unwrap_or_else(|| vec![true; pixels.values.len()])
            };
            let (a, b) = (flags(self), flags(other));
            a.chunks_exact(mine)
                .zip(b.chunks_exact(others))
                .flat_map(|(a, b)| a.iter().chain(b))
                .copied()
                .collect()
        });
        let pixels = Self::new(
            self.width,
            self.height,
            self.bands.saturating_add(other.bands),
            values,
        )?;
        let roles = self.roles.iter().chain(&other.roles).copied().collect();
        Ok(Self { roles, ..pixels }.with_valid(valid))
    }

    /// Whether every pixel that is there is the same, or none is.
    pub fn is_flat(&self) -> bool {
        let bands = usize::from(self.bands);
        let colours: Vec<usize> = (0..bands)
            .filter(|band| self.roles.get(*band) != Some(&Role::Alpha))
            .collect();
        with_values!(&self.values, values => {
            let mut seen = values
                .chunks_exact(bands)
                .enumerate()
                .filter(|(at, _)| self.valid.is_none() || self.is_there(*at))
                .map(|(_, pixel)| pixel);
            seen.next().is_none_or(|first| {
                seen.all(|pixel| colours.iter().all(|band| pixel.get(*band) == first.get(*band)))
            })
        })
    }

    /// Whether this is a picture in colours of 8 bits, which shows nothing where it is all one colour;
    /// data of one value are data.
    pub fn is_colour_picture(&self) -> bool {
        let has = |role: Role| self.roles.contains(&role);
        matches!(self.values, Values::U8(_))
            && has(Role::Red)
            && has(Role::Green)
            && has(Role::Blue)
    }

    /// A picture of one band, of this one's size and type; numbers are held within the range of the type.
    ///
    /// # Errors
    /// [`Error::Unreadable`] where there is not one number for each pixel.
    pub fn band_of(&self, numbers: &[f64]) -> Result<Self, Error> {
        fn held<T: crate::Value>(_like: &[T], numbers: &[f64]) -> Vec<T> {
            numbers.iter().map(|number| T::from_f64(*number)).collect()
        }
        let values = map_values!(&self.values, values => held(values, numbers));
        Self::new(self.width, self.height, 1, values)
    }
}

/// Some bands of numbers that stand pixel by pixel.
fn picked<T: Copy>(values: &[T], all: usize, bands: &[u16]) -> Vec<T> {
    values
        .chunks_exact(all)
        .flat_map(|pixel| {
            bands
                .iter()
                .filter_map(|band| pixel.get(usize::from(*band)).copied())
        })
        .collect()
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
        let clear = clear.with_usual_roles();
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
}
