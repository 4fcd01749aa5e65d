//! lambda-shell
