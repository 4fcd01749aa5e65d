//! `transect watch`: follows an execution to its end.

use std::time::Duration;

use aws_sdk_sfn::types::ExecutionStatus;
use clap::Args;
use lambda::{Fault, FaultName};

use crate::executions::{Machines, Standing};
use crate::progress::Progress;

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
        let machines = Machines::new(&lambda::aws_from_environment().await);
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
        if standing.status == ExecutionStatus::Succeeded {
            println!("{}", standing.output.unwrap_or_default());
            return Ok(());
        }
        let (error, cause) = standing.failure.unwrap_or_default();
        Err(Fault::new(
            FaultName::Internal,
            format!(
                "{} ended as {}: {error} {cause}",
                self.execution,
                standing.status.as_str()
            ),
        ))
    }
}
