//! `transect status`: how an execution stands.

use clap::Args;
use contracts::Fault;
use serde_json::json;

use executions::Machines;

/// Tell how an execution stands: its status and the items done, failed and left.
#[derive(Args)]
pub struct Status {
    /// ARN of the execution
    execution: String,
    /// One JSON object instead of a sentence
    #[arg(long)]
    json: bool,
}

impl Status {
    pub async fn run(self) -> Result<(), Fault> {
        let machines = Machines::new(&store_s3::aws_from_environment().await);
        let standing = machines.standing(&self.execution).await?;
        let items = standing.items;
        let status = standing.status().to_owned();
        if self.json {
            let failure = standing
                .failure
                .map(|(error, cause)| json!({"error": error, "cause": cause}));
            println!(
                "{}",
                json!({
                    "status": status, "total": items.total, "done": items.done,
                    "failed": items.failed, "left": items.left(), "failure": failure,
                })
            );
            return Ok(());
        }
        println!(
            "{status}: {} done, {} failed, {} left of {}",
            items.done,
            items.failed,
            items.left(),
            items.total
        );
        if let Some((error, cause)) = standing.failure {
            println!("{error}: {cause}");
        }
        Ok(())
    }
}
