"""Clusters one file by Transect and by its peers and prints one table.

    python3 benches/cluster.py [--programs target/release] [--input GRID.parquet] [--target-radius 1000] [--towns]

Without --input it takes the grid in $TRANSECT_DATA, or makes up a town of the same size. With --towns it goes
through made-up towns of every shape and random crops of the input instead, without the slow peer. Every answer is
judged by tools/evaluate.py, which shares no code with Transect. Each program runs --runs times (the slow peer
once); the median by processor time counts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from measuring import Cost, median_of, print_table, python_with, run

HERE = Path(__file__).resolve().parent
EVALUATE = HERE.parent / "tools/evaluate.py"
SHAPES = ("town", "coast", "two-valleys", "dense-core", "many-islands")
CROPS = 3


@dataclass(frozen=True)
class Wanted:
    """What is asked of every contender."""

    weight: str
    epsg: int
    target_weight: float
    target_radius: float
    min_weight: float
    max_weight: float

    def options(self, *names: str) -> list[str]:
        """Command line options for these fields."""
        return [part for name in names for part in (f"--{name.replace('_', '-')}", str(getattr(self, name)))]


@dataclass(frozen=True)
class Contender:
    """A program that clusters a table."""

    name: str
    command: list[str | Path]
    runs: int


def contenders(a: argparse.Namespace, wanted: Wanted, python: Path, total: float) -> list[Contender]:
    """Ours first, the slow peer last."""
    limits = ("weight", "target_weight", "target_radius", "min_weight", "max_weight")
    ours = [a.programs / "transect", "cluster", "{input}", "{output}", *wanted.options(*limits), "--projected-epsg", wanted.epsg, "--seed", 1]
    metis = [python, HERE / "peers/metis.py", "{input}", "{output}", *wanted.options("weight"), "--parts"]
    parts = [round(total / wanted.target_weight), round(total / (wanted.min_weight * 1.09))]
    peer = [python, HERE / "peers/tuned_kmeans.py", "{input}", "{output}"]
    peer += wanted.options("weight", "epsg", "target_weight", "target_radius", "max_weight")
    return [
        Contender("transect balanced", ours, a.runs),
        Contender("transect balanced, one start", [*ours, "--starts", 1], a.runs),
        Contender("transect tuned-kmeans", [*ours, "--method", "tuned-kmeans"], a.runs),
        *(Contender(f"METIS k-way, contiguous, K = {k}", [*metis, k], a.runs) for k in parts),
        *([] if a.towns else [Contender("Python tuned k-means", peer, 1)]),
    ]


def judged(python: Path, output: Path, wanted: Wanted) -> dict:
    """What the evaluation says of an answer."""
    limits = wanted.options("weight", "epsg", "target_weight", "target_radius", "min_weight", "max_weight")
    return json.loads(subprocess.run([python, EVALUATE, output, *limits], check=True, capture_output=True).stdout)


def compete(a: argparse.Namespace, table: Path, wanted: Wanted, python: Path, folder: Path) -> list[tuple[str, Cost, dict]]:
    """Every contender on one file."""
    total = float(json.loads(subprocess.run(
        [python, "-c", f"import pandas; print(float(pandas.read_parquet({str(table)!r}, columns=[{wanted.weight!r}]).sum().iloc[0]))"],
        check=True, capture_output=True, text=True,
    ).stdout))
    results = []
    for contender in contenders(a, wanted, python, total):
        print(f"{table.stem}: {contender.name}", file=sys.stderr)
        output = folder / "answer.parquet"
        command = [str(part).format(input=table, output=output) for part in contender.command]
        cost = median_of([run(command) for _ in range(contender.runs)])
        results.append((contender.name, cost, judged(python, output, wanted)))
    return results


def report(results: list[tuple[str, Cost, dict]], file: str | None = None) -> list[list[str]]:
    """Rows of the table; the last column compares processor time with the first row."""
    first = results[0][1].cpu_s
    return [
        [
            *([file] if file else []),
            name,
            f"{cost.cpu_s:.2f}",
            f"{cost.wall_s:.2f}",
            f"{cost.peak_mb:.0f}",
            str(figures["clusters"]),
            f"{figures['score']:.0f}",
            f"{figures['share_in_range']:.1%}",
            f"{figures['share_connected']:.1%}",
            f"{figures['share_good']:.1%}",
            f"{figures['weight_share_good'] or 0:.1%}",
            f"{cost.cpu_s / first:.1f}",
        ]
        for name, cost, figures in results
    ]


HEADER = ["", "CPU s", "wall s", "peak MB", "clusters", "score", "in range", "connected", "all three", "by weight", "CPU ratio"]


def town(a: argparse.Namespace, shape: str, folder: Path) -> Path:
    """A made-up town."""
    path = folder / f"{shape}.parquet"
    run([a.programs / "transect", "generate", "town", path, "--shape", shape, "--cells", a.cells, "--seed", 1])
    return path


def crop(python: Path, table: Path, seed: int, folder: Path) -> Path:
    """The cells in a random window of half the width and half the height."""
    path = folder / f"crop-{seed}.parquet"
    script = (
        "import sys, random, geopandas; t = geopandas.read_parquet(sys.argv[1]); w, s, e, n = t.total_bounds; "
        "r = random.Random(int(sys.argv[3])); x, y = w + r.random() * (e - w) / 2, s + r.random() * (n - s) / 2; "
        "t.cx[x:x + (e - w) / 2, y:y + (n - s) / 2].to_parquet(sys.argv[2])"
    )
    subprocess.run([python, "-c", script, table, path, str(seed)], check=True)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, default=HERE.parent / "target/release")
    parser.add_argument("--input", type=Path, help="lattice of points with a weight column")
    parser.add_argument("--towns", action="store_true", help="towns of every shape and crops of the input")
    parser.add_argument("--cells", type=int, default=70_000, help="size of made-up towns")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--weight", default="population")
    parser.add_argument("--epsg", type=int, default=3121)
    parser.add_argument("--target-weight", type=float, default=240)
    parser.add_argument("--target-radius", type=float, default=1000)
    parser.add_argument("--min-weight", type=float, default=180)
    parser.add_argument("--max-weight", type=float, default=300)
    a = parser.parse_args()
    wanted = Wanted(a.weight, a.epsg, a.target_weight, a.target_radius, a.min_weight, a.max_weight)
    python = python_with(HERE / "requirements.txt")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = os.environ.get("TRANSECT_DATA")
        table = a.input or (Path(data) / "grids/grids.parquet" if data else None)
        if a.towns:
            tables = [town(a, shape, folder) for shape in SHAPES]
            tables += [crop(python, table, seed, folder) for seed in range(1, CROPS + 1)] if table else []
            rows = [row for file in tables for row in report(compete(a, file, wanted, python, folder), file.stem)]
            print_table(["file", *HEADER], rows)
        else:
            table = table or town(a, "town", folder)
            print(f"{table.name}: target {a.target_weight:g}, radius {a.target_radius:g} m, {a.min_weight:g} to {a.max_weight:g}\n")
            print_table(HEADER, report(compete(a, table, wanted, python, folder)))


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"error: {error}")
