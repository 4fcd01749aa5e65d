//! Rasters in tiles and levels: web map tiles and Cloud Optimized GeoTIFF alike.

mod grid_of;
mod tile_cache;

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{StreamExt, TryStreamExt};

pub(crate) use grid_of::grid_of;
pub(crate) use raster::window::{Level, Plan, own_level, plan};
pub use raster::{Mosaic, Pixels, Resampling};
pub(crate) use tile_cache::TileCache;

use crate::fetch::{Call, Miss};

/// Most tiles that one picture may need.
const MOST_TILES: u64 = 4096;
/// Tiles that one picture asks for at once; the places in flight bound them further.
const TILES_AT_ONCE: usize = 16;

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
