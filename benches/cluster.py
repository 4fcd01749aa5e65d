"""Clusters tables by Transect and by its peers and prints one table, with the cases where Transect does worst below it.

    python3 benches/cluster.py [--programs target/release] [--input GRID.parquet] [--target-radius 1000] [--towns | --large]

Without --input it takes the grid in $TRANSECT_DATA, or makes up a town of the same size. With --towns it goes
through made-up towns of every shape and random crops of the input instead, with --large through made-up towns of a
million and ten million cells; neither has the slow peer. Every answer is judged by tools/evaluate.py, which shares no
code with Transect. Each program runs --runs times (the slow peer once); the median by processor time counts.
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
SHAPES = ("town", "coast", "two-valleys", "dense-core", "many-islands", "rooftops")
CROPS = 5
LARGE = (1_000_000, 10_000_000)
PYTHON = "Python tuned k-means"


@dataclass(frozen=True)
class Wanted:
    """What is asked of every contender."""

    epsg: int
    target_weight: float
    target_radius: float
    min_weight: float
    max_weight: float

    def options(self, *names: str) -> list[str]:
        """Command line options for these fields."""
        return [part for name in names for part in (f"--{name.replace('_', '-')}", str(getattr(self, name)))]


@dataclass(frozen=True)
class Table:
    """A file to cluster."""

    path: Path
    weight: str | None
    adjacency: str = "lattice"

    @property
    def weighed(self) -> list[str]:
        """The option that names the column of weights."""
        return ["--weight", self.weight] if self.weight else []

    def total(self, python: Path) -> float:
        """The weight of all rows."""
        column = f"t[{self.weight!r}].sum()" if self.weight else "len(t)"
        script = f"import geopandas; t = geopandas.read_parquet({str(self.path)!r}); print(float({column}))"
        return float(subprocess.run([python, "-c", script], check=True, capture_output=True, text=True).stdout)


@dataclass(frozen=True)
class Contender:
    """A program that clusters a table."""

    name: str
    command: list[str | Path]
    runs: int


def contenders(a: argparse.Namespace, table: Table, wanted: Wanted, python: Path) -> list[Contender]:
    """Ours first, the slow peer last."""
    limits = ("target_weight", "target_radius", "min_weight", "max_weight")
    ours = [a.programs / "transect", "cluster", "{input}", "{output}", *table.weighed, *wanted.options(*limits)]
    ours += ["--projected-epsg", wanted.epsg, "--seed", 1]
    found = [Contender("balanced", ours, a.runs)]
    if a.large:
        return found
    found += [
        Contender("balanced, one start", [*ours, "--starts", 1], a.runs),
        Contender("tuned-kmeans", [*ours, "--method", "tuned-kmeans"], a.runs),
    ]
    metis = [python, HERE / "peers/metis.py", "{input}", "{output}", *table.weighed, *wanted.options("epsg", "target_radius")]
    total = table.total(python)
    for parts in (round(total / wanted.target_weight), round(total / (wanted.min_weight * 1.09))):
        found.append(Contender(f"METIS, K = {parts}", [*metis, "--adjacency", table.adjacency, "--parts", parts], a.runs))
    if not a.towns:
        peer = [python, HERE / "peers/tuned_kmeans.py", "{input}", "{output}", *table.weighed]
        found.append(Contender(PYTHON, [*peer, *wanted.options("epsg", "target_weight", "target_radius", "max_weight")], 1))
    return found


@dataclass(frozen=True)
class Result:
    """What a contender made of a table."""

    table: Table
    contender: Contender
    cost: Cost
    figures: dict


def judged(python: Path, output: Path, table: Table, wanted: Wanted) -> dict:
    """What the evaluation says of an answer."""
    limits = wanted.options("epsg", "target_weight", "target_radius", "min_weight", "max_weight")
    command = [python, EVALUATE, output, *table.weighed, *limits, "--adjacency", table.adjacency]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def compete(a: argparse.Namespace, table: Table, wanted: Wanted, python: Path, folder: Path) -> list[Result]:
    """Every contender on one file."""
    results = []
    for contender in contenders(a, table, wanted, python):
        print(f"{table.path.stem}: {contender.name}", file=sys.stderr)
        output = folder / "answer.parquet"
        command = [str(part).format(input=table.path, output=output) for part in contender.command]
        cost = median_of([run(command) for _ in range(contender.runs)])
        results.append(Result(table, contender, cost, judged(python, output, table, wanted)))
    return results


HEADER = ["", "CPU s", "wall s", "peak MB", "clusters", "score", "in range", "connected", "all three", "by weight"]


def rows(results: list[Result]) -> list[list[str]]:
    """Rows of the table; the last column says how many times less processor time than the slow peer's it took."""
    slow = next((result.cost.cpu_s for result in results if result.contender.name == PYTHON), None)
    return [
        [
            result.contender.name,
            f"{result.cost.cpu_s:.2f}",
            f"{result.cost.wall_s:.2f}",
            f"{result.cost.peak_mb:.0f}",
            str(result.figures["clusters"]),
            f"{result.figures['score']:.0f}",
            f"{result.figures['share_in_range']:.1%}",
            f"{result.figures['share_connected']:.1%}",
            f"{result.figures['share_good']:.1%}",
            f"{result.figures['weight_share_good'] or 0:.1%}",
            *([f"{slow / result.cost.cpu_s:.0f}"] if slow else []),
        ]
        for result in results
    ]


