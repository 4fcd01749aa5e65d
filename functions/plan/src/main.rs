//! The `plan` function: a study becomes samples and batches.

mod handler;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let stores = store_s3::stores(&store_s3::aws_from_environment().await);
    lambda::serve("plan", async |payload, invocation| {
        handler::handle(payload, &stores, &mut invocation.metrics).await
    })
    .await
}
