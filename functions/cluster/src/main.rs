//! The `cluster` function: one table of cells in, the same table with its survey clusters out.

mod handler;

use store::Stores;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let stores = Stores::on_s3(&lambda::aws_from_environment().await);
    lambda::serve("cluster", async |payload, invocation| {
        handler::handle(payload, &stores, invocation).await
    })
    .await
}
