//! Readings taken from a picture: the seam.

use raster::Pixels;

/// Takes readings from pictures, while they are fetched or when they are read back.
pub trait Measure: Send + Sync {
    /// Names of the readings: columns of the ledger.
    fn names(&self) -> Vec<String>;
    /// The readings of a picture, in the order of the names; `None` where there is nothing to say.
    /// Bands of labels are not part of the picture that is handed over.
    fn measure(&self, picture: &Pixels) -> Vec<Option<f64>>;
}
