//! measures
mod error;
mod measure;
mod picture;

pub use error::{Error, Result};
pub use measure::{
    Blank, Brightness, Edge, Exg, Green, MeasureSpec, ReadingStatus, Readings, check, columns, measure, measure_bytes,
};
pub use picture::Picture;
