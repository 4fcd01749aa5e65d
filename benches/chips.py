"""Cuts labelled chips from a local COG by ours and by rasterio in one Python process, and prints one table.

    python3 benches/chips.py [--programs target/release] [--side 71] [--runs 3]

About side x side chips of 256 pixels, overlap 0.8, four bands of 16 bits, labels burnt in as a fifth band, written as
GeoTIFF with deflate. Ours is the whole of `transect run`: plan, chips, ledger, summary, report, catalogue. The peer is
given the plan. A share of the chips is compared, pixel for pixel. The median run by processor time counts.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from measuring import Cost, median_of, print_table, python_with, run

HERE = Path(__file__).resolve().parent
try:
    import geopandas as gpd
    import numpy as np
    import rasterio
    from rasterio.transform import from_origin
    from shapely.geometry import Polygon
except ImportError:
    python = python_with(HERE / "chips-requirements.txt")
    os.execv(python, [python, *sys.argv])

PIXEL, CHIP_PX, OVERLAP = 5.0, 256, 0.8
STEP = CHIP_PX * (1 - OVERLAP)
WEST, NORTH, EPSG = 400_000.0, 1_100_000.0, 32631
STUDY = """
name = "bench"
batches = 1
[plan]
kind = "chips"
file = "fields.parquet"
pixel_m = {pixel}
chip_px = {chip_px}
overlap = {overlap}
[source]
kind = "cog"
url = "{raster}"
[picture]
format = "tiff"
[picture.labels]
layer = "fields.parquet"
column = "crop"
"""


def make_raster(path: Path, size: int) -> None:
    """Like a satellite median: wide shapes, fine grain, neighbouring bands alike."""
    random = np.random.default_rng(1)
    row, column = np.mgrid[0:size, 0:size].astype(np.float32)
    shape = 1200 + 500 * np.sin(row / 97) * np.cos(column / 131) + 300 * np.sin((row + column) / 37)
    with rasterio.open(
        path, "w", driver="COG", width=size, height=size, count=4, dtype="uint16", crs=f"EPSG:{EPSG}",
        transform=from_origin(WEST, NORTH, PIXEL, PIXEL), compress="deflate", predictor=2, blocksize=512,
    ) as target:
        for band in range(4):
            target.write((shape * (0.7 + 0.2 * band) + random.normal(0, 12, shape.shape)).astype(np.uint16), band + 1)
        target.descriptions = ("B", "G", "R", "N")


def make_fields(path: Path, side: int, size: int) -> None:
    """Fields so dense that every chip of the lattice meets one, a chip's side away from the raster's edges."""
    random = np.random.default_rng(2)
    reach = side * STEP - CHIP_PX
    first = (size - reach) / 2
    count = int((reach / 60) ** 2)
    angles = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    fields = []
    for x, y in random.uniform(first + 30, first + reach - 30, (count, 2)):
        radii = random.uniform(8, 28, 14)
        fields.append(Polygon(np.c_[WEST + (x + radii * np.cos(angles)) * PIXEL, NORTH - (y + radii * np.sin(angles)) * PIXEL]))
    gpd.GeoDataFrame({"crop": 1 + np.arange(count) % 5}, geometry=fields, crs=EPSG).to_parquet(path)


def compared(ours: Path, peers: Path, every: int) -> int:
    """How many chips of both are the same; raises where one differs."""
    chips = sorted(ours.glob("*.tif"))
    for path in chips[::every]:
        with rasterio.open(path) as one, rasterio.open(peers / path.name) as other:
            if one.transform != other.transform or one.crs != other.crs or (one.read() != other.read()).any():
                raise SystemExit(f"error: {path.name} differs")
    return len(chips[::every])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, default=HERE.parent / "target/release")
    parser.add_argument("--side", type=int, default=71, help="chips along a side of the lattice")
    parser.add_argument("--runs", type=int, default=3)
    a = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = int(a.side * STEP + 2 * CHIP_PX)
        make_raster(folder / "raster.tif", size)
        make_fields(folder / "fields.parquet", a.side, size)
        study = folder / "study.toml"
        study.write_text(STUDY.format(pixel=PIXEL, chip_px=CHIP_PX, overlap=OVERLAP, raster=folder / "raster.tif"))
        run([a.programs / "transect", "plan", study, "--out", folder / "planned"])
        [samples] = (folder / "planned/plans").glob("*/samples.parquet")
        count = len(gpd.read_parquet(samples))

        def ours(number: int) -> Cost:
            return run([a.programs / "transect", "run", study, "--out", folder / f"ours-{number}"])

        def peer(number: int) -> Cost:
            inputs = [folder / "raster.tif", samples, folder / "fields.parquet"]
            return run([sys.executable, HERE / "peers/rasterio_windows.py", *inputs, folder / f"peer-{number}"])

        costs = {"transect run": [], "rasterio windows": []}
        for number in range(a.runs):
            costs["transect run"].append(ours(number))
            costs["rasterio windows"].append(peer(number))
        [pictures] = (folder / "ours-0/images").iterdir()
        folders = {"transect run": pictures, "rasterio windows": folder / "peer-0"}
        same = compared(pictures, folder / "peer-0", 10)
        print(f"{count} chips of {CHIP_PX} px from a raster of {size} px, {a.runs} runs each; {same} of them compared: equal\n")
        best = median_of(costs["transect run"]).cpu_s
        rows = []
        for contender, runs in costs.items():
            cost = median_of(runs)
            stored = sum(path.stat().st_size for path in folders[contender].glob("*.tif")) / 1e6
            rows.append([
                contender, f"{cost.cpu_s:.1f}", f"{cost.wall_s:.1f}", f"{1000 * cost.cpu_s / count:.2f}",
                f"{cost.peak_mb:.0f}", f"{stored:.0f}", f"{cost.cpu_s / best:.1f}",
            ])
        print_table(["", "CPU s", "wall s", "CPU ms a chip", "peak MB", "stored MB", "CPU ratio"], rows)


if __name__ == "__main__":
    main()
