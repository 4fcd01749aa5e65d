//! Self-contained HTML pages: what a study's pictures say, and what a clustering run brought.
//!
//! A page is one file: its style, its maps (inline SVG), its pictures (data URIs) and its few lines of script are inside,
//! and it loads nothing, so it can be mailed, archived and opened without a network. It follows the reader's dark or
//! light setting, works without the script, and every colour is also said in words.
//!
//! [`collect_page`] shows a plan: its samples and areas or roads on a map, what became of every sample, how the readings
//! are spread, and some of the pictures. [`town_page`] shows the roads of one town. [`clustered_page`] shows the clusters of one table,
//! [`cluster_page`] a run of the clustering: a row a file, and maps.
//!
//! ```
//! use report::{ClusterReport, ClusteredFile, cluster_page};
//!
//! let file = ClusteredFile { filename: "north.parquet".into(), rows: 1200, clusters: 40, ..ClusteredFile::default() };
//! let page = cluster_page(&ClusterReport { run: "2026-11".into(), files: vec![file], ..ClusterReport::default() });
//! assert!(page.starts_with("<!DOCTYPE html>") && page.contains("north.parquet"));
//! ```
//!
//! What it does not do: reading or writing files, and maps with a background of streets.

mod cluster_page;
mod clustered_page;
mod collect_page;
mod error;
mod gallery;
mod histogram;
mod map;
mod numbers;
mod page;
mod town_page;

pub use cluster_page::{ClusterReport, ClusteredFile, FailedFile, cluster_page};
pub use clustered_page::{ClusteredReport, clustered_page};
pub use collect_page::{CollectReport, collect_page};
pub use error::{Error, Result};
pub use gallery::{Thumbnail, gallery_samples, thumbnail};
pub use town_page::{TownReport, town_page};
