//! The suite of all stores over the two of this crate, and what each promises beyond it.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use store::{Depth, Error, Folder, Memory, Store, conformance};

#[tokio::test]
async fn memory_behaves() {
    conformance::check(Arc::new(Memory::new("bucket"))).await;
}

#[tokio::test]
async fn a_folder_behaves() {
    let root = tempfile::tempdir().unwrap();
    conformance::check(Arc::new(Folder::new(root.path()))).await;
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
