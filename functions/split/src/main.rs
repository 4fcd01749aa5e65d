//! The `split` function: one big table to one file per value of a column.

mod handler;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let stores = store_s3::stores(&store_s3::aws_from_environment().await);
    lambda::serve("split", async |payload, invocation| {
        handler::handle(payload, &stores, &mut invocation.metrics).await
    })
    .await
}
