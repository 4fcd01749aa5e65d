//! One module a command.

pub mod check;
pub mod cluster;
pub mod generate;
pub mod map;
pub mod measure;
pub mod plan;
pub mod retry;
pub mod run;
pub mod sample_clusters;
pub mod split;
pub mod start;
pub mod status;
pub mod watch;
