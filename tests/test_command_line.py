"""The command line by itself: what it prints, and what is left after a mistake."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cloud import run_transect


@pytest.fixture(scope="module")
def town(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("town") / "town.parquet"
    run_transect(programs, "generate", "town", path, "--cells", 2000)
    return path


def test_pictures_are_measured_line_by_line(programs: Path, tmp_path: Path):
    """Two measures of two pictures: a quarter of a meadow, and nothing but grey."""
    pixels = np.full((40, 40, 3), 128, np.uint8)
    Image.fromarray(pixels).save(tmp_path / "grey.png")
    pixels[:20, :20] = (90, 120, 70)
    Image.fromarray(pixels).save(tmp_path / "quarter.png")
    done = run_transect(programs, "measure", "green,blank", tmp_path / "quarter.png", tmp_path / "grey.png", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(Path(line["picture"]).name, line["status"], line["green"]) for line in lines] == [("quarter.png", "ok", 0.25), ("grey.png", "ok", 0.0)]
    assert all("blank" in line for line in lines)


def test_a_split_that_fails_leaves_nothing(programs: Path, town: Path, tmp_path: Path):
    failed = run_transect(programs, "split", town, tmp_path / "parts", "--column", "nope", check=False)
    assert failed.returncode != 0
    assert failed.stderr.startswith(f"error: {town}: no column `nope`; the columns are grid_id, population,")
    assert list(tmp_path.iterdir()) == []


def test_a_split_keeps_what_else_is_in_the_folder(programs: Path, town: Path, tmp_path: Path):
    (tmp_path / "kept.txt").write_text("mine")
    for _ in range(2):
        run_transect(programs, "split", town, tmp_path, "--column", "urban")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["false.parquet", "kept.txt", "true.parquet"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["plan", "areas", "TOWN", "--id", "nope", "--per-area", 3], "TOWN: no column `nope`; the columns are grid_id"),
        (["map", "TOWN", "map.svg"], 'TOWN: there is no column "cluster_id": the table has grid_id'),
        (["plan", "areas", "TOWN", "--id", "urban", "--per-area", 3], "TOWN: column \"urban\": "),
        (["plan", "areas", "TOWN", "--id", "grid_id", "--per-area", 0], "plan setting per_area: is 0; at least 1 point"),
        (["plan", "roads", "TOWN", "--sides", "back"], "--sides: unknown variant `back`, expected one of `left`, `right`"),
        (["sample-clusters", "TOWN", "sample.parquet", "-n", 5], "TOWN: no column `cluster_weight`; the columns are grid_id"),
        (["measure", "greeen", "TOWN"], "measures: no measure \"greeen\", expected one of green, exg"),
        (["generate", "town", "none.parquet", "--cells", 0], "--cells: is 0; at least 1"),
    ],
)
def test_a_mistake_is_told_with_its_place(programs: Path, town: Path, tmp_path: Path, monkeypatch, arguments: list, told: str):
    monkeypatch.chdir(tmp_path)
    arguments = [town if argument == "TOWN" else argument for argument in arguments]
    out = ["--out", "out"] if arguments[0] == "plan" else []
    failed = run_transect(programs, *arguments, *out, check=False)
    assert failed.returncode != 0
    assert failed.stderr.startswith("error: " + told.replace("TOWN", str(town)))
    assert failed.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_cloud_out_of_reach_is_told_in_one_line(programs: Path, monkeypatch: pytest.MonkeyPatch):
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "not-told",
        "AWS_REGION": "eu-west-1",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    execution = "arn:aws:states:eu-west-1:123456789012:execution:clusters:first"
    failed = run_transect(programs, "status", execution, check=False)
    assert failed.returncode != 0
    assert failed.stderr.startswith(f"error: {execution}: ")
    assert "Connection refused" in failed.stderr
    assert "{" not in failed.stderr
    assert "not-told" not in failed.stderr
