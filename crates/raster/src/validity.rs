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
        let Some(valid) = &self.valid else { return true };
        let flags = valid.get(pixel * bands..(pixel + 1) * bands).unwrap_or_default();
        flags.iter().zip(&self.roles).all(|(valid, role)| *valid || *role == Role::Alpha)
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
            valid.iter().enumerate().all(|(at, valid)| !valid || alpha(at))
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
            let places = if of_mask == bands { band..band + 1 } else { 0..bands };
            places.for_each(|band| self.clear(pixel * bands + band));
        }
        Ok(self)
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
        let Some(alpha) = self.roles.iter().position(|role| *role == Role::Alpha) else { return };
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
    let is_missing = |value: &T| Some(*value) == nodata || !T::IS_INTEGER && value.to_f64().is_nan();
    values.iter().enumerate().filter(|(_, value)| is_missing(value)).map(|(at, _)| at).collect()
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
        assert_eq!(pixels.valid().unwrap(), [false, true, true, true, true, true]);
        assert_eq!(pixels.valid_share(), 0.5);
        assert_eq!(pixels.select(&[1, 2]).unwrap().valid(), None);
    }

    #[test]
    fn nodata_that_the_type_cannot_hold_stands_nowhere() {
        for nodata in [-9999.0, 256.0, 0.5, f64::NAN] {
            assert_eq!(pixels(1, &[0, 241, 255]).without_nodata(Some(nodata)).valid(), None, "{nodata}");
        }
        let floats = Pixels::new(2, 1, 1, Values::F32(vec![f32::MIN, 1.0])).unwrap();
        let nodata = Some(-3.402_823_466_385_288_6e38);
        assert_eq!(floats.without_nodata(nodata).valid().unwrap(), [false, true]);
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
        assert_eq!(masked.valid().unwrap(), [false, false, false, true, true, true]);
        assert!(rgb.masked(&pixels(1, &[0])).is_err());
    }
}
