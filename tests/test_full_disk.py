"""A disk that is full in the middle of a run."""

import hashlib
import subprocess
from pathlib import Path

import geopandas as gpd
import pytest
from cloud import run_transect


def test_a_full_disk_ends_the_run_and_room_lets_it_go_on(programs: Path, tmp_path: Path):
    """600 KiB are too few for 320 pictures: no half picture, one line; with more room the rest comes, and nothing twice."""
    if subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("this system lets nobody mount a file system of his own")
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
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script, programs / "transect"], cwd=tmp_path, capture_output=True, text=True, check=False)
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
