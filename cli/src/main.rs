//! `transect`: every function of the suite on local files, and executions on AWS or on a stack
//! that stands in for it.

mod commands;
mod files;
mod logs;
mod progress;

use std::pin::Pin;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use contracts::Fault;

/// Where shall we look, what is to be seen there, and how do we group places into samples?
///
/// Everything runs on local files. With AWS credentials (and `AWS_ENDPOINT_URL` for a local stack)
/// `start`, `watch` and `status` drive the same work as Step Functions executions.
#[derive(Parser)]
#[command(name = "transect", version, max_term_width = 100)]
struct Transect {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(commands::check::Check),
    Plan(commands::plan::Plan),
    Run(commands::run::Run),
    Retry(commands::retry::Retry),
    Measure(commands::measure::Measure),
    Cluster(commands::cluster::Cluster),
    Map(commands::map::Map),
    SampleClusters(commands::sample_clusters::SampleClusters),
    Split(commands::split::Split),
    #[command(subcommand)]
    Generate(commands::generate::Generate),
    #[command(subcommand)]
    Start(commands::start::Start),
    Watch(commands::watch::Watch),
    Status(commands::status::Status),
}

fn main() -> ExitCode {
    logs::to_the_terminal();
    let done = match Transect::parse().command {
        Command::Check(command) => command.run(),
        Command::Plan(command) => asynchronously(Box::pin(command.run())),
        Command::Run(command) => asynchronously(Box::pin(command.run())),
        Command::Retry(command) => asynchronously(Box::pin(command.run())),
        Command::Measure(command) => command.run(),
        Command::Cluster(command) => command.run(),
        Command::Map(command) => command.run(),
        Command::SampleClusters(command) => command.run(),
        Command::Split(command) => command.run(),
        Command::Generate(command) => command.run(),
        Command::Start(command) => asynchronously(Box::pin(command.run())),
        Command::Watch(command) => asynchronously(Box::pin(command.run())),
        Command::Status(command) => asynchronously(Box::pin(command.run())),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("error: {} ({})", fault.message, fault.name.as_str());
            ExitCode::FAILURE
        }
    }
}

/// Only commands that wait for a network pay for a runtime.
fn asynchronously(work: Pin<Box<dyn Future<Output = Result<(), Fault>>>>) -> Result<(), Fault> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Fault::internal(&error))?
        .block_on(work)
}
