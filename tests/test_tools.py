"""The judges must be judged: figures worked out by hand."""

from __future__ import annotations

import subprocess
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from check_collected import not_collected
from check_compiled import not_compiled
from check_dependencies import is_agreed
from count_skipped import skipped
from evaluate import Wanted, evaluate, lattice_neighbours, same_rows, scattered_neighbours, touching_neighbours
from keep_times import keep_times
from shapely.geometry import box


def cells(labels: list[str], side: float = 100.0) -> gpd.GeoDataFrame:
    """A drawing of clusters, one letter a cell, `.` for none: columns to the east, rows to the south."""
    places = [(column, -row, letter) for row, line in enumerate(labels) for column, letter in enumerate(line) if letter != "."]
    squares = [box(500_000 + side * x, side * y, 500_000 + side * (x + 1), side * (y + 1)) for x, y, _ in places]
    table = {"cluster_id": [letter for *_, letter in places], "people": [1.0] * len(places)}
    return gpd.GeoDataFrame(table, geometry=squares, crs=32651)


WANTED = Wanted(target_weight=4, target_radius=150, min_weight=3, max_weight=5, epsg=32651, weight="people", adjacency="touch")


def test_figures_of_two_squares_and_a_line():
    # a, b: 2 x 2 cells of 100 m, radius half the diagonal of 200 m, 141.4; c: 1 x 4 cells, half of sqrt(400^2 + 100^2), 206.2.
    figures = evaluate(cells(["aabb", "aabb", "cccc"]), WANTED)
    assert figures["clusters"] == 3
    assert figures["median_weight"] == 4
    assert figures["median_radius"] == pytest.approx(np.hypot(200, 200) / 2)
    assert figures["share_in_range"] == figures["share_connected"] == 1
    assert figures["share_small"] == figures["share_good"] == figures["weight_share_good"] == pytest.approx(2 / 3)
    assert figures["score"] == pytest.approx(150 - np.hypot(200, 200) / 2)


def test_the_score_weighs_a_missed_weight_by_radius_over_weight():
    figures = evaluate(cells(["aab"]), Wanted(10, 150, 1, 20, 32651, "people", "touch"))
    assert figures["median_weight"] == 1.5
    radius = (np.hypot(200, 100) / 2 + np.hypot(100, 100) / 2) / 2
    assert figures["score"] == pytest.approx(150 / 10 * 8.5 + abs(150 - radius))


@pytest.mark.parametrize(
    ("drawing", "connected"),
    [
        (["aab", "abb"], 1.0),
        (["aba"], 0.5),
        (["a.", ".a"], 1.0),  # touching at a corner
        (["abb", "bba"], 0.5),
    ],
)
def test_a_cluster_is_connected_if_one_can_walk_through_it(drawing: list[str], connected: float):
    for adjacency in ("touch", "lattice"):
        wanted = Wanted(4, 150, 1, 5, 32651, "people", adjacency)
        assert evaluate(cells(drawing), wanted)["share_connected"] == pytest.approx(connected), adjacency


def test_neighbours_on_a_lattice_with_a_hole_are_those_that_touch():
    drawing = cells(["aaaaa", "aa.aa", "aaaaa", "a...a"])
    centres = np.column_stack([drawing.geometry.centroid.x, drawing.geometry.centroid.y])
    assert set(map(tuple, lattice_neighbours(centres))) == set(map(tuple, touching_neighbours(drawing.geometry.to_numpy())))


def test_scattered_places_are_neighbours_along_short_edges_of_triangles():
    # A square with its middle, which parts opposite corners; a farm far off; two places at one point.
    places = np.array([(0, 0), (200, 0), (200, 200), (0, 200), (90, 105), (5000, 90), (0, 0)], dtype=float) + 500_000
    pairs = {tuple(sorted(pair)) for pair in scattered_neighbours(places, 2000).tolist()}
    assert pairs == {(0, 1), (1, 2), (2, 3), (0, 3), (0, 4), (1, 4), (2, 4), (3, 4), (0, 6)}


def test_a_row_without_a_cluster_is_no_figure_but_an_error():
    table = cells(["ab"])
    table.loc[0, "cluster_id"] = None
    with pytest.raises(ValueError, match="1 rows have no cluster_id"):
        evaluate(table, WANTED)


