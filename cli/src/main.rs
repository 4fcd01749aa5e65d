//! `transect`: every function of the suite on local files, and executions on AWS or on a stack
//! that stands in for it.

#[macro_use]
mod output;
mod commands;
mod ending;
mod files;
mod folder_lock;
mod logs;
mod progress;
mod reading;
mod signals;

use std::pin::Pin;
use std::process::ExitCode;

use clap::{ArgAction, Parser, Subcommand};
use contracts::Fault;

use crate::ending::Ending;

/// Where shall we look, what is to be seen there, and how do we group places into samples?
///
/// Everything runs on local files. With AWS credentials (and `AWS_ENDPOINT_URL` for a local stack)
/// `start`, `watch` and `status` drive the same work as Step Functions executions.
#[derive(Parser)]
#[command(name = "transect", version, max_term_width = 100, after_help = ending::HELP)]
struct Transect {
    #[command(subcommand)]
    command: Command,
    /// Print results and errors only
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Tell more of what is done; twice tells everything (`RUST_LOG` chooses by part)
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    verbose: u8,
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
    #[command(visible_alias = "sample-clusters")]
    Select(commands::select::Select),
    Estimate(commands::estimate::Estimate),
    Split(commands::split::Split),
    #[command(subcommand)]
    Generate(commands::generate::Generate),
    #[command(subcommand)]
    Start(commands::start::Start),
    Watch(commands::watch::Watch),
    Status(commands::status::Status),
}

impl Command {
    fn run(self) -> Result<Ending, Fault> {
        match self {
            Self::Check(command) => command.run().map(Ending::from),
            Self::Plan(command) => asynchronously(Box::pin(command.run())),
            Self::Run(command) => asynchronously(Box::pin(command.run())),
            Self::Retry(command) => asynchronously(Box::pin(command.run())),
            Self::Measure(command) => command.run().map(Ending::from),
            Self::Cluster(command) => command.run().map(Ending::from),
            Self::Map(command) => command.run().map(Ending::from),
            Self::Select(command) => command.run().map(Ending::from),
            Self::Estimate(command) => command.run().map(Ending::from),
            Self::Split(command) => command.run().map(Ending::from),
            Self::Generate(command) => command.run().map(Ending::from),
            Self::Start(command) => asynchronously(Box::pin(command.run())),
            Self::Watch(command) => asynchronously(Box::pin(command.run())),
            Self::Status(command) => asynchronously(Box::pin(command.run())),
        }
    }
}

fn main() -> ExitCode {
    let transect = Transect::parse();
    logs::to_the_terminal(transect.verbose);
    if transect.quiet {
        output::be_quiet();
    }
    signals::listen();
    let done = transect.command.run();
    if output::is_broken() {
        return ExitCode::FAILURE;
    }
    match done {
        Ok(ending) => ending.into(),
        Err(fault) => {
            ending::tell(&fault);
            ExitCode::FAILURE
        }
    }
}

/// Only commands that wait for a network pay for a runtime.
fn asynchronously<T: Into<Ending>>(
    work: Pin<Box<dyn Future<Output = Result<T, Fault>>>>,
) -> Result<Ending, Fault> {
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Fault::internal(&error))?
        .block_on(work);
    done.map(Into::into)
}
