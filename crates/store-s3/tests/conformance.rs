//! The suite of all stores over S3, in the bucket that `TRANSECT_TEST_BUCKET` names; `tests/test_store.py` runs it on the local stack.
#![allow(clippy::unwrap_used)]

use store::conformance;

#[tokio::test]
#[ignore = "needs TRANSECT_TEST_BUCKET"]
async fn s3_keeps_what_every_store_promises() {
    let bucket = std::env::var("TRANSECT_TEST_BUCKET").unwrap();
    let config = store_s3::aws_from_environment().await;
    conformance::check(store_s3::stores(&config).bucket(&bucket)).await;
}