def test_the_same_rows_in_another_order_are_the_same_and_a_changed_one_is_not():
    before = cells(["aab"])
    after = before.assign(more=1).iloc[[2, 0, 1]]
    assert same_rows(before, after)
    assert not same_rows(before, after.assign(people=[1.0, 1.0, 2.0]))
    assert not same_rows(before, after.iloc[:2])
    with pytest.raises(ValueError, match="columns lost: people"):
        same_rows(before, after.drop(columns="people"))


@pytest.mark.parametrize(
    ("expression", "agreed"),
    [
        ("MIT OR Apache-2.0", True),
        ("MIT/Apache-2.0", True),
        ("GPL-3.0-only", False),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only AND MIT", False),
        ("(MIT OR GPL-2.0-only) AND Unicode-3.0", True),
        ("MIT AND (GPL-2.0-only OR LGPL-2.1-only)", False),
        ("Apache-2.0 WITH LLVM-exception OR GPL-2.0-only", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
    ],
)
def test_a_licence_is_agreed_to_if_its_expression_can_be_met(expression: str, agreed: bool):
    assert is_agreed(expression) is agreed


def test_a_fresh_clone_gets_the_times_of_what_did_not_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The second clone changes one file of two: that one is new to cargo, also after a run that ended early, and again the third time it is not."""

    def clone(name: str, **contents: str) -> dict[str, int]:
        folder = tmp_path / name
        folder.mkdir()
        for file, text in contents.items():
            (folder / file).write_text(text)
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
        subprocess.run(["git", "add", "."], cwd=folder, check=True)
        monkeypatch.chdir(folder)
        seen.append(keep_times(tmp_path / "target"))
        return {file: (folder / file).stat().st_mtime_ns for file in contents}

    seen: list[tuple[int, int]] = []
    first = clone("first", a="1", b="1")
    second = clone("second", a="1", b="2")
    third = clone("third", a="1", b="2")
    back = clone("back", a="1", b="1")
    assert seen == [(2, 2), (2, 1), (2, 0), (2, 1)]
    assert first["a"] == second["a"] == third["a"] == back["a"]
    assert first["b"] < second["b"] == third["b"] < back["b"], "what it was before is a change, too"


def repository(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


def test_a_rust_file_that_no_target_compiles_is_found(tmp_path: Path):
    root = repository(
        tmp_path,
        {
            "Cargo.toml": '[package]\nname = "one"\nversion = "0.1.0"\nedition = "2024"\n',
            "build.rs": "fn main() {}\n",
            "src/lib.rs": "pub mod used;\n",
            "src/used.rs": "",
            "src/left_out.rs": "",
            "tests/all/main.rs": "mod first;\n",
            "tests/all/first.rs": "#[test] fn runs() {}\n",
            "tests/all/second.rs": "#[test] fn runs_never() {}\n",
        },
    )
    command = ["cargo", "check", "--offline", "--quiet", "--all-targets", "--message-format", "json", "--target-dir", tmp_path / "target"]
    built = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    (root / ".gitignore").write_text("/target\n")
    assert not_compiled(built.splitlines(), root) == ["src/left_out.rs", "tests/all/second.rs"]


def test_a_file_of_tests_that_pytest_does_not_collect_is_found(tmp_path: Path):
    test = "def test_it():\n    assert True\n"
    root = repository(tmp_path, {"tests/test_a.py": test, "tests/checks_b.py": test, "tools/c.py": "def main(): ..."})
    assert not_collected(["test_a.py::test_it", "", "1 test collected"], root, root / "tests") == ["tests/checks_b.py"]


def test_skipped_tests_are_counted_over_all_runners():
    nextest = "     Summary [   1.003s] 30 tests run: 30 passed (1 slow), 2 skipped\n"
    coloured = "\x1b[1m     Summary\x1b[0m [   1.003s] \x1b[1m30\x1b[0m tests run: 30 passed, \x1b[1m3\x1b[0m skipped\n"
    cargo = "test result: ok. 5 passed; 0 failed; 4 ignored; 0 measured; 5 filtered out; finished in 0.01s\n"
    pytest_ = "============ 120 passed, 6 skipped in 93.10s (0:01:33) ============\n"
    assert skipped(nextest + coloured + cargo + pytest_ + "120 passed\n") == 2 + 3 + 4 + 5 + 6
    assert skipped("============ 120 passed in 93.10s ============\n") == 0
