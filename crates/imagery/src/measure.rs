//! Readings taken from a picture: the seam.

use raster::Pixels;

/// What was read from a picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    /// In the order of the names; `None` where there is nothing to say.
    pub values: Vec<Option<f64>>,
    /// Why a value is missing.
    pub reason: Option<String>,
}

/// Takes readings from pictures, while they are fetched or when they are read back.
pub trait Measure: Send + Sync {
    /// Names of the readings: columns of the ledger.
    fn names(&self) -> Vec<String>;
    /// The readings of a picture. Pixels that are not there do not count.
    /// Bands of labels are not part of the picture that is handed over.
    fn measure(&self, picture: &Pixels) -> Taken;
}
