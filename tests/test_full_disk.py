"""A disk that is full in the middle of a run."""

import hashlib
import subprocess
from pathlib import Path

import geopandas as gpd
import pytest
from cloud import run_transect


def in_a_namespace(script: str, folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs a shell script that may mount file systems of its own; what it mounts is gone with it."""
    if subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("this system lets nobody mount a file system of his own")
    return subprocess.run(["unshare", "-rm", "sh", "-c", script, *map(str, arguments)], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "command",
    [
        ["split", "town.parquet", "out/parts", "--column", "urban"],
        ["plan", "areas", "areas.parquet", "--id", "area_id", "--per-area", 5000, "--out", "out/plan"],
        ["generate", "town", "out/again.parquet", "--cells", 40000],
    ],
    ids=lambda command: command[0],
)
def test_a_table_that_finds_no_room_is_not_there(programs: Path, tmp_path: Path, command: list[object]):
    """The error is the disk's, names the output and not the input, and leaves neither file nor folder."""
    run_transect(programs, "generate", "town", tmp_path / "town.parquet", "--cells", 40000)
    run_transect(programs, "generate", "picture", tmp_path / "place", "--size", 600)
    (tmp_path / "place" / "areas.parquet").rename(tmp_path / "areas.parquet")
    (tmp_path / "out").mkdir()
    script = 'mount -t tmpfs -o size=64k tmpfs out; "$@"; echo "ended with $?"; find out -mindepth 1'
    done = in_a_namespace(script, tmp_path, "sh", programs / "transect", *command)
    assert done.stdout == "ended with 1\n", done.stderr
    [error] = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert error.startswith("error: out") and "No space left on device" in error and error.endswith("(StorageUnavailable)")


def test_a_full_disk_ends_the_run_and_room_lets_it_go_on(programs: Path, tmp_path: Path):
    """600 KiB are too few for 320 pictures: no half picture, one line; with more room the rest comes, and nothing twice."""
    run_transect(programs, "generate", "picture", tmp_path / "place", "--size", 600)
    (tmp_path / "out").mkdir()
    (tmp_path / "study.toml").write_text(
        f"""
name = "full"
batches = 2
[plan]
kind = "areas"
file = "place/areas.parquet"
id = "area_id"
per_area = 20
[source]
kind = "cog"
url = "{tmp_path}/place/picture.tif"
[picture]
size_px = 64
"""
    )
    script = """
mount -t tmpfs -o size=600k tmpfs out
"$0" run study.toml --out out >/dev/null && exit 9
find out -name '*.png' | wc -l
find out -name '.unfinished*'
mount -o remount,size=60m out
"$0" run study.toml --out out >/dev/null || exit 8
cp -r out/tables out/images kept
"""
    (tmp_path / "kept").mkdir()
    done = in_a_namespace(script, tmp_path, programs / "transect")
    assert done.returncode == 0, done.stderr
    [error] = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert "No space left on device" in error and error.endswith("(StorageUnavailable)")
    [before] = done.stdout.split()
    assert 20 < int(before) < 320
    [ledger] = (tmp_path / "kept").glob("tables/*/ledger.parquet")
    rows = gpd.read_parquet(ledger)
    assert len(rows) == 320 and set(rows["status"]) <= {"ok", "exists"}
    for row in rows.itertuples():
        assert hashlib.sha256((tmp_path / "kept" / row.key).read_bytes()).hexdigest() == row.sha256
