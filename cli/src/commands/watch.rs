//! `transect watch`: follows an execution to its end.

use std::time::Duration;

use clap::Args;
use contracts::{Fault, FaultName};

use crate::progress::Progress;
use executions::{Machines, Standing};

/// How often the execution is asked about.
const EVERY: Duration = Duration::from_millis(500);

/// Follow an execution: a bar of items done, failed and left, then what it gave back. The exit
/// status is 0 only if it succeeded. Ctrl-C stops the watching, not the execution.
#[derive(Args)]
pub struct Watch {
    /// ARN of the execution
    execution: String,
}

impl Watch {
    pub async fn run(self) -> Result<(), Fault> {
        let machines = Machines::new(&store_s3::aws_from_environment().await);
        let bar = Progress::new(0, " ({elapsed})");
        loop {
            let standing = machines.standing(&self.execution).await?;
            let items = standing.items;
            let message = format!(
                "{} done, {} failed, {} left",
                items.done,
                items.failed,
                items.left()
            );
            bar.show(items.done + items.failed, items.total, message);
            if !standing.is_running() {
                bar.end();
                return self.end(standing);
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    fn end(self, standing: Standing) -> Result<(), Fault> {
        if standing.has_succeeded() {
            println!("{}", standing.output.unwrap_or_default());
            return Ok(());
        }
        let ended = standing.status().to_owned();
        let (error, cause) = standing.failure.unwrap_or_default();
        Err(Fault::new(
            FaultName::Internal,
            format!("{} ended as {ended}: {error} {cause}", self.execution),
        ))
    }
}
