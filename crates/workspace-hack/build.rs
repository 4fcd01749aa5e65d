//! Here only so that cargo heeds the build dependencies.

fn main() {}
