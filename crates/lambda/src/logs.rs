//! Logs as JSON lines. `RUST_LOG` chooses what is shown.

use tracing_subscriber::EnvFilter;

/// What is logged unless `RUST_LOG` says otherwise.
const DEFAULT: &str = "info,aws_config=warn,aws_smithy_runtime=warn,hyper=warn";

/// JSON lines on standard output, each with the fields of the invocation it belongs to.
pub fn in_lambda() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| DEFAULT.into());
    // CloudWatch stamps every line itself; the stamp here serves the local stack.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_env_filter(filter)
        .try_init();
}
