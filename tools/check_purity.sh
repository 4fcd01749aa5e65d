#!/bin/sh
# Fails if a crate named in the arguments can reach AWS: domain crates take bytes and tables and give bytes and tables back.
set -eu
for crate in "$@"; do
    for client in aws-config aws-sdk-s3 lambda_runtime; do
        # cargo tree -i fails where the crate does not depend on the client: that is what is wanted.
        if found=$(cargo tree --locked --edges normal --package "$crate" --invert "$client" 2>/dev/null) && [ -n "$found" ]; then
            echo "error: crate $crate depends on $client:" >&2
            echo "$found" >&2
            exit 1
        fi
    done
done
