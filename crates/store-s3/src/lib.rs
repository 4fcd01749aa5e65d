//! The storage trait on Amazon S3, or on anything that speaks like it.
//!
//! [`stores`] opens buckets by name as [`store::Stores`] that every crate takes; the endpoint is
//! AWS's own or what `AWS_ENDPOINT_URL` names. It passes the suite of `store::conformance`.
//!
//! ```no_run
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let config = store_s3::aws_from_environment().await;
//! let inputs = store_s3::stores(&config).bucket("towns");
//! let table = inputs.get("a/b.parquet").await?;
//! # Ok::<(), store::Error>(()) }).unwrap();
//! ```

mod configuration;
mod s3;

pub use configuration::aws_from_environment;
pub use s3::{S3, aws_reason, stores};
