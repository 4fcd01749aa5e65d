"""Shards of pictures, read by the Python package `webdataset`."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import webdataset
from cloud import run_transect
from PIL import Image
from pictures import make_aerial
from shapely.geometry import box
from test_chips import toml


def run(programs: Path, folder: Path, picture: dict, plan: dict) -> gpd.GeoDataFrame:
    study = {"name": "shards", "batches": 3, "plan": plan, "source": {"kind": "cog", "url": str(folder / "aerial.tif")}, "picture": picture}
    (folder / "study.toml").write_text(toml(study | {"measures": ["green"], "shards": "webdataset"}))
    run_transect(programs, "run", folder / "study.toml", "--out", folder / "out")
    [ledger] = (folder / "out/tables").glob("*/ledger.parquet")
    return gpd.read_parquet(ledger).set_index("sample_id")


def read(folder: Path) -> list[dict]:
    shards = sorted(map(str, (folder / "out/shards").rglob("*.tar")))
    assert len(shards) == 3
    return list(webdataset.WebDataset(shards, shardshuffle=False))


@pytest.mark.parametrize("format", ["jpeg", "png"])
def test_pictures_and_their_facts_come_out_of_the_shards_as_they_are_stored(programs: Path, tmp_path: Path, format: str):
    aerial = make_aerial(tmp_path / "aerial.tif")
    areas = [box(*aerial.lonlat(100, 900), *aerial.lonlat(500, 100)), box(*aerial.lonlat(520, 900), *aerial.lonlat(900, 100))]
    gpd.GeoDataFrame({"id": ["a.b", "c"]}, geometry=areas, crs=4326).to_file(tmp_path / "areas.geojson")
    ledger = run(programs, tmp_path, {"size_px": 48, "format": format}, {"kind": "areas", "file": "areas.geojson", "id": "id", "per_area": 7})
    samples = read(tmp_path)
    assert len(samples) == len(ledger) == 14
    extension = {"jpeg": "jpg", "png": "png"}[format]
    for sample in samples:
        facts = json.loads(sample["json"])
        row = ledger.loc[facts["sample_id"]]
        assert hashlib.sha256(sample[extension]).hexdigest() == row["sha256"] == facts["sha256"]
        assert Image.open(io.BytesIO(sample[extension])).size == (48, 48)
        assert facts["green"] == pytest.approx(row["green"])
    decoded = webdataset.WebDataset(sorted(map(str, (tmp_path / "out/shards").rglob("*.tar"))), shardshuffle=False).decode("rgb8").to_tuple(extension, "json")
    assert {(picture.shape, type(facts)) for picture, facts in decoded} == {((48, 48, 3), dict)}


def test_labels_of_their_own_are_a_part_of_the_sample(programs: Path, tmp_path: Path):
    aerial = make_aerial(tmp_path / "aerial.tif")
    fields = gpd.GeoDataFrame({"crop": [1, 2]}, geometry=[box(*aerial.lonlat(c, 600), *aerial.lonlat(c + 150, 450)) for c in (300, 600)], crs=4326)
    fields.to_parquet(tmp_path / "fields.parquet")
    picture = {"format": "tiff", "labels": {"layer": "fields.parquet", "column": "crop", "mode": "file"}}
    ledger = run(programs, tmp_path, picture, {"kind": "chips", "file": "fields.parquet", "pixel_m": 0.5, "chip_px": 64})
    samples = read(tmp_path)
    assert len(samples) == len(ledger)
    for sample in samples:
        with rasterio.MemoryFile(sample["tif"]) as picture, rasterio.MemoryFile(sample["labels.tif"]) as mask, picture.open() as chip, mask.open() as labels:
            assert chip.transform == labels.transform
            share = np.isin(labels.read(1), [1, 2]).mean()
        assert share == pytest.approx(json.loads(sample["json"])["label_share"])
