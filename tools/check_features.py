"""Fails if a package built by itself would compile a dependency again that a build of the workspace has compiled.

    python3 tools/check_features.py

cargo compiles a crate anew for every set of features, and building one package turns on fewer features than building all.
crates/workspace-hack lists the union. Nothing is compiled here: cargo only tells what it would (`--unit-graph`).
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable

# What users build one by one, and what every other member stands on.
PACKAGES = ("kickoff", "plan", "scrape", "cluster", "measure", "summarise", "split", "transect", "tables", "store", "study")


def graph(arguments: list[str]) -> list[dict]:
    """The units that cargo would compile."""
    # The listing is not stable yet; nothing is compiled with what the variable allows.
    environment = os.environ | {"RUSTC_BOOTSTRAP": "1"}
    command = ["cargo", "build", "--release", "--locked", "--unit-graph", "-Zunstable-options", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"error: {' '.join(command)}: {done.stderr.strip()}")
    return json.loads(done.stdout)["units"]


def signatures(units: list[dict]) -> dict[str, str]:
    """The external units by what makes cargo compile them apart: features, also of all that they depend on."""
    known: dict[int, str] = {}

    def signature(index: int) -> str:
        if index not in known:
            unit = units[index]
            below = sorted(signature(dependency["index"]) for dependency in unit["dependencies"])
            own = [unit["pkg_id"], unit["mode"], unit["platform"], unit["target"]["name"], unit["features"], unit["profile"]["opt_level"], below]
            known[index] = hashlib.sha256(json.dumps(own).encode()).hexdigest()
        return known[index]

    return {signature(index): unit["pkg_id"] for index, unit in enumerate(units) if not unit["pkg_id"].startswith("path+")}


def compiled_again(alone: dict[str, str], together: dict[str, str]) -> Iterable[str]:
    """Names of the packages that would be compiled once more."""
    return sorted({package.rsplit("#", 1)[-1] for unit, package in alone.items() if unit not in together})


def main() -> int:
    sys.setrecursionlimit(10_000)
    programs = signatures(graph(["--workspace", "--bins"]))
    tests = signatures(graph(["--workspace", "--bins", "--tests"]))
    found = [("the programs of the workspace", "its tests", compiled_again(programs, tests))]
    for package in PACKAGES:
        found.append((f"package {package}", "the workspace", compiled_again(signatures(graph(["-p", package])), tests)))
    wrong = [(what, whole, names) for what, whole, names in found if names]
    for what, whole, names in wrong:
        print(f"error: {what} and {whole} differ in the features of {', '.join(names)}: list the union in crates/workspace-hack", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
