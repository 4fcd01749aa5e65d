//! Logs: JSON lines in Lambda, readable lines on a terminal. `RUST_LOG` chooses what is shown.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// What is logged unless `RUST_LOG` says otherwise.
const LAMBDA_DEFAULT: &str = "info,aws_config=warn,aws_smithy_runtime=warn,hyper=warn";
/// The same for the command line: that a machine is not in the cloud is no news there.
const TERMINAL_DEFAULT: &str = "warn,aws_config=error";

/// JSON lines on standard output, each with the fields of the invocation it belongs to.
pub fn in_lambda() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| LAMBDA_DEFAULT.into());
    // CloudWatch stamps every line itself; the stamp here serves the local stack.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_env_filter(filter)
        .try_init();
}

/// Short lines on standard error, so that standard output stays for results.
pub fn on_a_terminal() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| TERMINAL_DEFAULT.into());
    let _ = tracing_subscriber::fmt()
        .without_time()
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .try_init();
}
