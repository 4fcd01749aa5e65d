//! Logs: short lines on a terminal. `RUST_LOG` chooses what is shown.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// What is logged unless `RUST_LOG` says otherwise: that a machine is not in the cloud is no news here.
const DEFAULT: &str = "warn,aws_config=error";

/// Short lines on standard error, so that standard output stays for results; the more `verbose`, the more of them.
pub fn to_the_terminal(verbose: u8) {
    let usual = match verbose {
        0 => DEFAULT,
        1 => "info,aws_config=warn,aws_smithy_runtime=warn,hyper=warn",
        _ => "debug,hyper=info",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| usual.into());
    let _ = tracing_subscriber::fmt()
        .without_time()
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .try_init();
}
