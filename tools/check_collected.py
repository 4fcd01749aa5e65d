"""Fails if a file with pytest tests is collected by no run.

    python -m pytest tests --collect-only -q -n 0 | python tools/check_collected.py tests

The argument is pytest's root, the folder of its pytest.ini: what it lists is relative to that.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path


def collected(lines: Iterable[str]) -> set[str]:
    """The files of a listing whose lines are `path::test`."""
    return {line.split("::")[0] for line in lines if "::" in line}


def not_collected(lines: Iterable[str], root: Path, base: Path) -> list[str]:
    """The files that define tests and are not in the listing."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.py"]
    names = subprocess.run(listed, cwd=root, check=True, capture_output=True, text=True).stdout.split("\0")
    known = {(base / name).resolve() for name in collected(lines)}
    tests = (name for name in names if name and (root / name).is_file() and re.search(r"^\s*(async )?def test_", (root / name).read_text(), re.M))
    return sorted(name for name in tests if (root / name).resolve() not in known)


def main() -> int:
    lines = sys.stdin.read().splitlines()
    found = not_collected(lines, Path.cwd(), Path(sys.argv[1]))
    for name in found:
        print(f"error: no run of pytest collects {name}: the tests are those of `pytest tests`, in files named test_*.py", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
