//! Which numbers of a picture are there at all: nodata, masks, alpha, the edge of a raster.

use crate::{Error, Pixels, Role, Value, Values, with_values};

impl Pixels {
    /// Whether each number is there, pixel by pixel as the numbers stand; `None` where all are.
    pub fn valid(&self) -> Option<&[bool]> {
        self.valid.as_deref()
    }

    /// The same numbers with what is there: one flag for each.
    #[must_use]
    pub fn with_valid(mut self, valid: Option<Vec<bool>>) -> Self {
        let count = self.values.len();
        self.valid = valid.filter(|valid| valid.len() == count && valid.contains(&false));
        self
    }

    /// Whether every band of a pixel is there; alpha is no band to be missed.
    pub fn is_there(&self, pixel: usize) -> bool {
        let bands = usize::from(self.bands);
        let Some(valid) = &self.valid else {
            return true;
        };
        let flags = valid
            .get(pixel * bands..(pixel + 1) * bands)
            .unwrap_or_default();
        flags
            .iter()
            .zip(&self.roles)
            .all(|(valid, role)| *valid || *role == Role::Alpha)
    }

    /// Share of the pixels whose every band is there, 0 to 1.
    pub fn valid_share(&self) -> f64 {
        let count = self.width as usize * self.height as usize;
        if self.valid.is_none() {
            return 1.0;
        }
        (0..count).filter(|pixel| self.is_there(*pixel)).count() as f64 / count as f64
    }

    /// Whether no number at all is there.
    pub fn is_empty(&self) -> bool {
        let bands = usize::from(self.bands);
        self.valid.as_ref().is_some_and(|valid| {
            let alpha = |at: usize| self.roles.get(at % bands) == Some(&Role::Alpha);
            valid
                .iter()
                .enumerate()
                .all(|(at, valid)| !valid || alpha(at))
        })
    }

    /// Marks numbers that mean "nothing here": NaN, and this one.
    #[must_use]
    pub fn without_nodata(mut self, nodata: Option<f64>) -> Self {
        if nodata.is_none() && !matches!(self.values, Values::F32(_) | Values::F64(_)) {
            return self;
        }
        let missing = with_values!(&self.values, values => missing(values, nodata));
        let bands = usize::from(self.bands);
        let alpha: Vec<bool> = self.roles.iter().map(|role| *role == Role::Alpha).collect();
        for at in missing {
            if alpha.get(at % bands) != Some(&true) {
                self.clear(at);
            }
        }
        self
    }

    /// Marks what a mask of the same size has as 0.
    ///
    /// # Errors
    /// [`Error::Unreadable`] for a mask of another size.
    pub fn masked(mut self, mask: &Self) -> Result<Self, Error> {
        if (mask.width, mask.height) != (self.width, self.height) {
            let problem = format!("a mask of {} x {} pixels", mask.width, mask.height);
            return Err(Error::unreadable("tiff", problem));
        }
        let bands = usize::from(self.bands);
        let of_mask = usize::from(mask.bands);
        let zero: Vec<usize> = with_values!(&mask.values, values => {
            let zero = values.iter().enumerate().filter(|(_, value)| value.to_f64() == 0.0);
            zero.map(|(at, _)| at).collect()
        });
        for at in zero {
            let (pixel, band) = (at / of_mask, at % of_mask);
            // A mask of one band is for all; one of as many bands is for each.
            let places = if of_mask == bands {
                band..band + 1
            } else {
                0..bands
            };
            places.for_each(|band| self.clear(pixel * bands + band));
        }
        Ok(self)
    }

