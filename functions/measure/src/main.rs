//! The `measure` function: stored pictures of one batch, measured again.

mod handler;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let stores = store_s3::stores(&store_s3::aws_from_environment().await);
    lambda::serve("measure", async |payload, invocation| {
        handler::handle(payload, &stores, &mut invocation.metrics).await
    })
    .await
}
