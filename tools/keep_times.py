"""Gives the files of a fresh clone the times at which their contents last changed.

    python3 tools/keep_times.py TARGET      # cargo's target folder, one that only .ci/run builds into

cargo tells by their times which files have changed since it compiled them, and in a fresh clone all are new. What every file held the
last time, and since when, is kept in TARGET/contents.json: a file that holds the same gets its time back, every other one the present.
So the clone is compiled as a working tree would be that was never thrown away.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path


def keep_times(target: Path) -> tuple[int, int]:
    """How many files there are, and how many of them are new or changed."""
    record = target / "contents.json"
    try:
        before = json.loads(record.read_text())
    except (OSError, ValueError):
        before = {}
    now = time.time_ns()
    after = {}
    for name in subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True, text=True).stdout.split("\0"):
        path = Path(name)
        if not name or not path.is_file():
            continue
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        known = before.get(name, {})
        since = known["since"] if known.get("sha256") == digest else now
        os.utime(path, ns=(since, since))
        after[name] = {"sha256": digest, "since": since}
    target.mkdir(parents=True, exist_ok=True)
    unfinished = record.with_suffix(".new")
    unfinished.write_text(json.dumps(after))
    unfinished.replace(record)
    return len(after), sum(entry["since"] == now for entry in after.values())


if __name__ == "__main__":
    files, changed = keep_times(Path(sys.argv[1]))
    print(f"{changed} of {files} files changed since the last run")
