//! The command line `transect`: every function of the suite on local files, and executions on AWS or
//! on a stack that stands in for it. The program and the Python wheel run the same [`run`].

#[macro_use]
mod output;
mod cluster_files;
mod commands;
mod ending;
mod files;
mod folder_lock;
mod logs;
mod progress;
mod reading;
mod signals;

use std::ffi::OsString;
use std::pin::Pin;

use clap::{ArgAction, CommandFactory, Parser, Subcommand};
use contracts::Fault;

use crate::ending::Ending;

pub use cluster_files::{clusters_page, write_clusters};
pub use commands::run::cloud;
pub use files::write_table;

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
    Demo(commands::demo::Demo),
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
    Completions(commands::manuals::Completions),
    Man(commands::manuals::Man),
    Schema(commands::manuals::Schema),
}

/// Runs one command line, the program's name first, and gives its exit status. Results go to standard
/// output, what went wrong to standard error; a wrong usage, `--help` and `--version` end it as usual.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let line = match Transect::try_parse_from(arguments) {
        Ok(line) => line,
        Err(told) => {
            let _ = told.print();
            return u8::try_from(told.exit_code()).unwrap_or(2);
        }
    };
    logs::to_the_terminal(line.verbose);
    if line.quiet {
        output::be_quiet();
    }
    signals::listen();
    let done = execute(line.command);
    if output::is_broken() {
        return 1;
    }
    match done {
        Ok(ending) => ending.status(),
        Err(fault) => {
            ending::tell(&fault);
            1
        }
    }
}

/// Carries out one command.
fn execute(command: Command) -> Result<Ending, Fault> {
    match command {
        Command::Demo(command) => command
            .run(|words| match Transect::try_parse_from(words) {
                Ok(line) => execute(line.command).map(|_| ()),
                Err(told) => Err(Fault::internal(&told)),
            })
            .map(Ending::from),
        Command::Check(command) => asynchronously(Box::pin(command.run())),
        Command::Plan(command) => asynchronously(Box::pin(command.run())),
        Command::Run(command) => asynchronously(Box::pin(command.run())),
        Command::Retry(command) => asynchronously(Box::pin(command.run())),
        Command::Measure(command) => command.run().map(Ending::from),
        Command::Cluster(command) => command.run().map(Ending::from),
        Command::Map(command) => command.run().map(Ending::from),
        Command::Select(command) => command.run().map(Ending::from),
        Command::Estimate(command) => command.run().map(Ending::from),
        Command::Split(command) => command.run().map(Ending::from),
        Command::Generate(command) => command.run().map(Ending::from),
        Command::Start(command) => asynchronously(Box::pin(command.run())),
        Command::Watch(command) => asynchronously(Box::pin(command.run())),
        Command::Status(command) => asynchronously(Box::pin(command.run())),
        Command::Completions(command) => command.run(Transect::command()).map(Ending::from),
        Command::Man(command) => command.run(Transect::command()).map(Ending::from),
        Command::Schema(_) => commands::manuals::Schema::run().map(Ending::from),
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
