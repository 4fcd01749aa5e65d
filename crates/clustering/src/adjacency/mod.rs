//! Which places are neighbours: cells of a lattice, touching polygons, or scattered points.

mod lattice;
mod scattered;
mod touching;

pub use lattice::Lattice;
pub use scattered::scattered;
pub use touching::touching;
