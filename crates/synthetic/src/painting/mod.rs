//! A painted aerial picture of a place that does not exist, with the truth about it.

mod houses;
mod raster;
mod streets;
mod trees;
mod truth;

use geo::{Coord, LineString, Polygon, Rect, coord};
use tables::{Crs, Projection};

pub use raster::Cover;

use crate::Error;
use raster::Raster;

/// The largest picture that is painted: 1.2 GB of pixels and covers.
pub const MOST_PIXELS_A_SIDE: u32 = 17_000;

/// A wish for a picture: the same wish always gives the same picture.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaintSpec {
    /// Pixels a side; pictures are square.
    pub size_px: u32,
    /// Size of a pixel on the ground, metres.
    pub pixel_m: f64,
    /// Everything random follows from this number.
    pub seed: u64,
    /// Longitude of the picture's middle, degrees.
    pub centre_lon: f64,
    /// Latitude of the picture's middle, degrees, -70 to 70.
    pub centre_lat: f64,
}

impl PaintSpec {
    /// A picture of the default place on Mindanao with pixels of half a metre.
    #[must_use]
    pub fn new(size_px: u32, seed: u64) -> Self {
        Self {
            size_px,
            pixel_m: 0.5,
            seed,
            centre_lon: 125.5,
            centre_lat: 7.9,
        }
    }

    fn check(&self) -> Result<(), Error> {
        if !(1..=MOST_PIXELS_A_SIDE).contains(&self.size_px) {
            return Err(Error::PictureSize {
                found: self.size_px,
                most: MOST_PIXELS_A_SIDE,
            });
        }
        if !(0.05..=5.0).contains(&self.pixel_m) {
            return Err(Error::PixelSize {
                found: self.pixel_m,
            });
        }
        let (lon, lat) = (self.centre_lon, self.centre_lat);
        if !(-180.0..=180.0).contains(&lon) || !(-70.0..=70.0).contains(&lat) {
            return Err(Error::CentreOutOfRange { lon, lat });
        }
        Ok(())
    }
}

/// A picture with its place on the Earth and the truth about it.
///
/// Trees are the only green in it: no pixel of another cover has an a-value of L\*a\*b\* below -5, no tree one outside
/// -30 to -5, so that the share of trees is what the `green` measure must find, pixel for pixel.
#[derive(Clone, Debug)]
pub struct Painting {
    /// Pixels a side.
    pub size_px: u32,
    /// Size of a pixel, metres.
    pub pixel_m: f64,
    /// Red, green and blue of each pixel, row by row from the north-west.
    pub rgb: Vec<u8>,
    /// EPSG code of the picture's CRS, a UTM zone.
    pub epsg: u32,
    /// Easting of its left edge; a whole number of pixels.
    pub west: f64,
    /// Northing of its upper edge; a whole number of pixels.
    pub north: f64,
    /// What is seen in each pixel.
    pub covers: Vec<Cover>,
    /// Footprints of all houses, in metres of the CRS. No tree hides any part of them.
    pub houses: Vec<Polygon>,
    /// Middle lines of all roads, in metres of the CRS.
    pub roads: Vec<LineString>,
}

impl Painting {
    /// The affine transform from pixels to the CRS in the order of GDAL: left edge, pixel width, 0, upper edge, 0, minus
    /// pixel height.
    #[must_use]
    pub fn transform(&self) -> [f64; 6] {
        [self.west, self.pixel_m, 0.0, self.north, 0.0, -self.pixel_m]
    }

    /// The share of tree pixels among those whose middle lies in a rectangle of the CRS; `None` if there are none.
    #[must_use]
    pub fn tree_share(&self, within: Rect) -> Option<f64> {
        let index = |metres: f64| {
            (metres / self.pixel_m - 0.5)
                .ceil()
                .clamp(0.0, f64::from(self.size_px)) as usize
        };
        let columns = index(within.min().x - self.west)..index(within.max().x - self.west);
        let rows = index(self.north - within.max().y)..index(self.north - within.min().y);
        let pixels = columns.len() * rows.len();
        let width = self.size_px as usize;
        let trees: usize = rows
            .map(|row| {
                let covers = &self.covers[row * width + columns.start..row * width + columns.end];
                covers.iter().filter(|&&cover| cover == Cover::Tree).count()
            })
            .sum();
        (pixels > 0).then(|| trees as f64 / pixels as f64)
    }

    /// The whole picture as a rectangle of its CRS.
    #[must_use]
    pub fn extent(&self) -> Rect {
        let side = f64::from(self.size_px) * self.pixel_m;
        Rect::new(
            coord! { x: self.west, y: self.north - side },
            coord! { x: self.west + side, y: self.north },
        )
    }
}

/// Paints a picture.
///
/// ```
/// use synthetic::{PaintSpec, paint};
///
/// let painting = paint(&PaintSpec::new(400, 7))?;
/// assert_eq!(painting.rgb.len(), 400 * 400 * 3);
/// assert!(!painting.houses.is_empty());
/// # Ok::<(), synthetic::Error>(())
/// ```
///
/// # Errors
/// If the wish cannot be met: see [`Error`].
pub fn paint(spec: &PaintSpec) -> Result<Painting, Error> {
    spec.check()?;
    let crs = Crs::utm_for(spec.centre_lon, spec.centre_lat)?;
    let mut middle = [coord! { x: spec.centre_lon, y: spec.centre_lat }];
    Projection::between(&Crs::wgs84(), &crs)?.project(&mut middle)?;
    let side = f64::from(spec.size_px) * spec.pixel_m;
    // The pixels of all pictures of one size lie on one grid.
    let snapped = |metres: f64| (metres / spec.pixel_m).round() * spec.pixel_m;
    let (west, north) = (
        snapped(middle[0].x - side / 2.0),
        snapped(middle[0].y + side / 2.0),
    );

    let mut raster = Raster::soil(spec);
    let streets = streets::lay(spec.seed, side);
    for street in &streets {
        street.draw(&mut raster);
    }
    let houses = houses::build(spec.seed, side, &streets);
    for house in &houses {
        house.draw_shadow(&mut raster);
    }
    for house in &houses {
        house.draw(&mut raster);
    }
    for tree in trees::plant(spec.seed, side, &houses) {
        tree.draw(&mut raster);
    }

    let on_earth = |place: Coord| coord! { x: west + place.x, y: north - place.y };
    Ok(Painting {
        size_px: spec.size_px,
        pixel_m: spec.pixel_m,
        epsg: crs.epsg().unwrap_or_default(),
        west,
        north,
        houses: houses
            .iter()
            .map(|house| {
                Polygon::new(
                    house.corners().into_iter().map(on_earth).collect(),
                    Vec::new(),
                )
            })
            .collect(),
        roads: streets
            .iter()
            .map(|street| street.line.iter().copied().map(on_earth).collect())
            .collect(),
        rgb: raster.rgb,
        covers: raster.covers,
    })
}
