//! One metrics line an invocation, in CloudWatch's embedded metric format.
//!
//! Format: Amazon CloudWatch User Guide, "Specification: Embedded metric format".

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

/// The unit of a metric, as CloudWatch spells it.
#[derive(Clone, Copy, Debug)]
pub enum Unit {
    /// A number of things.
    Count,
    /// A size.
    Bytes,
    /// A time.
    Milliseconds,
}

impl Unit {
    fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Bytes => "Bytes",
            Self::Milliseconds => "Milliseconds",
        }
    }
}

/// The figures of one invocation.
#[derive(Debug, Default)]
pub struct Metrics {
    figures: Vec<(&'static str, f64, Unit)>,
}

impl Metrics {
    /// Adds a figure.
    pub fn add(&mut self, name: &'static str, value: f64, unit: Unit) {
        self.figures.push((name, value, unit));
    }

    /// The line that CloudWatch turns into metrics of the namespace `Transect`, one dimension
    /// `function`; `failed` is 1 or 0, so that its mean is the share of failures.
    #[must_use]
    pub fn line(&self, function: &str, request_id: &str, failed: bool, now: SystemTime) -> String {
        let milliseconds = now
            .duration_since(UNIX_EPOCH)
            .map_or(0, |elapsed| elapsed.as_millis());
        let failed = ("failed", f64::from(u8::from(failed)), Unit::Count);
        let figures = || self.figures.iter().chain(std::iter::once(&failed));
        let metrics: Vec<Value> = figures()
            .map(|(name, _, unit)| json!({"Name": name, "Unit": unit.as_str()}))
            .collect();
        let mut line = Map::new();
        line.insert(
            "_aws".into(),
            json!({
                "Timestamp": u64::try_from(milliseconds).unwrap_or(u64::MAX),
                "CloudWatchMetrics": [{
                    "Namespace": "Transect",
                    "Dimensions": [["function"]],
                    "Metrics": metrics,
                }],
            }),
        );
        line.insert("function".into(), function.into());
        line.insert("request_id".into(), request_id.into());
        for (name, value, _) in figures() {
            line.insert((*name).into(), json!(value));
        }
        Value::Object(line).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_every_figure_with_its_unit() {
        let mut metrics = Metrics::default();
        metrics.add("rows", 69_226.0, Unit::Count);
        metrics.add("duration", 12.5, Unit::Milliseconds);
        let line = metrics.line("cluster", "r-1", false, UNIX_EPOCH);
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            line,
            json!({
                "_aws": {"Timestamp": 0, "CloudWatchMetrics": [{
                    "Namespace": "Transect",
                    "Dimensions": [["function"]],
                    "Metrics": [
                        {"Name": "rows", "Unit": "Count"},
                        {"Name": "duration", "Unit": "Milliseconds"},
                        {"Name": "failed", "Unit": "Count"},
                    ],
                }]},
                "function": "cluster", "request_id": "r-1",
                "rows": 69226.0, "duration": 12.5, "failed": 0.0,
            })
        );
    }
}