def worst_cases(results: list[Result]) -> list[str]:
    """Where the default method puts the least weight into good clusters, and where it does least against the better METIS."""

    def good(result: Result) -> float:
        return result.figures["weight_share_good"] or 0.0

    ours = {result.table.path.stem: good(result) for result in results if result.contender.name == "balanced"}
    metis: dict[str, float] = {}
    for result in results:
        if result.contender.name.startswith("METIS"):
            stem = result.table.path.stem
            metis[stem] = max(metis.get(stem, 0.0), good(result))
    least = min(ours, key=ours.__getitem__)
    lines = [f"least weight in good clusters: {least}, {ours[least]:.1%}"]
    if metis:
        near = min(metis, key=lambda stem: ours[stem] - metis[stem])
        lines.append(f"least beyond METIS: {near}, {ours[near]:.1%} against {metis[near]:.1%}")
    return lines


def writing_ms(a: argparse.Namespace, table: Table) -> str:
    """Processor milliseconds of writing the clustered table alone."""
    command = [a.programs / "examples/writing_time", table.path, "21"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def town(a: argparse.Namespace, shape: str, cells: int, folder: Path) -> Table:
    """A made-up town."""
    path = folder / f"{shape}-{cells}.parquet"
    run([a.programs / "transect", "generate", "town", path, "--shape", shape, "--cells", cells, "--seed", 1])
    return Table(path, None, "scattered") if shape == "rooftops" else Table(path, "population")


def crop(python: Path, table: Table, seed: int, folder: Path) -> Table:
    """The cells in a random window of half the width and half the height."""
    path = folder / f"crop-{seed}.parquet"
    script = (
        "import sys, random, geopandas; t = geopandas.read_parquet(sys.argv[1]); w, s, e, n = t.total_bounds; "
        "r = random.Random(int(sys.argv[3])); x, y = w + r.random() * (e - w) / 2, s + r.random() * (n - s) / 2; "
        "t.cx[x:x + (e - w) / 2, y:y + (n - s) / 2].to_parquet(sys.argv[2])"
    )
    subprocess.run([python, "-c", script, table.path, path, str(seed)], check=True)
    return Table(path, table.weight)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, default=HERE.parent / "target/release")
    parser.add_argument("--input", type=Path, help="lattice of points with a weight column")
    parser.add_argument("--towns", action="store_true", help="towns of every shape and crops of the input")
    parser.add_argument("--large", action="store_true", help="towns of a million and ten million cells")
    parser.add_argument("--cells", type=int, default=70_000, help="size of made-up towns")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--weight", default="population")
    parser.add_argument("--epsg", type=int, default=3121)
    parser.add_argument("--target-weight", type=float, default=240)
    parser.add_argument("--target-radius", type=float, default=1000)
    parser.add_argument("--min-weight", type=float, default=180)
    parser.add_argument("--max-weight", type=float, default=300)
    a = parser.parse_args()
    wanted = Wanted(a.epsg, a.target_weight, a.target_radius, a.min_weight, a.max_weight)
    python = python_with(HERE / "requirements.txt")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = os.environ.get("TRANSECT_DATA")
        given = a.input or (Path(data) / "grids/grids.parquet" if data else None)
        table = Table(given, a.weight) if given else None
        if a.towns:
            tables = [town(a, shape, a.cells, folder) for shape in SHAPES]
            tables += [crop(python, table, seed, folder) for seed in range(1, CROPS + 1)] if table else []
        elif a.large:
            tables = [town(a, "town", cells, folder) for cells in LARGE]
        else:
            tables = [table or town(a, "town", a.cells, folder)]
        limits = f"target {a.target_weight:g}, radius {a.target_radius:g} m, {a.min_weight:g} to {a.max_weight:g}"
        if len(tables) == 1:
            print(f"{tables[0].path.name}: {limits}\n")
            print_table([*HEADER, "x less CPU"], rows(compete(a, tables[0], wanted, python, folder)))
            print(f"\nof which writing the table: {writing_ms(a, tables[0])} ms of CPU")
            return
        results = [result for file in tables for result in compete(a, file, wanted, python, folder)]
        print(f"{limits}\n")
        named = [[result.table.path.stem, *row] for result, row in zip(results, rows(results))]
        print_table(["file", "method", *HEADER[1:]], named)
        if a.towns:
            print("\n" + "\n".join(worst_cases(results)))


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"error: {error}")
