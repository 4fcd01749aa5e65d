//! Rasters in tiles and levels: web map tiles and Cloud Optimized GeoTIFF alike.

mod mosaic;
mod resample;
mod tile_cache;
mod window;

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{StreamExt, TryStreamExt};

pub(crate) use mosaic::Mosaic;
pub use resample::Resampling;
pub(crate) use tile_cache::TileCache;
pub(crate) use window::{Plan, grid_of, own_level, plan};

use crate::fetch::{Call, Miss};
use crate::pixels::Pixels;

/// Most tiles that one picture may need.
const MOST_TILES: u64 = 4096;
/// Tiles that one picture asks for at once; the places in flight bound them further.
const TILES_AT_ONCE: usize = 16;

/// One level of detail of a raster, rows from the top.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Level {
    /// Outer corner of the upper left pixel, in map units.
    pub(crate) origin: (f64, f64),
    /// Size of a pixel in map units, both positive.
    pub(crate) pixel: (f64, f64),
    /// Columns and rows.
    pub(crate) size: (u64, u64),
    /// Columns and rows of a tile.
    pub(crate) tile: (u32, u32),
}

/// Gives tiles of a raster.
#[async_trait]
pub(crate) trait TileSource: Send + Sync {
    /// A tile of a level, or `None` where the raster has none.
    async fn tile(
        &self,
        level: usize,
        column: u64,
        row: u64,
        call: &Call,
    ) -> Result<Option<Arc<Pixels>>, Miss>;
}

/// Fetches the tiles that a plan needs. `None` where none of them exists.
pub(crate) async fn gather(
    tiles: &dyn TileSource,
    levels: &[Level],
    plan: &Plan,
    call: &Call,
) -> Result<Option<Mosaic>, Miss> {
    let Some(level) = levels.get(plan.level) else {
        return Ok(None);
    };
    let Some(span) = plan.tiles(level) else {
        return Ok(None);
    };
    if span.count() > MOST_TILES {
        return Err(Miss::Failed(format!(
            "the picture covers {} tiles of the source (at most {MOST_TILES}): ask for larger pixels",
            span.count()
        )));
    }
    let places = span.places();
    let found: Vec<_> = futures::stream::iter(places)
        .map(|(column, row)| async move {
            Ok::<_, Miss>((
                column,
                row,
                tiles.tile(plan.level, column, row, call).await?,
            ))
        })
        .buffered(TILES_AT_ONCE)
        .try_collect()
        .await?;
    let found: Vec<_> = found
        .into_iter()
        .filter_map(|(column, row, tile)| Some((column, row, tile?)))
        .collect();
    Ok((!found.is_empty()).then(|| Mosaic::new(level.clone(), found)))
}
