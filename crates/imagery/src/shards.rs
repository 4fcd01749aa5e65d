//! WebDataset shards: tar files of pictures and their facts, as machine-learning readers take them.
//!
//! Each sample is `{name}.{extension}` and `{name}.json` next to each other, and
//! `{name}.labels.tif` where labels have a file of their own. The name is the sample's, with every character
//! that the format gives a meaning to (`.` ends a name, `/` a folder) written as `%` and its code.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::Error;
use crate::ledger::LedgerRow;
use crate::store::{Fault, FaultKind, PictureStore};

/// How large a shard may grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardLimits {
    /// Samples in a shard.
    pub samples: usize,
    /// Bytes of pictures in a shard: also what is held in memory.
    pub bytes: u64,
}

impl Default for ShardLimits {
    /// 1,000 samples or 64 MiB.
    fn default() -> Self {
        Self {
            samples: 1000,
            bytes: 64 << 20,
        }
    }
}

/// Packs the stored pictures of rows, in their order, into `{prefix}-000.tar`, `{prefix}-001.tar` and so on.
///
/// The same rows give the same bytes. Gives back the keys of the shards.
///
/// # Errors
/// [`Error::Storage`] where a picture is not there or a shard cannot be written.
pub async fn pack(
    rows: &[LedgerRow],
    store: &dyn PictureStore,
    prefix: &str,
    limits: ShardLimits,
) -> Result<Vec<String>, Error> {
    let mut keys = Vec::new();
    let mut shard = Shard::default();
    for row in rows.iter().filter(|row| row.status.has_picture()) {
        let Some(key) = &row.key else { continue };
        let bytes = get(store, key).await?;
        let labels = match row.label_share {
            Some(_) => {
                let key = labels_key(key);
                store
                    .get(&key)
                    .await
                    .map_err(|fault| Error::Storage { key, fault })?
            }
            None => None,
        };
        if shard.samples >= limits.samples.max(1)
            || shard.samples > 0 && shard.bytes + bytes.len() as u64 > limits.bytes
        {
            keys.push(write(std::mem::take(&mut shard), store, prefix, keys.len()).await?);
        }
        shard.add(row, key, &bytes, labels.as_ref())?;
    }
    if shard.samples > 0 {
        keys.push(write(shard, store, prefix, keys.len()).await?);
    }
    Ok(keys)
}

async fn get(store: &dyn PictureStore, key: &str) -> Result<Bytes, Error> {
    let missing = || {
        Fault::new(
            FaultKind::NotFound,
            "the picture that the ledger names is not there",
        )
    };
    let found = store
        .get(key)
        .await
        .and_then(|bytes| bytes.ok_or_else(missing));
    found.map_err(|fault| Error::Storage {
        key: key.to_owned(),
        fault,
    })
}

async fn write(
    shard: Shard,
    store: &dyn PictureStore,
    prefix: &str,
    number: usize,
) -> Result<String, Error> {
    let key = format!("{prefix}-{number:03}.tar");
    let bytes = shard.tar.into_inner().map_err(|_| Error::Internal {
        doing: "closing a shard",
    })?;
    store
        .put(&key, bytes.into(), "application/x-tar")
        .await
        .map_err(|fault| Error::Storage {
            key: key.clone(),
            fault,
        })?;
    Ok(key)
}

/// A shard under way.
struct Shard {
    tar: tar::Builder<Vec<u8>>,
    samples: usize,
    bytes: u64,
}

impl Default for Shard {
    fn default() -> Self {
        Self {
            tar: tar::Builder::new(Vec::new()),
            samples: 0,
            bytes: 0,
        }
    }
}

impl Shard {
    fn add(
        &mut self,
        row: &LedgerRow,
        key: &str,
        picture: &[u8],
        labels: Option<&Bytes>,
    ) -> Result<(), Error> {
        let name = member_name(&row.sample_id);
        let extension = key
            .rsplit_once('.')
            .map_or("bin", |(_, extension)| extension);
        self.append(&format!("{name}.{extension}"), picture)?;
        if let Some(labels) = labels {
            self.append(&format!("{name}.labels.tif"), labels)?;
        }
        self.append(&format!("{name}.json"), facts(row).to_string().as_bytes())?;
        self.samples += 1;
        self.bytes += picture.len() as u64;
        Ok(())
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        self.tar
            .append_data(&mut header, name, bytes)
            .map_err(|_| Error::Internal {
                doing: "packing a shard",
            })
    }
}

