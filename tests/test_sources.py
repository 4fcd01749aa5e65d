"""Each kind of source against a real server on the loopback, every picture compared with what GDAL makes of the same ground."""

from __future__ import annotations

import io
import math
import os
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import picture_servers
import pytest
import rasterio
from cloud import Cloud
from picture_servers import Static, mapproxy, mapserver, serving, titiler
from PIL import Image
from pictures import Aerial, make_aerial
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.transform import from_bounds
from rasterio.warp import reproject
from shapely.geometry import box

NO_AWS = {"AWS_EC2_METADATA_DISABLED": "true"}
needs_mapserver = pytest.mark.skipif(picture_servers.MAPSERVER is None, reason="MapServer is not installed: apt-get install cgi-mapserver")


@dataclass
class Study:
    """A study in a folder of its own, and what running it left."""

    programs: Path
    folder: Path

    def run(self, source: dict, picture: dict, *, check: bool = True, environment: dict | None = None, **more) -> subprocess.CompletedProcess:
        (self.folder / "study.toml").write_text(toml({"name": "sources", "seed": 7, "batches": 2} | more, source, picture))
        command = [str(self.programs / "transect"), "run", str(self.folder / "study.toml"), "--out", str(self.folder / "out")]
        clean = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        done = subprocess.run(command, env=clean | (NO_AWS if environment is None else environment), text=True, capture_output=True, check=False)
        assert not check or done.returncode == 0, done.stderr
        return done

    @property
    def ledger(self) -> gpd.GeoDataFrame:
        [path] = (self.folder / "out" / "tables").glob("*/ledger.parquet")
        return gpd.read_parquet(path).set_index("sample_id")

    def pictures(self):
        """Every row of the ledger with its picture."""
        for row in self.ledger.itertuples():
            assert row.status == "ok", row.reason
            yield row, np.asarray(Image.open(self.folder / "out" / row.key).convert("RGB"))


def toml(top: dict, source: dict, picture: dict) -> str:
    def lines(values: dict) -> str:
        return "".join(f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}\n" for key, value in values.items())

    plan = {"kind": "areas", "file": "areas.geojson", "id": "id", "per_area": 3}
    return f"{lines(top)}[plan]\n{lines(plan)}[source]\n{lines(source)}[picture]\n{lines(picture)}"


@pytest.fixture(scope="module")
def aerial(tmp_path_factory) -> Aerial:
    return make_aerial(tmp_path_factory.mktemp("aerial") / "aerial.tif")


@pytest.fixture
def study(programs: Path, aerial: Aerial, tmp_path: Path) -> Study:
    outlines = [box(*aerial.lonlat(200, 480), *aerial.lonlat(800, 200)), box(*aerial.lonlat(200, 820), *aerial.lonlat(800, 520))]
    gpd.GeoDataFrame({"id": ["north", "south"]}, geometry=outlines, crs=4326).to_file(tmp_path / "areas.geojson")
    return Study(programs, tmp_path)


def by_gdal(aerial: Aerial, footprint, epsg: int, shape: tuple[int, int], resampling: Resampling) -> np.ndarray:
    """The ground of a picture, drawn by GDAL."""
    bounds = gpd.GeoSeries([footprint], crs=4326).to_crs(epsg).total_bounds
    drawn = np.zeros((3, *shape), np.uint8)
    with rasterio.open(aerial.path) as source:
        reproject(
            rasterio.band(source, [1, 2, 3]),
            drawn,
            dst_transform=from_bounds(*bounds, shape[1], shape[0]),
            dst_crs=CRS.from_epsg(epsg),
            resampling=resampling,
        )
    return np.moveaxis(drawn, 0, -1)


def difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs(one.astype(int) - other.astype(int))


