//! What a raster says of itself: for people, before anything is cut from it.

use std::sync::Arc;

use super::Source;
use super::cog::{CogFile, Place, payer};
use super::native_grid::{TRIES, unreadable};
use crate::Error;
use crate::byte_ranges::ByteRanges;
use crate::clock::Clock;
use crate::fetch::{Fetcher, Transport};

/// The head of a raster.
#[derive(Clone, Debug, PartialEq)]
pub struct RasterFacts {
    /// Where it lies.
    pub location: String,
    /// Reference system, as `EPSG:32632` where it has a number.
    pub crs: String,
    /// Columns and rows.
    pub size: (u64, u64),
    /// Size of a pixel in units of the reference system.
    pub pixel: (f64, f64),
    /// Names of the bands, or their numbers.
    pub bands: Vec<String>,
    /// Type of a value, such as `uint16`.
    pub value_type: String,
    /// The value that stands for no data.
    pub nodata: Option<f64>,
    /// Reduced images beside the full one.
    pub overviews: usize,
}

impl Source {
    /// The head of the raster that every picture is cut from; none for other sources.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub async fn raster_facts(
        &self,
        transport: Arc<dyn Transport>,
        ranges: Arc<dyn ByteRanges>,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<RasterFacts>, Error> {
        let Self::Cog(source) = self else {
            return Ok(None);
        };
        let place = Place::parse("source.url", &source.url)?;
        let call = Fetcher::alone(self.kind(), transport, clock, TRIES).call();
        let reader = place.reader(payer(source.requester_pays), ranges, &call);
        let opened = CogFile::open(reader, source.stated()?).await;
        let file = opened.map_err(|miss| unreadable(&place, miss))?;
        let all: Vec<u16> = (0..file.bands()).collect();
        let mut bands = file.band_names(&all);
        if bands.is_empty() {
            bands = all.iter().map(|band| (band + 1).to_string()).collect();
        }
        let full = file.levels().first();
        Ok(Some(RasterFacts {
            location: place.shown().to_owned(),
            crs: file.map().crs.to_string(),
            size: full.map_or((0, 0), |level| level.size),
            pixel: full.map_or((0.0, 0.0), |level| level.pixel),
            bands,
            value_type: file.value_type(),
            nodata: file.nodata(),
            overviews: file.levels().len().saturating_sub(1),
        }))
    }
}
