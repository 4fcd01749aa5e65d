#!/bin/sh
# Templates with their state machines in place, by cfn-lint; what it does not see of ASL is in tests/test_state_machines.py.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for template in infra/*.yaml; do
    packaged="$folder/$(basename "$template" .yaml).json"
    python tools/deployment.py package "$template" >"$packaged"
    cfn-lint "$packaged"
done
python -m compileall -q tools tests
