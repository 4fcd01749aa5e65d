//! What can be wrong with a wish for a town.

/// Why a town cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// More cells than the generator holds.
    #[error("a town of {cells} cells is too big: at most {most}")]
    TooManyCells {
        /// Cells asked for.
        cells: usize,
        /// Largest number that is made.
        most: usize,
    },
    /// The town's centre is not on the part of the Earth where a lon/lat lattice makes sense.
    #[error("centre lon {lon}, lat {lat} is out of range: lon -180..=180, lat -70..=70")]
    CentreOutOfRange {
        /// Longitude asked for, degrees.
        lon: f64,
        /// Latitude asked for, degrees.
        lat: f64,
    },
    /// The mean number of people in a cell is negative or not a number.
    #[error("people per cell is {found}: give a finite number, 0 or more")]
    PeoplePerCell {
        /// What was asked for.
        found: f64,
    },
    /// A picture without pixels, or with more than are painted.
    #[error("a picture of {found} px a side cannot be painted: give 1 to {most}")]
    PictureSize {
        /// Pixels a side asked for.
        found: u32,
        /// Largest number that is painted.
        most: u32,
    },
    /// Pixels so small or so large that no house could be seen.
    #[error("pixels of {found} m cannot be painted: give 0.05 to 5")]
    PixelSize {
        /// Metres asked for.
        found: f64,
    },
    /// No shape has this name.
    #[error("no town shape is called `{found}`: {known}")]
    UnknownShape {
        /// The name given.
        found: String,
        /// The names there are.
        known: String,
    },
    /// The finished columns do not make a table.
    #[error(transparent)]
    Table(#[from] tables::Error),
}
