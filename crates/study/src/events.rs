//! What the functions of a study take and give back; the rules are those of
//! [`contracts::events`].

mod kickoff;
mod measure;
mod plan;
mod scrape;

pub use contracts::events::parse;
pub use kickoff::{CollectKickoff, CollectWorkflow};
pub use measure::MeasureEvent;
pub use plan::PlanEvent;
pub use scrape::{InlineBatch, PlannedBatch, ScrapeEvent};
