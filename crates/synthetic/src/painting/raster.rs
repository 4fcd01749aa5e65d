//! The pixels that are painted, and what each of them shows.
//!
//! Places are in metres from the picture's upper left corner, x to the right and y downwards.

use geo::{Coord, coord};

use super::PaintSpec;
use crate::streams::{Noise, Subject};

/// What a pixel shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Cover {
    /// Dry, open ground.
    Soil,
    /// A road.
    Road,
    /// The roof of a house.
    Roof,
    /// The crown of a tree.
    Tree,
}

const SOIL: [f64; 3] = [196.0, 176.0, 140.0];

/// A picture in the making.
pub(super) struct Raster {
    size: usize,
    pixel_m: f64,
    pub(super) rgb: Vec<u8>,
    pub(super) covers: Vec<Cover>,
}

impl Raster {
    /// Bare ground, here lighter and there darker.
    pub(super) fn soil(spec: &PaintSpec) -> Self {
        let size = spec.size_px as usize;
        let noise = Noise::new(spec.seed, Subject::Soil, 60.0);
        let mut raster = Self {
            size,
            pixel_m: spec.pixel_m,
            rgb: vec![0; size * size * 3],
            covers: vec![Cover::Soil; size * size],
        };
        for row in 0..size {
            for column in 0..size {
                let place = raster.middle(column, row);
                raster.paint(
                    column,
                    row,
                    Cover::Soil,
                    SOIL,
                    1.0 + 0.16 * noise.at(place.x, place.y),
                );
            }
        }
        raster
    }

    /// The middle of a pixel.
    fn middle(&self, column: usize, row: usize) -> Coord {
        coord! { x: (column as f64 + 0.5) * self.pixel_m, y: (row as f64 + 0.5) * self.pixel_m }
    }

    fn paint(&mut self, column: usize, row: usize, cover: Cover, colour: [f64; 3], light: f64) {
        let pixel = row * self.size + column;
        self.covers[pixel] = cover;
        for (value, channel) in self.rgb[3 * pixel..3 * pixel + 3].iter_mut().zip(colour) {
            // A cast to u8 stops at 0 and 255.
            *value = (channel * light).round() as u8;
        }
    }

    /// Columns and rows of the pixels whose middle is within `reach` of a place, or near it.
    fn near(&self, place: Coord, reach: f64) -> impl Iterator<Item = (usize, usize)> + use<> {
        let from = |metres: f64| ((metres - reach) / self.pixel_m).max(0.0) as usize;
        let to =
            |metres: f64| (((metres + reach) / self.pixel_m).max(0.0) as usize + 1).min(self.size);
        let (left, right) = (from(place.x), to(place.x));
        (from(place.y)..to(place.y))
            .flat_map(move |row| (left..right).map(move |column| (column, row)))
    }

    /// Paints the pixels near a place for whose middle `colour_at` gives a colour and a light.
    pub(super) fn fill(
        &mut self,
        place: Coord,
        reach: f64,
        cover: Cover,
        colour_at: impl Fn(Coord) -> Option<([f64; 3], f64)>,
    ) {
        for (column, row) in self.near(place, reach) {
            if let Some((colour, light)) = colour_at(self.middle(column, row)) {
                self.paint(column, row, cover, colour, light);
            }
        }
    }

    /// Darkens the pixels near a place whose middle is in the shade, whatever they show.
    pub(super) fn shade(&mut self, place: Coord, reach: f64, in_shade: impl Fn(Coord) -> bool) {
        for (column, row) in self.near(place, reach) {
            if in_shade(self.middle(column, row)) {
                let pixel = row * self.size + column;
                for value in &mut self.rgb[3 * pixel..3 * pixel + 3] {
                    *value = (f64::from(*value) * 0.62).round() as u8;
                }
            }
        }
    }
}
