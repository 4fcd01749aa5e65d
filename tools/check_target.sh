#!/bin/sh
# Fails with the remedy if the Rust standard library for a target is not installed.
set -eu
triple="$1"
if [ ! -d "$(rustc --print sysroot)/lib/rustlib/$triple/lib" ]; then
    echo "error: Rust cannot build for $triple here: rustup target add $triple" >&2
    exit 1
fi
