//! Decoded tiles kept for the pictures that share them: each is fetched once, by the first that asks.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::fetch::Miss;
use raster::{Pixels, with_values};

/// Which tile: of which raster of the source, level, column and row.
pub(crate) type TileKey = (usize, usize, u64, u64);

type Cell = Arc<OnceCell<Option<Arc<Pixels>>>>;

/// A cache that drops the tiles that were used longest ago when it holds more than its bytes.
pub(crate) struct TileCache {
    capacity: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    cells: HashMap<TileKey, Entry>,
    by_use: BTreeMap<u64, TileKey>,
    bytes: usize,
    uses: u64,
}

struct Entry {
    cell: Cell,
    last_use: u64,
    bytes: usize,
}

impl TileCache {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            kept: Mutex::default(),
        }
    }

    /// The tile, fetched unless it is there; others who want it meanwhile wait for the same fetch.
    pub(crate) async fn get_or_fetch(
        &self,
        key: TileKey,
        fetch: impl Future<Output = Result<Option<Arc<Pixels>>, Miss>>,
    ) -> Result<Option<Arc<Pixels>>, Miss> {
        let cell = self.cell(key);
        if let Some(tile) = cell.get() {
            return Ok(tile.clone());
        }
        let tile = cell.get_or_try_init(|| fetch).await?.clone();
        self.count(key, tile.as_deref().map_or(0, size));
        Ok(tile)
    }

    fn cell(&self, key: TileKey) -> Cell {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let now = kept.uses;
        let entry = kept.cells.entry(key).or_insert_with(|| Entry {
            cell: Cell::default(),
            last_use: now,
            bytes: 0,
        });
        let before = std::mem::replace(&mut entry.last_use, now);
        let cell = entry.cell.clone();
        kept.by_use.remove(&before);
        kept.by_use.insert(now, key);
        cell
    }

    fn count(&self, key: TileKey, bytes: usize) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = kept.cells.get_mut(&key) {
            let before = std::mem::replace(&mut entry.bytes, bytes);
            kept.bytes = kept.bytes + bytes - before;
        }
        while kept.bytes > self.capacity {
            let Some((_, oldest)) = kept.by_use.pop_first() else {
                break;
            };
            if let Some(entry) = kept.cells.remove(&oldest) {
                kept.bytes -= entry.bytes;
            }
        }
    }
}

fn size(tile: &Pixels) -> usize {
    with_values!(tile.values(), values => size_of_val(values.as_slice()))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use raster::Values;

    fn tile(bytes: usize) -> Arc<Pixels> {
        Arc::new(Pixels::new(bytes as u32, 1, 1, Values::U8(vec![0; bytes])).unwrap())
    }

    #[tokio::test]
    async fn a_tile_that_many_want_at_once_is_fetched_once() {
        let cache = TileCache::new(1000);
        let fetched = AtomicUsize::new(0);
        let ask = || {
            cache.get_or_fetch((0, 0, 1, 1), async {
                fetched.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Ok(Some(tile(10)))
            })
        };
        let (a, b, c) = tokio::join!(ask(), ask(), ask());
        assert!([a, b, c].into_iter().all(|tile| tile.unwrap().is_some()));
        assert_eq!(fetched.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn the_tile_used_longest_ago_goes_first() {
        let cache = TileCache::new(25);
        let fetched = AtomicUsize::new(0);
        for column in [0, 1, 0, 2, 0, 1] {
            let fetch = async {
                fetched.fetch_add(1, Ordering::Relaxed);
                Ok(Some(tile(10)))
            };
            cache.get_or_fetch((0, 0, column, 0), fetch).await.unwrap();
        }
        // 0, 1, 2 and once more 1, which 2 had pushed out.
        assert_eq!(fetched.load(Ordering::Relaxed), 4);
    }

    #[tokio::test]
    async fn a_failed_fetch_is_not_remembered() {
        let cache = TileCache::new(25);
        let failed = cache
            .get_or_fetch((0, 0, 0, 0), async { Err(Miss::Stopped) })
            .await;
        assert!(failed.is_err());
        assert!(
            cache
                .get_or_fetch((0, 0, 0, 0), async { Ok(Some(tile(1))) })
                .await
                .unwrap()
                .is_some()
        );
    }
}
