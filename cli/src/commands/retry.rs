//! `transect retry`: takes back what rests as failed.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use contracts::Fault;
use store::{Folder, Store};

/// Try the failed samples of a plan again: later quotas take them, after what was never tried.
///
/// Example: transect retry 0123456789abcdef --out transect-out
#[derive(Args)]
pub struct Retry {
    /// Plan, as `transect plan` and the collect machine print it
    plan_id: String,
    /// Folder of the plan
    #[arg(long, default_value = "transect-out")]
    out: PathBuf,
    /// Bucket of the plan, instead of a folder
    #[arg(long, value_name = "BUCKET", conflicts_with = "out")]
    output_bucket: Option<String>,
}

impl Retry {
    pub async fn run(self) -> Result<(), Fault> {
        let store: Arc<dyn Store> = match &self.output_bucket {
            Some(bucket) => {
                store_s3::stores(&store_s3::aws_from_environment().await).bucket(bucket)
            }
            None => Arc::new(Folder::new(&self.out)),
        };
        let failed = study::retry(&self.plan_id, &store).await?;
        println!("{failed} failed samples will be tried again");
        Ok(())
    }
}
