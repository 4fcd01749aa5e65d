//! The three forms an event may take: our own, a schedule, objects that were created.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::s3::S3Event;
use contracts::Fault;
use contracts::events::{self, KickoffEvent, Workflow};
use serde_json::Value;

/// What a kickoff is to look at.
#[derive(Debug)]
pub struct Request {
    /// Buckets, limits and settings.
    pub event: KickoffEvent,
    /// Only these keys, where the event names objects; else the whole prefix.
    pub keys: Option<Vec<String>>,
}

/// The buckets a schedule means: those of the function's environment.
#[derive(Debug, Clone)]
pub struct Buckets {
    pub input: Option<String>,
    pub output: Option<String>,
}

impl Buckets {
    pub fn from_environment() -> Self {
        Self {
            input: std::env::var("INPUT_BUCKET").ok(),
            output: std::env::var("OUTPUT_BUCKET").ok(),
        }
    }
}

/// Reads any of the three forms.
pub fn read(payload: Value, buckets: &Buckets) -> Result<Request, Fault> {
    if payload.get("Records").is_some() {
        return from_notification(payload, buckets);
    }
    if payload.get("detail-type").is_some() {
        return from_event_bridge(payload, buckets);
    }
    Ok(Request {
        event: events::parse(payload)?,
        keys: None,
    })
}

fn from_notification(payload: Value, buckets: &Buckets) -> Result<Request, Fault> {
    let event: S3Event = events::parse(payload)?;
    let mut bucket = None;
    let mut keys = Vec::with_capacity(event.records.len());
    for record in event.records {
        // Keys arrive as in an HTML form: a space is `+`, other bytes are percent-encoded.
        let key = record.s3.object.key.map(|key| decoded(&key));
        match (record.s3.bucket.name, key) {
            (Some(name), Some(key)) if bucket.as_ref().is_none_or(|known| *known == name) => {
                bucket = Some(name);
                keys.push(key);
            }
            _ => {
                return Err(Fault::invalid_event(
                    "event: every record must name a key of one and the same bucket",
                ));
            }
        }
    }
    of_objects(bucket, keys, buckets)
}

/// Undoes the encoding of keys in S3's notifications; `=` and `&` arrive percent-encoded.
fn decoded(key: &str) -> String {
    url::form_urlencoded::parse(key.as_bytes())
        .map(|(name, _)| name)
        .collect()
}

fn from_event_bridge(payload: Value, buckets: &Buckets) -> Result<Request, Fault> {
    let event: EventBridgeEvent<Value> = events::parse(payload)?;
    match event.detail_type.as_str() {
        "Scheduled Event" => scheduled(buckets),
        "Object Created" => {
            let text = |pointer| {
                event
                    .detail
                    .pointer(pointer)
                    .and_then(Value::as_str)
                    .map(str::to_owned)
            };
            let key = text("/object/key").ok_or_else(|| {
                Fault::invalid_event("event: detail.object.key is missing, expected a key")
            })?;
            of_objects(text("/bucket/name"), vec![key], buckets)
        }
        other => Err(Fault::invalid_event(format!(
            "event: detail-type {other:?} is not one of Scheduled Event, Object Created"
        ))),
    }
}

fn of_objects(
    bucket: Option<String>,
    keys: Vec<String>,
    buckets: &Buckets,
) -> Result<Request, Fault> {
    let buckets = Buckets {
        input: bucket.or_else(|| buckets.input.clone()),
        output: buckets.output.clone(),
    };
    Ok(Request {
        keys: Some(keys),
        ..scheduled(&buckets)?
    })
}

fn scheduled(buckets: &Buckets) -> Result<Request, Fault> {
    let named = |bucket: &Option<String>, variable: &str| {
        bucket.clone().ok_or_else(|| {
            Fault::invalid_event(format!(
                "event: it names no bucket and {variable} is not set in the environment"
            ))
        })
    };
    Ok(Request {
        event: KickoffEvent {
            workflow: Workflow::Cluster,
            input_bucket: named(&buckets.input, "INPUT_BUCKET")?,
            output_bucket: named(&buckets.output, "OUTPUT_BUCKET")?,
            prefix: String::new(),
            limit: None,
            state_machine_arn: None,
            dry_run: false,
            params: None,
            max_concurrency: None,
            tolerated_failure_percentage: None,
        },
        keys: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn buckets() -> Buckets {
        Buckets {
            input: Some("in".into()),
            output: Some("out".into()),
        }
    }

    #[test]
    fn a_schedule_means_the_buckets_of_the_environment() {
        let event = json!({
            "version": "0", "id": "53dc4d37", "detail-type": "Scheduled Event",
            "source": "aws.events", "account": "123456789012", "time": "2026-11-21T05:00:00Z",
            "region": "us-east-1", "resources": ["arn:aws:events:us-east-1:123456789012:rule/r"],
            "detail": {}
        });
        let request = read(event.clone(), &buckets()).unwrap();
        assert_eq!(request.event.input_bucket, "in");
        assert_eq!(request.event.output_bucket, "out");
        assert!(request.keys.is_none());
        let unset = Buckets {
            input: None,
            output: None,
        };
        let fault = read(event, &unset).unwrap_err();
        assert!(fault.message.contains("INPUT_BUCKET"), "{fault}");
    }

    #[test]
    fn a_notification_names_objects_whose_keys_are_decoded() {
        let event = json!({"Records": [{
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
            "eventTime": "2026-11-21T05:00:00.000Z", "eventName": "ObjectCreated:Put",
            "userIdentity": {"principalId": "A"},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {},
            "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": "uploads", "arn": "arn:aws:s3:::uploads"},
                   "object": {"key": "north+side/a%2Bb.parquet", "size": 3}}
        }]});
        let request = read(event, &buckets()).unwrap();
        assert_eq!(request.event.input_bucket, "uploads");
        assert_eq!(request.keys.unwrap(), ["north side/a+b.parquet"]);
    }

    #[test]
    fn an_object_created_event_of_the_event_bus_is_taken_as_it_stands() {
        let event = json!({
            "version": "0", "id": "1", "detail-type": "Object Created", "source": "aws.s3",
            "account": "1", "time": "2026-11-21T05:00:00Z", "region": "us-east-1", "resources": [],
            "detail": {"bucket": {"name": "uploads"}, "object": {"key": "a+b.parquet"}}
        });
        let request = read(event, &buckets()).unwrap();
        assert_eq!(request.keys.unwrap(), ["a+b.parquet"]);
    }

    #[test]
    fn a_typo_is_named() {
        let event =
            json!({"workflow": "cluster", "input_bucket": "a", "output_bucket": "b", "prefx": "x"});
        let fault = read(event, &buckets()).unwrap_err();
        assert!(fault.message.contains("prefx"), "{fault}");
        assert_eq!(fault.name.as_str(), "InvalidEvent");
    }
}
