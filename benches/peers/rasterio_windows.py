"""Chips of a plan by rasterio, one after the other: read a window, burn the labels that lie there, write five bands.

    python3 rasterio_windows.py RASTER SAMPLES.parquet FIELDS.parquet FOLDER
"""

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from rasterio.features import rasterize
from rasterio.transform import from_origin
from rasterio.windows import from_bounds
from shapely.geometry import box


def main(raster: str, samples: str, fields: str, folder: str) -> None:
    target = Path(folder)
    target.mkdir()
    chips = gpd.read_parquet(samples)
    layer = gpd.read_parquet(fields).to_crs(chips["crs"].iloc[0]).sort_values("crop").reset_index(drop=True)
    index, shapes, values = layer.sindex, layer.geometry.to_numpy(), layer["crop"].to_numpy()
    with rasterio.open(raster) as source:
        names = (*source.descriptions, "crop")
        for name, x, y, pixel, px in zip(chips["sample_id"], chips["x_min"], chips["y_max"], chips["pixel_m"], chips["chip_px"]):
            bounds = (x, y - px * pixel, x + px * pixel, y)
            window = from_bounds(*bounds, source.transform).round_offsets().round_lengths()
            transform = from_origin(x, y, pixel, pixel)
            pixels = np.zeros((source.count + 1, px, px), np.uint16)
            source.read(window=window, out=pixels[:-1])
            near = np.sort(index.query(box(*bounds)))
            if len(near):
                burnt = zip(shapes[near], values[near])
                pixels[-1] = rasterize(burnt, out_shape=(px, px), transform=transform, dtype="uint16")
            profile = {
                "driver": "GTiff", "width": px, "height": px, "count": source.count + 1, "dtype": "uint16", "crs": source.crs,
                "transform": transform, "compress": "deflate", "predictor": 2, "interleave": "pixel",
            }
            with rasterio.open(target / f"{name}.tif", "w", **profile) as chip:
                chip.write(pixels)
                chip.descriptions = names


if __name__ == "__main__":
    main(*sys.argv[1:])
