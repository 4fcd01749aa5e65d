//! One suite that every store passes.
//!
//! S3 takes part when `TRANSECT_TEST_BUCKET` names a bucket that this process may write to
//! (the end-to-end tests create one on the local stack).
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use store::{Depth, Error, Folder, Memory, Store, Stores, Written};

async fn behaves(store: Arc<dyn Store>) {
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

#[tokio::test]
async fn memory_behaves() {
    behaves(Arc::new(Memory::new("bucket"))).await;
}

#[tokio::test]
async fn a_folder_behaves() {
    let root = tempfile::tempdir().unwrap();
    behaves(Arc::new(Folder::new(root.path()))).await;
}

#[tokio::test]
async fn s3_behaves() {
    let Ok(bucket) = std::env::var("TRANSECT_TEST_BUCKET") else {
        println!("skipped: TRANSECT_TEST_BUCKET is not set");
        return;
    };
    behaves(Stores::on_s3(&aws_config::load_from_env().await).bucket(&bucket)).await;
}

#[tokio::test]
async fn a_missing_bucket_is_told_apart_from_a_missing_key() {
    let root = tempfile::tempdir().unwrap();
    let store = Folder::new(root.path().join("none"));
    assert!(matches!(
        store.list("", Depth::Deep, None).await,
        Err(Error::BucketNotFound { .. })
    ));
}

#[tokio::test]
async fn a_listing_goes_on_page_by_page() {
    let store = Memory::new("bucket");
    for n in 0..2500 {
        store
            .put(&format!("k/{n:05}"), "x".into(), "text/plain")
            .await
            .unwrap();
    }
    assert_eq!(store.list_all("k/").await.unwrap().len(), 2500);
    let page = store.list("k/", Depth::Deep, None).await.unwrap();
    assert_eq!(page.objects.len(), 1000);
    assert_eq!(page.next.as_deref(), Some("k/00999"));
}