/// The facts of a sample that a reader may want beside its picture.
fn facts(row: &LedgerRow) -> Value {
    let mut facts = Map::new();
    facts.insert("sample_id".to_owned(), json!(row.sample_id));
    facts.insert("width".to_owned(), json!(row.width));
    facts.insert("height".to_owned(), json!(row.height));
    facts.insert("sha256".to_owned(), json!(row.sha256));
    facts.insert("pixel_m".to_owned(), json!(row.pixel_m));
    facts.insert("captured".to_owned(), json!(row.captured));
    facts.insert("source".to_owned(), json!(row.source));
    facts.insert("attribution".to_owned(), json!(row.attribution));
    facts.insert("label_share".to_owned(), json!(row.label_share));
    let ring = row.footprint.as_ref().map(|outline| {
        outline
            .exterior()
            .coords()
            .map(|place| json!([place.x, place.y]))
            .collect::<Vec<_>>()
    });
    facts.insert(
        "footprint".to_owned(),
        ring.map_or(
            Value::Null,
            |ring| json!({"type": "Polygon", "coordinates": [ring]}),
        ),
    );
    for (name, value) in &row.measures {
        facts.insert(name.clone(), json!(value));
    }
    Value::Object(facts)
}

fn member_name(sample_id: &str) -> String {
    let mut name = String::with_capacity(sample_id.len());
    for byte in sample_id.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    name
}

fn labels_key(key: &str) -> String {
    let stem = key.rsplit_once('.').map_or(key, |(stem, _)| stem);
    format!("{stem}.labels.tif")
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::ledger::Status;
    use crate::store::MemoryStore;

    async fn filled(count: usize) -> (MemoryStore, Vec<LedgerRow>) {
        let store = MemoryStore::default();
        let mut rows = Vec::new();
        for index in 0..count {
            let key = format!("images/p/{index}.jpg");
            store
                .put(&key, vec![index as u8; 100].into(), "image/jpeg")
                .await
                .unwrap();
            rows.push(LedgerRow {
                status: Status::Ok,
                key: Some(key),
                measures: vec![("green".to_owned(), Some(0.5))],
                ..LedgerRow::new(&format!("tract.{index}"), "mapbox", None)
            });
        }
        rows.push(LedgerRow::new("failed", "mapbox", None));
        (store, rows)
    }

    fn members(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
        let mut archive = tar::Archive::new(bytes);
        archive
            .entries()
            .unwrap()
            .map(|entry| {
                let mut entry = entry.unwrap();
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes).unwrap();
                (entry.path().unwrap().to_str().unwrap().to_owned(), bytes)
            })
            .collect()
    }

    #[tokio::test]
    async fn shards_hold_each_picture_and_its_facts_under_one_name() {
        let (store, rows) = filled(5).await;
        let limits = ShardLimits {
            samples: 2,
            ..ShardLimits::default()
        };
        let keys = pack(&rows, &store, "shards/p/00001", limits).await.unwrap();
        assert_eq!(
            keys,
            [
                "shards/p/00001-000.tar",
                "shards/p/00001-001.tar",
                "shards/p/00001-002.tar"
            ]
        );
        let first = members(&store.objects()[&keys[0]]);
        let names: Vec<&str> = first.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "tract%2E0.jpg",
                "tract%2E0.json",
                "tract%2E1.jpg",
                "tract%2E1.json"
            ]
        );
        assert_eq!(first[2].1, vec![1; 100]);
        let facts: Value = serde_json::from_slice(&first[1].1).unwrap();
        assert_eq!(
            (&facts["sample_id"], &facts["green"]),
            (&json!("tract.0"), &json!(0.5))
        );
    }

    #[tokio::test]
    async fn a_shard_ends_before_it_grows_too_large_and_is_the_same_every_time() {
        let (store, rows) = filled(5).await;
        let limits = ShardLimits {
            samples: 100,
            bytes: 250,
        };
        let keys = pack(&rows, &store, "a", limits).await.unwrap();
        assert_eq!(keys.len(), 3);
        let before = store.objects()[&keys[0]].clone();
        pack(&rows, &store, "a", limits).await.unwrap();
        assert_eq!(store.objects()[&keys[0]], before);
    }

    #[tokio::test]
    async fn a_picture_that_is_gone_is_named() {
        let (store, mut rows) = filled(1).await;
        rows[0].key = Some("images/p/gone.jpg".to_owned());
        let error = pack(&rows, &store, "a", ShardLimits::default())
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "storing images/p/gone.jpg: the picture that the ledger names is not there"
        );
    }
}
