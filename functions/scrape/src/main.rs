//! The `scrape` function: the pictures of one batch.

mod handler;
mod inline;

use store::Stores;
use study::CloudKeys;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let config = lambda::aws_from_environment().await;
    let stores = Stores::on_s3(&config);
    let keys = CloudKeys::new(&config);
    lambda::serve("scrape", async |payload, invocation| {
        handler::handle(payload, &stores, &keys, invocation).await
    })
    .await
}
