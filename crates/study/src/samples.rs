//! The samples of a plan, out of the table that they lie in.

use imagery::{Format, Sample};
use tables::Table;

use crate::{Error, Keys};

/// The samples of a table, with the keys their pictures will have.
pub(crate) fn samples_of(table: &Table, keys: &Keys, format: Format) -> Result<Vec<Sample>, Error> {
    let extension = format.extension();
    let columns = Columns::of(table)?;
    let points = table.points()?.ok_or_else(|| Error::Stored {
        location: keys.samples(),
        problem: "its geometry is not points".to_owned(),
    })?;
    let mut samples = Vec::with_capacity(points.len());
    for (row, point) in points.into_iter().enumerate() {
        let text = |column: &[Option<String>]| column.get(row).cloned().flatten();
        let sample_id = text(&columns.sample_id).ok_or_else(|| Error::Stored {
            location: keys.samples(),
            problem: format!("row {row} has no sample_id"),
        })?;
        let places: Vec<String> = columns.places.iter().filter_map(|c| text(c)).collect();
        let places: Vec<&str> = places.iter().map(String::as_str).collect();
        samples.push(Sample {
            lon: point.x,
            lat: point.y,
            heading: columns.heading.get(row).copied().flatten(),
            pitch: columns.pitch.get(row).copied().flatten(),
            grid: columns.grid(row)?,
            key: keys.picture(&places, &sample_id, extension),
            sample_id,
        });
    }
    Ok(samples)
}

/// The columns of a plan's samples that taking pictures needs.
struct Columns {
    sample_id: Vec<Option<String>>,
    /// What stands above a picture in its key.
    places: Vec<Vec<Option<String>>>,
    heading: Vec<Option<f64>>,
    pitch: Vec<Option<f64>>,
    chips: Option<Chips>,
}

/// Where the chips of a chip plan lie.
struct Chips {
    crs: Vec<Option<String>>,
    x_min: Vec<Option<f64>>,
    y_max: Vec<Option<f64>>,
    pixel_m: Vec<Option<f64>>,
    chip_px: Vec<Option<f64>>,
}

impl Columns {
    fn of(table: &Table) -> Result<Self, Error> {
        let texts = |name: &str| -> Result<Option<Vec<Option<String>>>, tables::Error> {
            table
                .has_column(name)
                .then(|| table.texts(name))
                .transpose()
        };
        let numbers = |name: &str| -> Result<Vec<Option<f64>>, tables::Error> {
            if table.has_column(name) {
                table.numbers(name)
            } else {
                Ok(Vec::new())
            }
        };
        let names: &[&str] = if table.has_column("town") {
            &["town", "road_name", "osm_way_id", "side"]
        } else {
            &["area_id"]
        };
        let mut places = Vec::new();
        for name in names {
            places.extend(texts(name)?);
        }
        let chips = match texts("crs")? {
            Some(crs) => Some(Chips {
                crs,
                x_min: table.numbers("x_min")?,
                y_max: table.numbers("y_max")?,
                pixel_m: table.numbers("pixel_m")?,
                chip_px: table.numbers("chip_px")?,
            }),
            None => None,
        };
        Ok(Self {
            sample_id: table.texts("sample_id")?,
            places,
            heading: numbers("heading")?,
            pitch: numbers("pitch")?,
            chips,
        })
    }

    fn grid(&self, row: usize) -> Result<Option<imagery::Grid>, Error> {
        let Some(chips) = &self.chips else {
            return Ok(None);
        };
        let number = |column: &[Option<f64>]| column.get(row).copied().flatten();
        let (Some(crs), Some(x), Some(y), Some(pixel), Some(size)) = (
            chips.crs.get(row).cloned().flatten(),
            number(&chips.x_min),
            number(&chips.y_max),
            number(&chips.pixel_m),
            number(&chips.chip_px),
        ) else {
            return Ok(None);
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a column of small whole numbers; the cast saturates"
        )]
        let size = size as u32;
        Ok(Some(imagery::Grid {
            crs: crs.parse()?,
            origin: (x, y),
            pixel: (pixel, pixel),
            width: size,
            height: size,
        }))
    }
}
