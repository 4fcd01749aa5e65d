//! One suite that every store passes: folder and memory in the tests of this crate, S3 in those of `store-s3`.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use crate::{Depth, Error, Store, Written};

/// Tries every promise of [`Store`] on `store`, below the prefix `conformance/`.
///
/// # Panics
/// Where the store does not keep one. For tests only.
pub async fn check(store: Arc<dyn Store>) {
    let at = |key: &str| format!("conformance/{key}");
    for key in ["b/2.txt", "b/1.txt", "a.txt", "b-c.txt", "é/ü.txt"] {
        store
            .put(&at(key), key.to_owned().into(), "text/plain")
            .await
            .unwrap();
    }

    assert_eq!(store.get(&at("b/2.txt")).await.unwrap(), "b/2.txt");
    assert_eq!(store.get_range(&at("b/2.txt"), 2..5).await.unwrap(), "2.t");
    assert_eq!(store.get_range(&at("b/2.txt"), 4..99).await.unwrap(), "txt");
    assert_eq!(store.get_range(&at("b/2.txt"), 50..99).await.unwrap(), "");
    assert!(matches!(
        store.get(&at("none")).await,
        Err(Error::NotFound { .. })
    ));
    assert!(matches!(
        store.get_range(&at("none"), 0..1).await,
        Err(Error::NotFound { .. })
    ));
    assert_eq!(store.head(&at("none")).await.unwrap(), None);
    assert_eq!(store.head(&at("a.txt")).await.unwrap().unwrap().size, 5);

    // Listings are in the byte order of the keys: '-' comes before '/'.
    let deep = store.list_all("conformance/").await.unwrap();
    let keys: Vec<&str> = deep.iter().map(|object| object.key.as_str()).collect();
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    assert_eq!(keys, sorted);
    assert_eq!(keys.len(), 5);
    let shallow = store
        .list("conformance/", Depth::Folder, None)
        .await
        .unwrap();
    let keys: Vec<&str> = shallow.objects.iter().map(|o| o.key.as_str()).collect();
    assert_eq!(keys, ["conformance/a.txt", "conformance/b-c.txt"]);
    assert_eq!(shallow.folders, ["conformance/b/", "conformance/é/"]);
    let partial = store
        .list("conformance/b", Depth::Folder, None)
        .await
        .unwrap();
    assert_eq!(partial.folders, ["conformance/b/"]);
    assert_eq!(partial.objects.len(), 1);
    assert!(
        store
            .list("nothing/here", Depth::Deep, None)
            .await
            .unwrap()
            .objects
            .is_empty()
    );

    let key = at("once");
    let first = store.put_new(&key, "1".into(), "text/plain").await.unwrap();
    let second = store.put_new(&key, "2".into(), "text/plain").await.unwrap();
    assert_eq!((first, second), (Written::New, Written::AlreadyThere));
    assert_eq!(store.get(&key).await.unwrap(), "1");
    store.put(&key, "3".into(), "text/plain").await.unwrap();
    assert_eq!(store.get(&key).await.unwrap(), "3");
    store.delete(&key).await.unwrap();
    store.delete(&key).await.unwrap();
    assert_eq!(store.head(&key).await.unwrap(), None);

    let folder = tempfile::tempdir().unwrap();
    let (up, down) = (folder.path().join("up"), folder.path().join("down"));
    std::fs::write(&up, vec![7; 100_000]).unwrap();
    store
        .put_file(&at("file"), &up, "application/octet-stream")
        .await
        .unwrap();
    assert_eq!(store.get_file(&at("file"), &down).await.unwrap(), 100_000);
    assert_eq!(std::fs::read(&up).unwrap(), std::fs::read(&down).unwrap());
    assert!(store.get_file(&at("none"), &down).await.is_err());

    for key in ["", "../up", "a//b"] {
        assert!(matches!(
            store.put(key, "x".into(), "text/plain").await,
            Err(Error::InvalidKey { .. })
        ));
    }
}