    /// The same picture as a file can tell it: what is not there, and is told neither by `nodata`, NaN nor
    /// alpha, becomes nodata (NaN among floats), or else is told by a mask of whole pixels. Gives back
    /// whether such a mask is needed.
    pub(crate) fn told_by(mut self, nodata: Option<f64>) -> (Self, bool) {
        let Some(valid) = self.valid.clone() else {
            return (self, false);
        };
        let told = Self {
            valid: None,
            ..self.clone()
        }
        .with_roles(&self.roles.clone())
        .without_nodata(nodata);
        let told = told.valid.unwrap_or_else(|| vec![true; valid.len()]);
        let bands = usize::from(self.bands);
        let untold: Vec<usize> = (0..valid.len())
            .filter(|at| !valid[*at] && told[*at])
            .collect();
        if untold.is_empty() {
            return (self, false);
        }
        let alpha = |at: usize| self.roles.get(at % bands) == Some(&Role::Alpha);
        let whole = |at: usize| (at / bands * bands..(at / bands + 1) * bands).all(|at| !valid[at]);
        if untold.iter().all(|at| whole(*at) || alpha(*at)) {
            return (self, true);
        }
        let floats = matches!(self.values, Values::F32(_) | Values::F64(_));
        match nodata.or(floats.then_some(f64::NAN)) {
            Some(nodata) => {
                crate::with_values!(&mut self.values, values => put(values, &untold, nodata));
                (self, false)
            }
            None => (self, true),
        }
    }

    /// 255 where every band is there, 0 elsewhere.
    ///
    /// # Errors
    /// Never: the size is this picture's own.
    pub fn pixel_mask(&self) -> Result<Self, Error> {
        let count = self.width as usize * self.height as usize;
        let flags = (0..count)
            .map(|pixel| if self.is_there(pixel) { 255 } else { 0 })
            .collect();
        Self::new(self.width, self.height, 1, Values::U8(flags))
    }

    /// 1 for each number that is there and 0 for each that is not; `None` where all are.
    pub fn mask(&self) -> Option<Self> {
        let flags = self
            .valid
            .as_ref()?
            .iter()
            .map(|valid| u8::from(*valid))
            .collect();
        Self::new(self.width, self.height, self.bands, Values::U8(flags)).ok()
    }

    /// The same with an alpha band behind the colours where something is missing: 0 there, else opaque.
    /// Only grey and RGB of 8 or 16 bits have room for it; others stay as they are.
    ///
    /// # Errors
    /// Never: sizes and types are this picture's own.
    pub fn with_missing_clear(self) -> Result<Self, Error> {
        if self.valid.is_none() {
            return Ok(self);
        }
        let bands = usize::from(self.bands);
        let opaque = match &self.values {
            Values::U8(_) => 255.0,
            Values::U16(_) => 65_535.0,
            _ => return Ok(self),
        };
        if let Some(alpha) = self.roles.iter().position(|role| *role == Role::Alpha) {
            let mut clear = self;
            let count = clear.width as usize * clear.height as usize;
            let missing: Vec<usize> = (0..count)
                .filter(|pixel| !clear.is_there(*pixel))
                .map(|pixel| pixel * bands + alpha)
                .collect();
            with_values!(&mut clear.values, values => put(values, &missing, 0.0));
            return Ok(clear);
        }
        if !matches!(bands, 1 | 3) {
            return Ok(self);
        }
        let count = self.width as usize * self.height as usize;
        let alpha: Vec<f64> = (0..count)
            .map(|pixel| if self.is_there(pixel) { opaque } else { 0.0 })
            .collect();
        let band = self.band_of(&alpha)?.with_roles(&[Role::Alpha]);
        self.beside(&band)
    }

    /// Marks a rectangle, cut at the picture's edges.
    pub fn invalidate(&mut self, (left, top): (u32, u32), (width, height): (u32, u32)) {
        let bands = usize::from(self.bands);
        let right = left.saturating_add(width).min(self.width) as usize;
        for y in top..top.saturating_add(height).min(self.height) {
            let row = y as usize * self.width as usize;
            (row + left as usize..row + right).for_each(|pixel| {
                (0..bands).for_each(|band| self.clear(pixel * bands + band));
            });
        }
    }

