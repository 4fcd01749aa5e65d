"""Chips from services that compute or catalogue pictures: Earth Engine by a stand-in that checks every request, STAC by a real API server."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from earth_engine import EarthEngine
from picture_servers import Signed, Static, rustac, serving
from pictures import Aerial, make_basemap, make_fields
from rasterio.windows import from_bounds
from shapely.geometry import box, mapping
from test_chips import toml

CHIP_PX = 96
COLLECTION = "projects/planet-nicfi/assets/basemaps/africa"
BANDS = ["B", "G", "R", "N"]


@pytest.fixture(scope="module")
def basemap(tmp_path_factory) -> Aerial:
    return make_basemap(tmp_path_factory.mktemp("basemap") / "basemap.tif", size=1024)


@pytest.fixture(scope="module")
def fields(basemap: Aerial) -> gpd.GeoDataFrame:
    return make_fields(basemap, count=24)


@dataclass
class Study:
    """A study of chips in a folder of its own, and what running it left."""

    programs: Path
    folder: Path

    def run(self, source: dict, picture: dict, *, limits: dict | None = None, secrets: dict | None = None, check: bool = True, **plan):
        plan = {"kind": "chips", "file": "fields.parquet", "pixel_m": 4.77, "chip_px": CHIP_PX} | plan
        study = {"name": "chips", "batches": 2, "plan": plan, "source": source, "picture": picture, "limits": limits or {}}
        (self.folder / "study.toml").write_text(toml(study))
        command = [self.programs / "transect", "run", self.folder / "study.toml", "--out", self.folder / "out"]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")} | (secrets or {})
        done = subprocess.run(list(map(str, command)), env=environment, text=True, capture_output=True, check=False)
        assert not check or done.returncode == 0, done.stderr
        return done

    @property
    def ledger(self) -> gpd.GeoDataFrame:
        [path] = (self.folder / "out/tables").glob("*/ledger.parquet")
        return gpd.read_parquet(path).set_index("sample_id")

    def chips(self):
        """Every row of the ledger with the file of its picture."""
        for row in self.ledger.itertuples():
            assert row.status == "ok", row.reason
            yield row, self.folder / "out" / row.key


@pytest.fixture
def study(programs: Path, fields: gpd.GeoDataFrame, tmp_path: Path) -> Study:
    fields.to_parquet(tmp_path / "fields.parquet")
    return Study(programs, tmp_path)


def ground(basemap: Aerial, footprint, bands: list[int]) -> np.ndarray:
    """The basemap's own pixels under a picture."""
    with rasterio.open(basemap.path) as source:
        bounds = gpd.GeoSeries([footprint], crs=4326).to_crs(basemap.epsg).total_bounds
        window = from_bounds(*bounds, source.transform)
        assert abs(window.col_off - round(window.col_off)) < 1e-2, "chips share the pixel edges of their source"
        return source.read(bands, window=window.round_offsets().round_lengths())


# --- Earth Engine ------------------------------------------------------------------------------------------------------


def engine_source(engine: EarthEngine, **more) -> dict:
    address = f"http://127.0.0.1:{engine.server_address[1]}"
    dates = {"start": "2018-01-01", "end": "2018-12-31"}
    pixel = 2 * 20_037_508.342789244 / 2**23
    source = {"kind": "earth_engine", "project": "p", "key": "env:ENGINE_KEY", "collection": COLLECTION, "pixel": pixel, "base_url": address}
    return source | dates | more


@pytest.mark.parametrize("format", ["tiff", "npy"])
def test_earth_engine_gives_the_pixels_of_its_own_grid(study: Study, basemap: Aerial, format: str):
    with EarthEngine({COLLECTION: basemap.path}) as engine, serving(engine):
        source = engine_source(engine, value_type="uint16")
        study.run(source, {"format": format, "bands": BANDS}, secrets={"ENGINE_KEY": engine.key_file()})
    count = 0
    for row, path in study.chips():
        wanted = ground(basemap, row.footprint, [1, 2, 3, 4])
        if format == "tiff":
            with rasterio.open(path) as chip:
                assert (chip.descriptions, chip.dtypes, chip.crs.to_epsg()) == (tuple(BANDS), ("uint16",) * 4, 3857)
                assert (chip.read() == wanted).all()
        else:
            array = np.load(path)
            assert array.dtype == np.uint16 and (array == wanted).all()
        count += 1
    assert count == engine.computed > 10
    assert engine.signed_in == 1
    assert engine.most_at_once <= 40


