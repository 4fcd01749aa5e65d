"""Green share of the same pixels by ours and by OpenCV, in one run and on one core each.

    cargo build --release -p measures --example green_throughput
    python3 benches/measures.py [--program target/release/examples/green_throughput]

Printed are bytes of RGB a CPU second, and that both count the same pixels: on
colours without order (the worst case for tables), on a picture with texture, and on all 16,777,216 colours.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from measuring import python_with

HERE = Path(__file__).resolve().parent
ROUNDS = 10
LOW, HIGH = 99, 122  # a* + 128 of green, both inclusive

try:
    import cv2
    import numpy as np
except ImportError:
    python = python_with(HERE / "measures-requirements.txt")
    os.execv(python, [python, *sys.argv])


def pictures():
    """Name and pixels, 4096 x 4096 RGB."""
    random = np.random.default_rng(1)
    yield "random colours", random.integers(0, 256, (4096, 4096, 3), dtype=np.uint8)
    coarse = random.integers(40, 200, (64, 64, 3), dtype=np.uint8)
    smooth = cv2.resize(coarse, (4096, 4096), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    noise = random.integers(-6, 7, smooth.shape, dtype=np.int16)
    yield "picture-like", np.clip(smooth + noise, 0, 255).astype(np.uint8)
    axis = np.arange(256, dtype=np.uint8)
    cube = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1)
    yield "every colour", np.ascontiguousarray(cube.reshape(4096, 4096, 3))


def by_opencv(pixels):
    """Green pixels, and CPU seconds a round."""
    start = cpu_seconds(resource.RUSAGE_SELF)
    for _ in range(ROUNDS):
        lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)
        green = cv2.countNonZero(cv2.inRange(lab, (0, LOW, 0), (255, HIGH, 255)))
    return green, (cpu_seconds(resource.RUSAGE_SELF) - start) / ROUNDS


def by_ours(program, pixels):
    """The same of ours, on the same bytes. A first call tells what starting and reading the file take."""
    with tempfile.NamedTemporaryFile(suffix=".rgb") as file:
        pixels.tofile(file.name)
        marks = [cpu_seconds(resource.RUSAGE_CHILDREN)]
        for rounds in (1, ROUNDS + 1):
            green = int(subprocess.run([program, file.name, str(rounds)], check=True, capture_output=True).stdout)
            marks.append(cpu_seconds(resource.RUSAGE_CHILDREN))
    return green, ((marks[2] - marks[1]) - (marks[1] - marks[0])) / ROUNDS


def cpu_seconds(who):
    """Processor time so far."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, default=HERE.parent / "target/release/examples/green_throughput")
    program = parser.parse_args().program
    if not program.exists():
        sys.exit(f"no {program}: cargo build --release -p measures --example green_throughput")
    cv2.setNumThreads(1)
    print(f"OpenCV {cv2.__version__}, one thread; GB of RGB a CPU second, mean of {ROUNDS} rounds")
    print(f"{'pixels':16} {'ours':>8} {'OpenCV':>8} {'ratio':>7}  green pixels")
    for name, pixels in pictures():
        (theirs, their_seconds), (ours, our_seconds) = by_opencv(pixels), by_ours(program, pixels)
        if ours != theirs:
            sys.exit(f"{name}: ours counts {ours} green pixels, OpenCV {theirs}")
        gigabytes = pixels.nbytes / 1e9
        print(f"{name:16} {gigabytes / our_seconds:8.2f} {gigabytes / their_seconds:8.2f} "
              f"{their_seconds / our_seconds:6.1f}x  {ours} by both")


if __name__ == "__main__":
    main()
