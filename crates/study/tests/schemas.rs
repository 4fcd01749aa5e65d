//! The schemas in `statemachines/schemas` are those of the types; `make bless` writes them anew.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use contracts::events::{ClusterEvent, ClusterRun, KickoffEvent, SplitEvent, SummariseEvent};
use schemars::{Schema, schema_for};
use study::Study;
use study::events::{CollectKickoff, MeasureEvent, PlanEvent, ScrapeEvent};

fn agree(name: &str, schema: &Schema) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../statemachines/schemas")
        .join(format!("{name}.schema.json"));
    let made = serde_json::to_string_pretty(schema).unwrap() + "\n";
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == made,
        "{} is out of step: run make bless",
        path.display()
    );
}

#[test]
fn schemas_are_in_step_with_the_types() {
    agree("cluster", &schema_for!(ClusterEvent));
    agree("cluster-run", &schema_for!(ClusterRun));
    agree("kickoff", &schema_for!(KickoffEvent));
    agree("split", &schema_for!(SplitEvent));
    agree("summarise", &schema_for!(SummariseEvent));
    agree("study", &schema_for!(Study));
    agree("kickoff-collect", &schema_for!(CollectKickoff));
    agree("plan", &schema_for!(PlanEvent));
    agree("scrape", &schema_for!(ScrapeEvent));
    agree("measure", &schema_for!(MeasureEvent));
}
