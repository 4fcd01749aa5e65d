//! What can go wrong with a study.

use crate::Mistake;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The study cannot be carried out as written.
    #[error("{}", all(.0))]
    Study(Vec<Mistake>),
    /// There is no such plan in the store.
    #[error("there is no plan {plan_id} ({location} does not exist): plan the study first")]
    NotPlanned {
        /// The plan asked for.
        plan_id: String,
        /// Where it would be.
        location: String,
    },
    /// The plan has no such batch.
    #[error("plan {plan_id} has no batch {batch}: it has {batches}, counted from 0")]
    NoBatch {
        /// The plan.
        plan_id: String,
        /// The batch asked for.
        batch: u32,
        /// How many there are.
        batches: u32,
    },
    /// A stored file of ours is not what it should be.
    #[error("{location}: {problem}")]
    Stored {
        /// Where it is.
        location: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Labels lie beside a plan; batches that come with the event have none.
    #[error("picture.labels: batches that come with the event have no label layer: plan the study")]
    LabelsWithoutPlan,
    /// A key of the source cannot be found where its name says.
    #[error("the key {name} of the source was not found: {problem}")]
    Secret {
        /// Its name; never its value.
        name: String,
        /// Why, and what would help.
        problem: String,
    },
    /// Planning.
    #[error(transparent)]
    Sampling(#[from] sampling::Error),
    /// Planning, for a mistake that is in a file.
    #[error("{name}: {source}")]
    Input {
        /// The file, by the name the study knows it by.
        name: String,
        /// What is wrong in it, and where.
        source: sampling::Error,
    },
    /// Taking pictures.
    #[error(transparent)]
    Imagery(#[from] imagery::Error),
    /// Measuring and summing up.
    #[error(transparent)]
    Measures(#[from] measures::Error),
    /// Drawing the report.
    #[error(transparent)]
    Report(#[from] report::Error),
    /// A table.
    #[error(transparent)]
    Tables(#[from] tables::Error),
    /// The storage.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A file on this machine.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// The system's word.
        source: std::io::Error,
    },
    /// A part of the work stopped on a fault of ours.
    #[error("the work stopped: {0}")]
    Stopped(#[from] tokio::task::JoinError),
}

fn all(mistakes: &[Mistake]) -> String {
    let mistakes: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    mistakes.join("; ")
}
