//! The `cluster` function: one table of cells in, the same table with its survey clusters out.

mod handler;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let stores = store_s3::stores(&store_s3::aws_from_environment().await);
    lambda::serve("cluster", async |payload, invocation| {
        handler::handle(payload, &stores, invocation).await
    })
    .await
}
