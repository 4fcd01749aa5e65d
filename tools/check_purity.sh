#!/bin/sh
# Fails if a crate reaches what it must not: check_purity.sh "aws-config lambda_runtime" CRATE...
set -eu
forbidden="$1"
shift
for crate in "$@"; do
    for client in $forbidden; do
        # cargo tree -i fails where the crate does not depend on the client: that is what is wanted.
        if found=$(cargo tree --locked --edges normal --package "$crate" --invert "$client" 2>/dev/null) && [ -n "$found" ]; then
            echo "error: crate $crate depends on $client:" >&2
            echo "$found" >&2
            exit 1
        fi
    done
done
