//! The `summarise` function: the end of a run, and the record of each item that failed.

mod clustering_run;
mod failure;
mod handler;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let stores = store_s3::stores(&store_s3::aws_from_environment().await);
    lambda::serve("summarise", async |payload, invocation| {
        handler::handle(payload, &stores, &mut invocation.metrics).await
    })
    .await
}
