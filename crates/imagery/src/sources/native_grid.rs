//! Where the pixels of a source lie: plans of chips that know share their edges.

use std::sync::Arc;

use tables::Crs;

use super::Source;
use super::cog::{CogFile, Place, payer};
use super::wms::named_crs;
use crate::Error;
use crate::byte_ranges::ByteRanges;
use crate::clock::Clock;
use crate::fetch::{Fetcher, Miss, Transport};
use crate::pyramid::{Level, own_level};

/// Square pixels of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct NativeGrid {
    /// Their reference system.
    pub crs: Crs,
    /// Side of a pixel in units of the reference system.
    pub pixel: f64,
    /// A corner of one of them.
    pub corner: (f64, f64),
}

/// Tries of a request for the head of a raster.
pub(super) const TRIES: u32 = 5;

impl Source {
    /// The grid of the source's own pixels of about this side (within 0.5 %), where it states one: a
    /// raster in its head, map tiles by their scheme, Earth Engine in its settings.
    ///
    /// # Errors
    /// What is wrong with the settings, or why the raster cannot be read.
    pub async fn native_grid(
        &self,
        pixel: f64,
        transport: Arc<dyn Transport>,
        ranges: Arc<dyn ByteRanges>,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<NativeGrid>, Error> {
        let of_levels = |crs: &Crs, levels: &[Level]| {
            let level = own_level(levels, (pixel, pixel))?;
            let is_square =
                level.turned.is_none() && (level.pixel.0 / level.pixel.1 - 1.0).abs() < 1e-9;
            is_square.then(|| NativeGrid {
                crs: crs.clone(),
                pixel: level.pixel.0,
                corner: level.origin,
            })
        };
        match self {
            Self::EarthEngine(source) => {
                let crs = named_crs("source.crs", &source.crs)?;
                Ok(of_levels(&crs, &[source.level()]))
            }
            Self::Xyz(source) => Ok(of_levels(&Crs::from_epsg(3857)?, &source.levels())),
            Self::Cog(source) => {
                let place = Place::parse("source.url", &source.url)?;
                let call = Fetcher::alone(self.kind(), transport, clock, TRIES).call();
                let reader = place.reader(payer(source.requester_pays), ranges, &call);
                let opened = CogFile::open(reader, source.stated()?).await;
                let file = opened.map_err(|miss| unreadable(&place, miss))?;
                Ok(of_levels(&file.map().crs, file.levels()))
            }
            // Items of a catalogue have each their own; services that draw have none.
            Self::Stac(_)
            | Self::Wms(_)
            | Self::Arcgis(_)
            | Self::Mapbox(_)
            | Self::StreetView(_)
            | Self::Mapillary(_) => Ok(None),
        }
    }
}

pub(super) fn unreadable(place: &Place, miss: Miss) -> Error {
    match miss {
        Miss::Fatal(error) => error,
        Miss::Failed(problem) | Miss::NoImagery(problem) => Error::raster(place.shown(), problem),
        Miss::GaveUp(reason) => Error::SourceUnavailable {
            source_kind: "cog",
            samples: 1,
            reason: format!("{}: {reason}", place.shown()),
        },
        Miss::Stopped | Miss::Capped => Error::Internal {
            doing: "reading the head of a raster",
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::byte_ranges::MemoryRanges;
    use crate::clock::SystemClock;
    use crate::fetch::HttpTransport;
    use raster::Grid;
    use raster::geotiff::{GeotiffOptions, write_geotiff};
    use raster::{Pixels, Values};

    async fn native(source: serde_json::Value, pixel: f64) -> Option<NativeGrid> {
        let grid = Grid {
            crs: Crs::from_epsg(32631).unwrap(),
            origin: (500_003.0, 1_000_007.0),
            pixel: (0.5, 0.5),
            width: 600,
            height: 600,
        };
        let pixels = Pixels::new(600, 600, 1, Values::U8(vec![9; 360_000])).unwrap();
        let raster = write_geotiff(&pixels, &grid, &GeotiffOptions::default()).unwrap();
        let mut ranges = MemoryRanges::default();
        ranges.insert("s3://maps/a.tif", raster);
        let source: Source = serde_json::from_value(source).unwrap();
        source
            .native_grid(
                pixel,
                Arc::new(HttpTransport::new().unwrap()),
                Arc::new(ranges),
                Arc::new(SystemClock),
            )
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_raster_states_its_grid_and_those_of_its_overviews() {
        let cog = json!({"kind": "cog", "url": "s3://maps/a.tif"});
        let own = native(cog.clone(), 0.501).await.unwrap();
        assert_eq!((own.pixel, own.corner), (0.5, (500_003.0, 1_000_007.0)));
        assert_eq!(own.crs.epsg(), Some(32631));
        let overview = native(cog.clone(), 1.0).await.unwrap();
        assert_eq!((overview.pixel, overview.corner), (1.0, own.corner));
        assert_eq!(native(cog, 0.7).await, None);
    }

    #[tokio::test]
    async fn tiles_have_a_grid_for_each_zoom() {
        let tiles = json!({"kind": "xyz", "url": "https://tiles.example/{z}/{x}/{y}.png"});
        let own = native(tiles.clone(), 4.77).await.unwrap();
        assert_eq!(own.pixel, 4.777_314_267_823_516);
        assert_eq!(
            own.corner,
            (-20_037_508.342_789_244, 20_037_508.342_789_244)
        );
        assert_eq!(native(tiles, 6.0).await, None);
    }
}
