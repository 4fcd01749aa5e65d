//! The `scrape` function: the pictures of one batch.

mod handler;
mod inline;

use secrets::CloudKeys;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let config = store_s3::aws_from_environment().await;
    let stores = store_s3::stores(&config);
    let keys = CloudKeys::new(&config);
    lambda::serve("scrape", async |payload, invocation| {
        handler::handle(payload, &stores, &keys, invocation).await
    })
    .await
}