def test_labels_burnt_by_earth_engine_are_those_burnt_here(study: Study, fields: gpd.GeoDataFrame, basemap: Aerial, programs: Path, tmp_path: Path):
    """Polygons go to the service in degrees and are burnt there: all but pixels whose centre an edge all but touches agree."""
    bands, labels = [], {"layer": "fields.parquet", "column": "crop"}
    for on_server in (False, True):
        folder = tmp_path / str(on_server)
        folder.mkdir()
        fields.to_parquet(folder / "fields.parquet")
        one = Study(programs, folder)
        with EarthEngine({COLLECTION: basemap.path}) as engine, serving(engine):
            source = engine_source(engine, value_type="uint16", labels_on_server=on_server)
            one.run(source, {"format": "tiff", "bands": BANDS, "labels": labels}, secrets={"ENGINE_KEY": engine.key_file()})
        chips = []
        for _, path in one.chips():
            with rasterio.open(path) as chip:
                assert chip.descriptions == (*BANDS, "crop")
                chips.append(chip.read(5))
        bands.append(np.stack(chips))
    assert set(np.unique(bands[0])) == {0, 1, 2, 3}
    assert (bands[0] == bands[1]).mean() > 0.9999


@pytest.mark.parametrize(("format", "off"), [("png", 0), ("jpeg", 8)])
def test_earth_engine_draws_pictures_too(study: Study, basemap: Aerial, format: str, off: int):
    low, high = 500, 1900
    with EarthEngine({COLLECTION: basemap.path}) as engine, serving(engine):
        source = engine_source(engine, range=[low, high])
        study.run(source, {"format": format, "bands": ["R", "G", "B"], "sidecar": True}, secrets={"ENGINE_KEY": engine.key_file()})
    for row, path in study.chips():
        with rasterio.open(path) as chip:
            assert chip.crs.to_epsg() == 3857
            shown = np.clip((ground(basemap, row.footprint, [3, 2, 1]).astype(float) - low) * 255 / (high - low), 0, 255).round()
            assert np.abs(chip.read() - shown).mean() <= off


def test_what_passes_at_earth_engine_is_tried_again(study: Study, basemap: Aerial):
    passing = [(429, "rateLimitExceeded"), (503, "backendError"), (403, "userRateLimitExceeded"), (403, "rateLimitExceeded"), (500, "internalError")]
    with EarthEngine({COLLECTION: basemap.path}, passing) as engine, serving(engine):
        study.run(engine_source(engine), {"format": "tiff", "bands": ["N"]}, secrets={"ENGINE_KEY": engine.key_file()})
    ledger = study.ledger
    assert set(ledger["status"]) == {"ok"}
    assert engine.failed >= 2 and ledger["attempts"].max() > 1
    with rasterio.open(study.folder / "out" / ledger["key"].iloc[0]) as chip:
        assert chip.dtypes == ("float64",), "a median is no whole number unless value_type says so"


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        ({"collection": "projects/nobody/assets/nothing"}, "NotFound", "not found"),
        ({"project": "stranger"}, "AccessDenied", "not registered"),
    ],
)
def test_what_earth_engine_refuses_ends_the_run_at_once(study: Study, basemap: Aerial, change: dict, name: str, words: str):
    with EarthEngine({COLLECTION: basemap.path}) as engine, serving(engine):
        done = study.run(
            engine_source(engine, **change), {"format": "tiff", "bands": BANDS}, limits={"concurrency": 2}, secrets={"ENGINE_KEY": engine.key_file()}, check=False
        )
    assert done.returncode != 0 and name in done.stderr and words in done.stderr
    assert len(engine.requests) <= 8
    assert "PRIVATE KEY" not in done.stderr and "token-1" not in done.stderr


def test_a_key_that_earth_engine_does_not_know_is_named_and_not_shown(study: Study, basemap: Aerial):
    with EarthEngine({COLLECTION: basemap.path}) as engine, EarthEngine({}) as other, serving(engine), serving(other):
        stranger = json.loads(other.key_file()) | {"token_uri": json.loads(engine.key_file())["token_uri"]}
        secrets = {"ENGINE_KEY": json.dumps(stranger)}
        done = study.run(engine_source(engine), {"format": "tiff", "bands": BANDS}, secrets=secrets, check=False)
    assert done.returncode != 0 and "AccessDenied" in done.stderr and "Invalid JWT Signature" in done.stderr
    assert stranger["private_key"][40:80] not in done.stderr


