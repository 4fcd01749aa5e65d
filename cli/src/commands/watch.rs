//! `transect watch`: follows an execution to its end.

use std::time::Duration;

use clap::Args;
use contracts::{Fault, FaultName};

use crate::ending::{self, Counts, Ending};
use crate::output;
use crate::progress::Progress;
use executions::{Machines, Standing};

/// How often the execution is asked about.
const EVERY: Duration = Duration::from_millis(500);

/// Follow an execution: a bar of items done, failed and left, then what it gave back, one JSON object. The exit
/// status is 0 only if every sample or file has its answer. Ctrl-C stops the watching, not the execution.
#[derive(Args)]
#[command(after_help = ending::HELP)]
pub struct Watch {
    /// ARN of the execution
    execution: String,
}

impl Watch {
    pub async fn run(self) -> Result<Ending, Fault> {
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

    fn end(self, standing: Standing) -> Result<Ending, Fault> {
        let items = standing.items;
        let counted = format!(
            "{} done, {} failed, {} left of {}",
            items.done,
            items.failed,
            items.left(),
            items.total
        );
        if standing.has_succeeded() {
            let output = standing.output.unwrap_or_default();
            println!("{output}");
            // What the summary counted is closer to the samples than what the machine did.
            let counts = Counts::of_output(&output);
            let by_items = match (items.left(), items.failed) {
                (0, 0) => Ending::Done,
                (0, _) => Ending::SomeFailed,
                _ => Ending::SomeLeft,
            };
            let ending = counts.as_ref().map_or(by_items, Counts::ending);
            let next = "start the same study or run again: it takes what failed or is left";
            let text = match counts {
                Some(counts) => counts.sentence(next),
                None => counted,
            };
            if ending != Ending::Done {
                output::say(format_args!("{text}"));
            }
            return Ok(ending);
        }
        let ended = standing.status().to_owned();
        let (error, cause) = standing.failure.unwrap_or_default();
        Err(Fault::new(
            FaultName::Internal,
            format!(
                "{} ended as {ended}: {error} {cause}; {counted}",
                self.execution
            ),
        ))
    }
}
