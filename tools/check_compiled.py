"""Fails if a Rust file of the repository is compiled by no target: tests in it would never run, and nobody would notice.

    cargo clippy --workspace --all-targets --message-format json | python3 tools/check_compiled.py

cargo says what each target has made, and beside that rustc leaves the list of the files that it read (`*.d`).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path


def dependency_lists(messages: Iterable[str]) -> set[Path]:
    """The lists of files that the artifacts of this build were compiled from."""
    lists = set()
    for line in messages:
        message = json.loads(line) if line.startswith("{") else {}
        # Packages of the registry are no concern.
        if message.get("reason") != "compiler-artifact" or not message["package_id"].startswith("path+"):
            continue
        for name in map(Path, message["filenames"]):
            if name.parent.name == "deps":
                lists.add(name.with_name(name.stem.removeprefix("lib") + ".d"))
            else:  # a build script has a folder of its own
                lists.update(name.parent.glob("*.d"))
    return lists


def compiled(lists: Iterable[Path], root: Path) -> set[Path]:
    """The files named in such lists; relative ones are below `root`."""
    files = set()
    for path in lists:
        for line in path.read_text().splitlines():
            _, _, named = line.partition(": ")
            # A blank in a name has a backslash before it.
            files.update((root / name.replace("\\ ", " ")).resolve() for name in re.findall(r"(?:\\ |\S)+", named))
    return files


def not_compiled(messages: Iterable[str], root: Path) -> list[str]:
    """The Rust files that git knows, or would, and that none of the artifacts was compiled from."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.rs"]
    names = subprocess.run(listed, cwd=root, check=True, capture_output=True, text=True).stdout.split("\0")
    known = compiled(dependency_lists(messages), root)
    return sorted(name for name in names if name and (root / name).is_file() and (root / name).resolve() not in known)


def main() -> int:
    found = not_compiled(sys.stdin, Path.cwd())
    for name in found:
        print(f"error: {name} is compiled by no target: name it in a `mod`, or delete it", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
