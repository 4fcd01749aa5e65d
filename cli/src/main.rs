//! The program `transect`; its work is in the library beside it, which the Python wheel runs too.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(cli::run(std::env::args_os()))
}
