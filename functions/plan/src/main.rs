//! The `plan` function: a study becomes samples and batches.

mod handler;

use store::Stores;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let stores = Stores::on_s3(&lambda::aws_from_environment().await);
    lambda::serve("plan", async |payload, invocation| {
        handler::handle(payload, &stores, &mut invocation.metrics).await
    })
    .await
}
