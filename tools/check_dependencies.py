"""Fails if a dependency has a licence that is not agreed to, comes from anywhere but crates.io, or is used by nobody.

    cargo metadata --locked --format-version 1 | python tools/check_dependencies.py

What is known of vulnerabilities needs a database from the network: `make audit`.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

AGREED = {
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    # as permissive as BSD-2-Clause, and the only licence of bzip2
    "bzip2-1.0.6",
}
# Lists of features, not code: their members name what they do not use, and others name them.
FEATURE_LISTS = {"workspace-hack", "workspace-hack-network"}
REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"


def is_agreed(expression: str) -> bool:
    """Whether an SPDX expression can be met by licences that are agreed to: any of those joined by OR, all of those joined by AND."""
    # Before SPDX, a slash meant OR.
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))

    def alternatives(position: int) -> tuple[bool, int]:
        met, position = together(position)
        while position < len(tokens) and tokens[position] == "OR":
            other, position = together(position + 1)
            met = met or other
        return met, position

    def together(position: int) -> tuple[bool, int]:
        met, position = licence(position)
        while position < len(tokens) and tokens[position] == "AND":
            other, position = licence(position + 1)
            met = met and other
        return met, position

    def licence(position: int) -> tuple[bool, int]:
        if tokens[position] == "(":
            met, position = alternatives(position + 1)
            return met, position + 1
        name = tokens[position]
        if tokens[position + 1 : position + 2] == ["WITH"]:
            return f"{name} WITH {tokens[position + 2]}" in AGREED, position + 3
        return name in AGREED, position + 1

    return alternatives(0)[0]


def problems_of(package: dict) -> list[str]:
    """What is wrong with a dependency."""
    named, found = f"{package['name']} {package['version']}", []
    if package["source"] != REGISTRY:
        found.append(f"{named} comes from {package['source']}")
    if not (package["license"] and is_agreed(package["license"])):
        found.append(f"{named} has the licence {package['license'] or package['license_file'] or 'nobody knows'}")
    return found


def unused_by(package: dict) -> list[str]:
    """Dependencies that one of our packages names in its manifest and nowhere in its code."""
    if package["name"] in FEATURE_LISTS:
        return []
    folder = Path(package["manifest_path"]).parent
    code = "\n".join(path.read_text() for path in folder.rglob("*.rs"))
    names = {dependency["rename"] or dependency["name"] for dependency in package["dependencies"]} - FEATURE_LISTS
    return [f"{package['name']} does not use {name}" for name in sorted(names) if not re.search(rf"\b{name.replace('-', '_')}\b", code)]


def main() -> int:
    found = []
    for package in json.load(sys.stdin)["packages"]:
        found += unused_by(package) if package["source"] is None else problems_of(package)
    for problem in found:
        print(f"error: {problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