@pytest.mark.parametrize("way", ["file", "http"])
def test_a_cog_gives_its_own_pixels_exactly(study: Study, aerial: Aerial, way: str):
    with serving(Static(aerial.path.parent)) as url:
        place = str(aerial.path) if way == "file" else f"{url}/{aerial.path.name}"
        study.run({"kind": "cog", "url": place}, {"size_px": 64})
    count = 0
    for row, picture in study.pictures():
        west, _, _, north = gpd.GeoSeries([row.footprint], crs=4326).to_crs(aerial.epsg).total_bounds
        for offset in ((west - aerial.west) / aerial.pixel, (aerial.north - north) / aerial.pixel):
            assert offset == pytest.approx(round(offset), abs=1e-3), "a picture of own pixels lies on the raster's own grid"
        assert difference(picture, by_gdal(aerial, row.footprint, aerial.epsg, (64, 64), Resampling.nearest)).max() == 0
        count += 1
    assert count == 6


@pytest.mark.parametrize(("resampling", "allowed"), [("nearest", 0), ("bilinear", 1)])
def test_a_cog_resampled_is_what_gdal_resamples(study: Study, aerial: Aerial, resampling: str, allowed: int):
    study.run({"kind": "cog", "url": str(aerial.path), "resampling": resampling}, {"size_px": 50, "size_m": 40})
    for row, picture in study.pictures():
        drawn = by_gdal(aerial, row.footprint, aerial.epsg, (50, 50), Resampling[resampling])
        assert difference(picture, drawn).max() <= allowed


def test_a_cog_is_read_in_parts(study: Study, aerial: Aerial):
    server = Static(aerial.path.parent)
    with serving(server) as url:
        study.run({"kind": "cog", "url": f"{url}/aerial.tif"}, {"size_px": 64})
    assert server.bytes_sent < aerial.path.stat().st_size


def test_a_cog_in_the_cloud_needs_no_key(cloud: Cloud, study: Study, aerial: Aerial):
    cloud.put("aerial.tif", aerial.path.read_bytes())
    environment = {key: os.environ[key] for key in os.environ if key.startswith("AWS_")}
    study.run({"kind": "cog", "url": f"s3://{cloud.input}/aerial.tif"}, {"size_px": 64}, environment=environment)
    for row, picture in study.pictures():
        assert difference(picture, by_gdal(aerial, row.footprint, aerial.epsg, (64, 64), Resampling.nearest)).max() == 0


@needs_mapserver
@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
@pytest.mark.parametrize("epsg", [32651, 4326, 3857])
def test_mapserver_draws_the_ground_that_the_ledger_says(study: Study, aerial: Aerial, tmp_path: Path, version: str, epsg: int):
    """EPSG:4326 in version 1.3.0 wants latitude first: axes swapped would show another place, or nothing."""
    with mapserver(aerial, tmp_path) as url:
        source = {"kind": "wms", "url": url, "layers": ["aerial"], "version": version, "crs": f"EPSG:{epsg}"}
        study.run(source, {"size_px": 64, "pixel_m": 0.5})
    for row, picture in study.pictures():
        drawn = by_gdal(aerial, row.footprint, epsg, (64, 64), Resampling.nearest)
        assert (difference(picture, drawn).max(axis=-1) == 0).mean() > 0.99
        middle = row.footprint.centroid
        assert any(outline.contains(middle) for outline in gpd.read_file(tmp_path / "areas.geojson").geometry)


@needs_mapserver
def test_what_mapserver_refuses_with_status_200_is_a_reason_in_the_ledger(study: Study, aerial: Aerial, tmp_path: Path):
    with mapserver(aerial, tmp_path) as url:
        done = study.run({"kind": "wms", "url": url, "layers": ["nowhere"], "crs": "EPSG:32651"}, {"size_px": 64, "pixel_m": 0.5}, check=False)
    told = done.stderr if done.returncode else " ".join(study.ledger["reason"].dropna())
    assert "Invalid layer" in told
    assert not list((tmp_path / "out").rglob("*.png"))