    /// Marks pixels whose alpha is 0.
    pub(crate) fn apply_alpha(&mut self) {
        let bands = usize::from(self.bands);
        let Some(alpha) = self.roles.iter().position(|role| *role == Role::Alpha) else {
            return;
        };
        let clear: Vec<usize> = with_values!(&self.values, values => {
            let pixels = values.chunks_exact(bands).enumerate();
            pixels.filter(|(_, pixel)| pixel[alpha].to_f64() == 0.0).map(|(at, _)| at).collect()
        });
        for pixel in clear {
            (0..bands).for_each(|band| self.clear(pixel * bands + band));
        }
    }

    fn clear(&mut self, at: usize) {
        let count = self.values.len();
        let valid = self.valid.get_or_insert_with(|| vec![true; count]);
        if let Some(valid) = valid.get_mut(at) {
            *valid = false;
        }
    }
}

/// Where NaN and nodata stand. A nodata value that the type cannot hold stands nowhere.
fn missing<T: Value>(values: &[T], nodata: Option<f64>) -> Vec<usize> {
    let nodata = nodata.and_then(T::exactly);
    let is_missing =
        |value: &T| Some(*value) == nodata || !T::IS_INTEGER && value.to_f64().is_nan();
    values
        .iter()
        .enumerate()
        .filter(|(_, value)| is_missing(value))
        .map(|(at, _)| at)
        .collect()
}

fn put<T: Value>(values: &mut [T], places: &[usize], number: f64) {
    for at in places {
        values[*at] = T::from_f64(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixels(bands: u16, values: &[u8]) -> Pixels {
        let width = values.len() as u32 / u32::from(bands);
        Pixels::new(width, 1, bands, Values::U8(values.to_vec())).unwrap()
    }

    #[test]
    fn nodata_is_of_its_band_and_a_pixel_is_there_where_all_bands_are() {
        let pixels = pixels(3, &[0, 5, 6, 7, 8, 9]).without_nodata(Some(0.0));
        assert_eq!(
            pixels.valid().unwrap(),
            [false, true, true, true, true, true]
        );
        assert_eq!(pixels.valid_share(), 0.5);
        assert_eq!(pixels.select(&[1, 2]).unwrap().valid(), None);
    }

    #[test]
    fn nodata_that_the_type_cannot_hold_stands_nowhere() {
        for nodata in [-9999.0, 256.0, 0.5, f64::NAN] {
            assert_eq!(
                pixels(1, &[0, 241, 255])
                    .without_nodata(Some(nodata))
                    .valid(),
                None,
                "{nodata}"
            );
        }
        let floats = Pixels::new(2, 1, 1, Values::F32(vec![f32::MIN, 1.0])).unwrap();
        let nodata = Some(-3.402_823_466_385_288_6e38);
        assert_eq!(
            floats.without_nodata(nodata).valid().unwrap(),
            [false, true]
        );
    }

    #[test]
    fn nan_is_never_there() {
        let floats = Pixels::new(2, 1, 1, Values::F64(vec![f64::NAN, 1.0])).unwrap();
        assert_eq!(floats.without_nodata(None).valid_share(), 0.5);
    }

    #[test]
    fn alpha_above_0_is_there() {
        let pixels = pixels(2, &[9, 0, 9, 1, 0, 255]).with_usual_roles();
        assert_eq!(pixels.valid_share(), 2.0 / 3.0);
        assert!(!pixels.is_empty());
    }

    #[test]
    fn a_fourth_band_that_is_not_alpha_masks_nothing() {
        use crate::Role::{Blue, Green, NearInfrared, Red};
        let pixels = pixels(4, &[1, 2, 3, 0]).with_roles(&[Red, Green, Blue, NearInfrared]);
        assert_eq!(pixels.valid_share(), 1.0);
    }

    #[test]
    fn a_mask_hides_all_bands_and_one_of_another_size_is_refused() {
        let rgb = pixels(3, &[1, 2, 3, 4, 5, 6]);
        let masked = rgb.clone().masked(&pixels(1, &[0, 255])).unwrap();
        assert_eq!(
            masked.valid().unwrap(),
            [false, false, false, true, true, true]
        );
        assert!(rgb.masked(&pixels(1, &[0])).is_err());
    }
}
