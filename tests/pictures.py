"""An aerial photograph of nowhere, with as much in it as a test needs to tell one window from another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.transform import from_origin
from rasterio.warp import transform
from shapely.geometry import Point, Polygon, box


@dataclass(frozen=True)
class Aerial:
    """A Cloud Optimized GeoTIFF in a projected CRS."""

    path: Path
    epsg: int
    west: float
    north: float
    pixel: float
    size: int

    def lonlat(self, column: float, row: float) -> tuple[float, float]:
        """Longitude and latitude of a place given in pixels from the upper left corner."""
        x, y = self.west + column * self.pixel, self.north - row * self.pixel
        [lon], [lat] = transform(CRS.from_epsg(self.epsg), CRS.from_epsg(4326), [x], [y])
        return lon, lat

    @property
    def bounds_lonlat(self) -> tuple[float, float, float, float]:
        corners = [self.lonlat(column, row) for column in (0, self.size) for row in (0, self.size)]
        return min(c[0] for c in corners), min(c[1] for c in corners), max(c[0] for c in corners), max(c[1] for c in corners)


def make_aerial(path: Path, *, epsg: int = 32651, size: int = 1024, pixel: float = 0.5, seed: int = 1) -> Aerial:
    """Green land with roads and roofs; every pixel differs a little from its neighbours, so that a shift by one shows."""
    random = np.random.default_rng(seed)
    row, column = np.mgrid[0:size, 0:size]
    land = np.stack([70 + row // 12 % 40, 120 + column // 9 % 60, 60 + (row + column) // 20 % 30]).astype(np.int16)
    for line in range(96, size, 192):
        land[:, line : line + 14, :] = land[:, :, line : line + 14] = 150
    for _ in range(160):
        y, x = random.integers(0, size - 30, 2)
        land[:, y : y + random.integers(12, 28), x : x + random.integers(12, 28)] = random.integers(120, 250, 3)[:, None, None]
    picture = np.clip(land + random.integers(-6, 7, land.shape), 0, 255).astype(np.uint8)

    west, north = 300_000.0, 1_600_000.0
    profile = {
        "driver": "COG",
        "width": size,
        "height": size,
        "count": 3,
        "dtype": "uint8",
        "crs": CRS.from_epsg(epsg),
        "transform": from_origin(west, north, pixel, pixel),
        "compress": "deflate",
        "blocksize": 256,
        "overview_resampling": "average",
    }
    with rasterio.open(path, "w", **profile) as target:
        target.write(picture)
    return Aerial(path, epsg, west, north, pixel, size)


def window(aerial: Aerial, column: float, row: float, width: int, height: int, out: tuple[int, int] | None = None, resampling=Resampling.nearest) -> np.ndarray:
    """What GDAL reads of a window: bands last, as pictures are decoded."""
    with rasterio.open(aerial.path) as source:
        part = rasterio.windows.Window(column, row, width, height)
        shape = (3, *(out or (height, width)))
        return np.moveaxis(source.read(window=part, out_shape=shape, resampling=resampling), 0, -1)


MERCATOR_EDGE = 20_037_508.342789244  # metres of EPSG:3857 from its origin to its edge
BASEMAP_PIXEL = 2 * MERCATOR_EDGE / 2**23  # of zoom 15 in tiles of 256 pixels


def make_basemap(path: Path, *, size: int = 1536, seed: int = 1) -> Aerial:
    """A satellite median of nowhere: four named bands of 16 bits on the pixels of Web Mercator zoom 15, no two rows alike."""
    random = np.random.default_rng(seed)
    row, column = np.mgrid[0:size, 0:size]
    bands = [600 + 40 * band + (row * (band + 3) // 7 + column * 2) % 900 for band in range(4)]
    picture = (np.stack(bands) + random.integers(0, 25, (4, size, size))).astype(np.uint16)
    west = -MERCATOR_EDGE + 4_255_000 * BASEMAP_PIXEL
    north = MERCATOR_EDGE - 3_981_000 * BASEMAP_PIXEL
    profile = {
        "driver": "COG",
        "width": size,
        "height": size,
        "count": 4,
        "dtype": "uint16",
        "nodata": 0,
        "crs": CRS.from_epsg(3857),
        "transform": from_origin(west, north, BASEMAP_PIXEL, BASEMAP_PIXEL),
        "compress": "deflate",
        "blocksize": 256,
    }
    with rasterio.open(path, "w", **profile) as target:
        target.write(picture)
        target.descriptions = ("B", "G", "R", "N")
    return Aerial(path, 3857, west, north, BASEMAP_PIXEL, size)


def make_fields(basemap: Aerial, *, count: int = 60, seed: int = 2) -> gpd.GeoDataFrame:
    """Fields well within a basemap, in degrees: convex, concave, holed, in two parts, and slivers; `crop` from 1 to 3, `split`."""
    random = np.random.default_rng(seed)
    shapes = []
    for number in range(count):
        middle = random.uniform(300, basemap.size - 300, 2)
        angles = np.sort(random.uniform(0, 2 * np.pi, 12))
        reach = random.uniform(8, 40, 12)
        outline = [(middle[0] + r * np.cos(a), middle[1] + r * np.sin(a)) for a, r in zip(angles, reach)]
        shape = Polygon(outline).buffer(0)
        if number % 4 == 1:
            shape = shape.difference(Point(middle).buffer(6))
        elif number % 4 == 2:
            shape = shape.union(box(middle[0] + 50, middle[1], middle[0] + 70, middle[1] + 15))
        elif number % 4 == 3:
            shape = box(middle[0], middle[1], middle[0] + 120, middle[1] + 0.7)
        shapes.append(shape)
    to_metres = (basemap.pixel, 0, 0, -basemap.pixel, basemap.west, basemap.north)
    fields = gpd.GeoSeries(shapes, crs=basemap.epsg).affine_transform(list(to_metres))
    crops = {"field": np.arange(count), "crop": 1 + np.arange(count) % 3, "split": np.where(np.arange(count) % 5 == 0, "test", "train")}
    return gpd.GeoDataFrame(crops, geometry=fields.set_crs(basemap.epsg)).to_crs(4326)
