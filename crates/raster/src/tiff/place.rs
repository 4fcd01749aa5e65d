//! Where a raster lies (OGC GeoTIFF 1.1): transform and reference system.

use tables::Crs;

use super::bytes::{Source, Stop};
use super::directory::Directory;
use crate::Error;
use crate::grid::Affine;

/// A key that is "user-defined": further keys say what.
const USER_DEFINED: u16 = 32_767;

/// What a file says of its place, as it says it.
#[derive(Clone, Debug, Default)]
pub struct GeoTags {
    scale: Vec<f64>,
    tiepoint: Vec<f64>,
    matrix: Vec<f64>,
    keys: Vec<(u16, Key)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Key {
    Short(u16),
    Doubles(Vec<f64>),
    Text(String),
}

/// A reference system as a file states it.
#[derive(Clone, Debug, PartialEq)]
pub enum Reference {
    /// By its EPSG code.
    Epsg(u32),
    /// In words of PROJ or WKT.
    Text(String),
    /// Not at all, or in a way that is not understood: what there is.
    Unknown(String),
}

impl GeoTags {
    pub(super) fn of(directory: &Directory, source: &dyn Source) -> Result<Self, Stop> {
        let doubles = directory.doubles(source, 34_736, 4096)?;
        let text = directory.text(source, 34_737)?.unwrap_or_default();
        let numbers = directory.numbers(source, 34_735, 4 * 1024)?;
        let mut keys = Vec::new();
        for key in numbers.get(4..).unwrap_or_default().as_chunks::<4>().0 {
            let [key, place, count, value] = key.map(|number| number as u16);
            let part = usize::from(value)..usize::from(value).saturating_add(usize::from(count));
            let value = match place {
                0 => Some(Key::Short(value)),
                34_736 => doubles.get(part).map(|part| Key::Doubles(part.to_vec())),
                34_737 => text
                    .get(part)
                    .map(|text| Key::Text(text.trim_end_matches('|').to_owned())),
                _ => None,
            };
            keys.extend(value.map(|value| (key, value)));
        }
        Ok(Self {
            scale: directory.doubles(source, 33_550, 3)?,
            tiepoint: directory.doubles(source, 33_922, 6)?,
            matrix: directory.doubles(source, 34_264, 16)?,
            keys,
        })
    }

    fn short(&self, key: u16) -> Option<u16> {
        self.keys.iter().find_map(|(known, value)| match value {
            Key::Short(value) if *known == key => Some(*value),
            _ => None,
        })
    }

    fn double(&self, key: u16) -> Option<f64> {
        self.keys.iter().find_map(|(known, value)| match value {
            Key::Doubles(values) if *known == key => values.first().copied(),
            _ => None,
        })
    }

    fn text(&self, key: u16) -> Option<&str> {
        self.keys.iter().find_map(|(known, value)| match value {
            Key::Text(text) if *known == key => Some(text.as_str()),
            _ => None,
        })
    }

    /// From columns and rows, counted from the outer corner of the upper left pixel, to the ground.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a file that states no place on the ground.
    pub fn transform(&self) -> Result<Affine, Error> {
        let affine = match (
            self.scale.as_slice(),
            self.tiepoint.as_slice(),
            self.matrix.as_slice(),
        ) {
            (&[width, height, ..], &[column, row, _, x, y, ..], _) => Affine([
                x - column * width,
                width,
                0.0,
                y + row * height,
                0.0,
                -height,
            ]),
            (_, _, &[a, b, _, x, d, e, _, y, ..]) => Affine([x, a, b, y, d, e]),
            _ => {
                return Err(Error::unsupported(
                    "a raster that states no place on the ground",
                    "a transform: write it anew with gdal_translate -a_ullr",
                ));
            }
        };
        // Raster type 2: the coordinates are those of the centre of a pixel.
        let affine = if self.short(1025) == Some(2) {
            affine.shifted(-0.5, -0.5)
        } else {
            affine
        };
        if affine.inverse().is_none() {
            return Err(Error::unreadable(
                "tiff",
                "a raster whose pixels have no size on the ground",
            ));
        }
        Ok(affine)
    }

    /// The reference system of the raster.
    pub fn reference(&self) -> Reference {
        let code = match self.short(1024) {
            Some(2) => self.short(2048),
            _ => self.short(3072).or_else(|| self.short(2048)),
        };
        if let Some(code) = code.filter(|code| *code != USER_DEFINED && *code != 0) {
            return Reference::Epsg(code.into());
        }
        // Systems without a code of their own are often told in ESRI's words as well.
        for key in [3073, 1026, 2049] {
            if let Some(wkt) = self
                .text(key)
                .and_then(|text| text.split_once("ESRI PE String = "))
            {
                return Reference::Text(wkt.1.to_owned());
            }
        }
        match super::keys::proj(&|key| self.short(key), &|key| self.double(key)) {
            Ok(text) => Reference::Text(text),
            Err(reason) => {
                let names = [3073, 1026, 2049]
                    .into_iter()
                    .find_map(|key| self.text(key));
                Reference::Unknown(
                    names.map_or_else(|| reason.clone(), |name| format!("{name}: {reason}")),
                )
            }
        }
    }

    /// The reference system, where it is one that is known here.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for one that is not stated or not understood, [`Error::Table`] for one
    /// that cannot be computed with.
    pub fn crs(&self) -> Result<Crs, Error> {
        match self.reference() {
            Reference::Epsg(code) => Ok(Crs::from_epsg(code)?),
            Reference::Text(text) => Ok(crate::grid::crs_of_text(&text)?),
            Reference::Unknown(what) => Err(Error::unsupported(
                format!("a raster that states no reference system that is known here ({what})"),
                "one in source.crs, such as EPSG:32632",
            )),
        }
    }
}