def tile_of(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    x = (lon + 180) / 360 * 2**zoom
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**zoom
    return int(x), int(y)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_tiles_of_titiler_are_joined_without_a_seam(study: Study, aerial: Aerial):
    """Pictures of the tiles' own pixels equal the tiles, cut and put together by hand."""
    zoom = 19
    with titiler(aerial) as url:
        tiles = f"{url}/tiles/WebMercatorQuad/{{z}}/{{x}}/{{y}}.png?url={aerial.path}"
        study.run({"kind": "xyz", "url": tiles, "zoom": zoom}, {"size_px": 200})
        straddling = 0
        for row, picture in study.pictures():
            west, south, east, north = row.footprint.bounds
            (first_x, first_y), (last_x, last_y) = tile_of(west, north, zoom), tile_of(east, south, zoom)
            mosaic = np.zeros(((last_y - first_y + 1) * 256, (last_x - first_x + 1) * 256, 3), np.uint8)
            for x in range(first_x, last_x + 1):
                for y in range(first_y, last_y + 1):
                    with urllib.request.urlopen(tiles.format(z=zoom, x=x, y=y)) as reply:
                        tile = np.asarray(Image.open(io.BytesIO(reply.read())).convert("RGB"))
                    mosaic[(y - first_y) * 256 :, (x - first_x) * 256 :][:256, :256] = tile
            straddling += (last_x, last_y) != (first_x, first_y)
            world = 2**zoom * 256
            column = round((west + 180) / 360 * world) - first_x * 256
            line = round((1 - math.asinh(math.tan(math.radians(north))) / math.pi) / 2 * world) - first_y * 256
            assert difference(picture, mosaic[line : line + 200, column : column + 200]).max() == 0
    assert straddling >= 3, "most pictures should touch several tiles"


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_rows_counted_from_the_south_are_the_same_pictures(study: Study, aerial: Aerial, tmp_path: Path):
    with titiler(aerial) as behind:
        tiles = f"{behind}/tiles/WebMercatorQuad/{{z}}/{{x}}/{{y}}.png?url={aerial.path}"
        study.run({"kind": "xyz", "url": tiles, "zoom": 18}, {"size_px": 64})
        direct = {row.Index: picture for row, picture in study.pictures()}
        other = Study(study.programs, tmp_path / "mapproxy")
        other.folder.mkdir()
        (other.folder / "areas.geojson").write_bytes((tmp_path / "areas.geojson").read_bytes())
        with mapproxy(tiles, tmp_path) as url:
            other.run({"kind": "xyz", "url": f"{url}/tiles/1.0.0/aerial/mercator/{{z}}/{{x}}/{{-y}}.png", "zoom": 18}, {"size_px": 64})
        for row, picture in other.pictures():
            assert difference(picture, direct[row.Index]).max() == 0


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_windows_of_titiler_are_the_pictures_of_its_tiles(study: Study, aerial: Aerial, tmp_path: Path):
    with titiler(aerial) as url:
        study.run({"kind": "xyz", "url": f"{url}/tiles/WebMercatorQuad/{{z}}/{{x}}/{{y}}.png?url={aerial.path}", "zoom": 18}, {"size_px": 64})
        direct = {row.Index: picture for row, picture in study.pictures()}
        other = Study(study.programs, tmp_path / "windows")
        other.folder.mkdir()
        (other.folder / "areas.geojson").write_bytes((tmp_path / "areas.geojson").read_bytes())
        windows = f"{url}/bbox/{{bbox-epsg-3857}}/256x256.png?url={aerial.path}&coord_crs=EPSG:3857&dst_crs=EPSG:3857"
        other.run({"kind": "xyz", "url": windows, "zoom": 18}, {"size_px": 64})
    for row, picture in other.pictures():
        assert (difference(picture, direct[row.Index]).max(axis=-1) == 0).mean() > 0.99
        assert picture.std() > 5, "a picture of nothing equals every other"


def test_a_second_run_fetches_nothing_again(study: Study, aerial: Aerial):
    server = Static(aerial.path.parent)
    with serving(server) as url:
        source = {"kind": "cog", "url": f"{url}/aerial.tif"}
        study.run(source, {"size_px": 64})
        before = {row.Index: (row.sha256, row.fetched_at) for row, _ in study.pictures()}
        server.requests.clear()
        study.run(source, {"size_px": 64})
        assert not server.requests
    again = study.ledger
    assert set(again["status"]) == {"exists"}
    assert {sample: row.sha256 for sample, row in again.iterrows()} == {sample: sha for sample, (sha, _) in before.items()}
