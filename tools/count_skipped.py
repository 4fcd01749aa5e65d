"""Fails if a run of all tests skipped another number than expected: a test that is skipped unnoticed tests nothing.

    make test 2>&1 | tee log; python3 tools/count_skipped.py --expected 1 log
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

# The closing lines of cargo nextest, of cargo test (one for each program), and of pytest.
CLOSING = (
    re.compile(r"Summary \[.*\] .*tests? run:.* (?P<n>\d+) skipped"),
    re.compile(r"test result: .* (?P<n>\d+) ignored;"),
    re.compile(r"test result: .* (?P<n>\d+) filtered out"),
    re.compile(r"^=+ .*\b(?P<n>\d+) skipped\b.* in [\d.]+s"),
)
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def skipped(log: str) -> int:
    """Tests that were skipped, ignored or filtered out, over all runners."""
    lines = COLOURS.sub("", log).splitlines()
    return sum(int(found["n"]) for line in lines for form in CLOSING if (found := form.search(line)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--expected", type=int, required=True)
    parser.add_argument("log", type=Path)
    arguments = parser.parse_args()
    found = skipped(arguments.log.read_text(errors="replace"))
    if found != arguments.expected:
        print(f"error: {found} tests were skipped and {arguments.expected} were expected: see their reasons above", file=sys.stderr)
        return 1
    print(f"{found} tests were skipped, as expected")
    return 0


if __name__ == "__main__":
    sys.exit(main())
