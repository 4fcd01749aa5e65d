//! The `kickoff` function: what is left to do is listed, and an execution started over it.

mod handler;
mod request;

use executions::StepFunctions;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let config = store_s3::aws_from_environment().await;
    let stores = store_s3::stores(&config);
    let executions = StepFunctions::new(&config);
    lambda::serve("kickoff", async |payload, invocation| {
        handler::handle(payload, &stores, &executions, &mut invocation.metrics).await
    })
    .await
}
