//! Which places are neighbours: cells of a lattice, touching polygons, or scattered points.

mod bridges;
mod lattice;
mod scattered;
mod touching;

pub(crate) use bridges::bridges;
pub(crate) use lattice::CellIndex;
pub use lattice::Lattice;
pub use scattered::scattered;
pub use touching::touching;
