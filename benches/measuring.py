"""Runs programs one after the other and says what each took: processor seconds, wall seconds, peak memory."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What a run took."""

    cpu_s: float
    wall_s: float
    peak_mb: float


def run(command: list[str | Path]) -> Cost:
    """Runs a program to its end, one thread in its numeric libraries; raises if it fails."""
    command = [str(part) for part in command]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    started = time.monotonic()
    child = subprocess.Popen(command, env=os.environ | threads, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise subprocess.CalledProcessError(child.returncode, command)
    # Linux counts ru_maxrss in KiB, macOS in bytes.
    peak = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return Cost(usage.ru_utime + usage.ru_stime, wall, peak)


def median_of(costs: list[Cost]) -> Cost:
    """The run in the middle by processor time."""
    return sorted(costs, key=lambda cost: cost.cpu_s)[len(costs) // 2]


def python_with(requirements: Path) -> Path:
    """A Python that has the requirements, in a virtual environment in the cache, made on first use."""
    cache = os.environ.get("TRANSECT_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "transect"
    key = hashlib.sha256(sys.version.encode() + requirements.read_bytes()).hexdigest()[:16]
    venv = Path(cache) / f"benches-{key}"
    done = venv / "done"
    venv.parent.mkdir(parents=True, exist_ok=True)
    with (venv.parent / "benches.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            print(f"installing {requirements} into {venv} (once, a minute or two)", file=sys.stderr)
            subprocess.run([sys.executable, "-m", "venv", venv], check=True)
            pip = [venv / "bin/pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, "-r", requirements], check=True)
            done.touch()
    return venv / "bin/python"


def print_table(header: list[str], rows: list[list[str]]) -> None:
    """Prints a Markdown table, its first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]

    def line(row: list[str]) -> str:
        cells = [cell.ljust(width) if column == 0 else cell.rjust(width) for column, (cell, width) in enumerate(zip(row, widths))]
        return f"| {' | '.join(cells)} |"

    print(line(header))
    print(f"| {' | '.join('-' * width if column == 0 else '-' * (width - 1) + ':' for column, width in enumerate(widths))} |")
    for row in rows:
        print(line(row), flush=True)
