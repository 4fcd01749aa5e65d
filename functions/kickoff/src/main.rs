//! The `kickoff` function: wiring only.

use kickoff::StepFunctions;
use store::Stores;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let config = lambda::aws_from_environment().await;
    let stores = Stores::on_s3(&config);
    let executions = StepFunctions::new(&config);
    lambda::serve("kickoff", async |payload, invocation| {
        let metrics = &mut invocation.metrics;
        kickoff::handle(payload, &stores, &executions, metrics).await
    })
    .await
}
