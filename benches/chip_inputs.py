"""Inputs of chips.py, and the comparison of what came of them. Apart, so that the process that starts the contenders stays small:
a program's peak memory counts from that of the process it was started from.

    python3 chip_inputs.py make FOLDER SIDE | compare OURS PEERS EVERY
"""

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from rasterio.transform import from_origin
from shapely.geometry import Polygon

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


def make(folder: Path, side: int) -> None:
    size = int(side * STEP + 2 * CHIP_PX)
    make_raster(folder / "raster.tif", size)
    make_fields(folder / "fields.parquet", side, size)
    raster = folder / "raster.tif"
    (folder / "study.toml").write_text(STUDY.format(pixel=PIXEL, chip_px=CHIP_PX, overlap=OVERLAP, raster=raster))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["make", folder, side]:
            make(Path(folder), int(side))
        case ["compare", ours, peers, every]:
            print(compared(Path(ours), Path(peers), int(every)))
        case _:
            sys.exit(__doc__)