# --- STAC --------------------------------------------------------------------------------------------------------------


def item(identifier: str, basemap: Aerial, when: str, cloud: float, assets: dict[str, str]) -> dict:
    outline = box(*basemap.bounds_lonlat)
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": ["https://stac-extensions.github.io/eo/v1.1.0/schema.json"],
        "id": identifier,
        "collection": "basemaps",
        "geometry": mapping(outline),
        "bbox": list(outline.bounds),
        "properties": {"datetime": when, "eo:cloud_cover": cloud},
        "links": [],
        "assets": {name: {"href": href, "type": "image/tiff; application=geotiff; profile=cloud-optimized"} for name, href in assets.items()},
    }


@pytest.fixture(scope="module")
def catalogue(basemap: Aerial, tmp_path_factory):
    """A STAC API of 131 items of one place: the right one is on the second page, the least cloudy of its summer."""
    folder = tmp_path_factory.mktemp("catalogue")
    (folder / "right.tif").write_bytes(basemap.path.read_bytes())
    make_basemap(folder / "wrong.tif", size=1024, seed=9)
    with rasterio.open(basemap.path) as source:
        for number, name in enumerate(BANDS, 1):
            profile = source.profile | {"driver": "COG", "count": 1}
            with rasterio.open(folder / f"{name}.tif", "w", **{key: profile[key] for key in ("driver", "width", "height", "count", "dtype", "crs", "transform")}) as band:
                band.write(source.read(number), 1)
    server = Signed(folder)
    with serving(server) as files:
        wrong = {"data": f"{files}/wrong.tif"}
        items = [item(f"cloudy-{number:03}", basemap, f"2024-08-{1 + number % 28:02}T10:00:00Z", 60 + number % 40, wrong) for number in range(120)]
        items += [item(f"winter-{number}", basemap, f"2024-12-{1 + number:02}T10:00:00Z", 1, wrong) for number in range(10)]
        right = {"data": f"{files}/right.tif"} | {name: f"{files}/{name}.tif" for name in BANDS}
        items.append(item("summer", basemap, "2024-06-15T10:00:00Z", 8, right))
        with rustac(items, folder) as api:
            yield api, files, server


def stac_source(api: str, files: str, **more) -> dict:
    source = {"kind": "stac", "url": api, "collections": ["basemaps"], "datetime": "2024-05-01T00:00:00Z/2024-09-30T23:59:59Z", "max_cloud": 20.0}
    return source | {"sign_url": f"{files}/sign"} | more


def on_pixels_of(basemap: Aerial) -> dict:
    """Items of a catalogue have each their own grid: the plan says which one is meant."""
    return {"crs": "EPSG:3857", "pixel_m": basemap.pixel, "source_grid": {"x": basemap.west, "y": basemap.north}}


def test_stac_finds_the_item_asked_for_and_reads_it_signed(study: Study, basemap: Aerial, catalogue):
    api, files, server = catalogue
    study.run(stac_source(api, files, asset="data"), {"format": "tiff", "bands": [4, 1]}, **on_pixels_of(basemap))
    for row, path in study.chips():
        assert row.captured.startswith("2024-06-15")
        with rasterio.open(path) as chip:
            assert chip.descriptions == ("N", "B")
            assert (chip.read() == ground(basemap, row.footprint, [4, 1])).all()
    assert not any(request.startswith("/wrong.tif") for request in server.requests)
    assert all("signature=" in request for request in server.requests if request.startswith("/right.tif"))
    shown = (study.folder / "out/plans").rglob("*.json")
    assert not any("signature=" in path.read_text() for path in shown)


def test_assets_of_a_stac_item_become_bands(study: Study, basemap: Aerial, catalogue):
    api, files, _ = catalogue
    study.run(stac_source(api, files), {"format": "tiff", "bands": ["N", "B"]}, **on_pixels_of(basemap))
    for row, path in study.chips():
        with rasterio.open(path) as chip:
            assert chip.descriptions == ("N", "B")
            assert (chip.read() == ground(basemap, row.footprint, [4, 1])).all()


def test_a_time_without_items_is_no_imagery(study: Study, catalogue):
    api, files, _ = catalogue
    study.run(stac_source(api, files, asset="data", datetime="2023-01-01T00:00:00Z/2023-12-31T00:00:00Z"), {"format": "tiff"})
    assert set(study.ledger["status"]) == {"no_imagery"}
