//! Notes down one item that failed for good, beside the results of its run.

use contracts::Fault;
use contracts::events::FailedItem;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Store;

/// The record of a failed item.
#[derive(Debug, Serialize, Deserialize)]
pub struct Failure {
    /// The file, or the number of the batch.
    pub item: String,
    /// The error's name.
    pub error: String,
    /// Its message.
    pub message: String,
}

/// Writes the record to `runs/{run}/failures/` and gives it back.
pub async fn record(output: &dyn Store, run: &str, failed: &FailedItem) -> Result<Value, Fault> {
    let item = match (&failed.filename, failed.batch) {
        (Some(filename), _) => filename.clone(),
        (None, Some(batch)) => format!("batch-{batch:05}"),
        (None, None) => {
            return Err(Fault::invalid_event(
                "event: failed must name a filename or a batch",
            ));
        }
    };
    let failure = Failure {
        error: failed.error.clone(),
        message: message(&failed.cause),
        item,
    };
    let value = serde_json::to_value(&failure).map_err(|e| Fault::internal(&e))?;
    let key = format!("runs/{run}/failures/{}.json", failure.item);
    output
        .put(&key, value.to_string().into(), "application/json")
        .await?;
    Ok(value)
}

/// Lambda tells a cause as JSON with `errorMessage`; a timeout comes as plain text.
fn message(cause: &str) -> String {
    serde_json::from_str::<Value>(cause)
        .ok()
        .and_then(|cause| Some(cause.get("errorMessage")?.as_str()?.to_owned()))
        .unwrap_or_else(|| cause.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::Memory;

    #[test]
    fn a_cause_is_json_or_plain_text() {
        let json = r#"{"errorType":"NotFound","errorMessage":"s3://in/a does not exist"}"#;
        assert_eq!(message(json), "s3://in/a does not exist");
        assert_eq!(message("Task timed out"), "Task timed out");
    }

    #[tokio::test]
    async fn a_failure_is_kept_under_its_file() {
        let output = Memory::new("out");
        let failed = FailedItem {
            filename: Some("a/b.parquet".into()),
            batch: None,
            plan_id: None,
            error: "NotFound".into(),
            cause: "gone".into(),
        };
        record(&output, "r1", &failed).await.unwrap();
        let kept = output
            .get("runs/r1/failures/a/b.parquet.json")
            .await
            .unwrap();
        assert_eq!(
            kept,
            r#"{"item":"a/b.parquet","error":"NotFound","message":"gone"}"#
        );
    }
}
