"""Chips over labelled fields, from the plan to a folder that others' tools open, alone and under the `collect` state machine."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pystac
import pytest
import rasterio
from cloud import Cloud, run_transect
from pictures import Aerial, make_basemap, make_fields
from rasterio.windows import from_bounds
from shapely.geometry import box

CHIP_PX = 128
needs_gdal = pytest.mark.skipif(shutil.which("gdal_rasterize") is None, reason="GDAL's programs are not installed: apt-get install gdal-bin")


@pytest.fixture(scope="module")
def basemap(tmp_path_factory) -> Aerial:
    return make_basemap(tmp_path_factory.mktemp("basemap") / "basemap.tif")


@pytest.fixture(scope="module")
def fields(basemap: Aerial) -> gpd.GeoDataFrame:
    return make_fields(basemap)


@dataclass
class Chips:
    """The folder of a plan's pictures, and its ledger."""

    folder: Path
    ledger: gpd.GeoDataFrame

    def files(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("chip_*.tif") if ".labels" not in path.name)


def chip_plan(file: str, **more) -> dict:
    return {"kind": "chips", "file": file, "pixel_m": 4.77, "chip_px": CHIP_PX, "overlap": 0.5} | more


# --- planning alone ----------------------------------------------------------------------------------------------------


def planned(programs: Path, fields: gpd.GeoDataFrame, folder: Path, *options: object) -> gpd.GeoDataFrame:
    folder.mkdir(parents=True, exist_ok=True)
    fields.to_file(folder / "fields.geojson")
    run_transect(programs, "plan", "chips", folder / "fields.geojson", "--chip-px", CHIP_PX, "--overlap", 0.5, "--out", folder, *options)
    return gpd.read_parquet(folder / "samples.parquet").set_index("sample_id")


def windows(chips: gpd.GeoDataFrame) -> gpd.GeoSeries:
    side = chips["chip_px"] * chips["pixel_m"]
    squares = [box(x, y - s, x + s, y) for x, y, s in zip(chips["x_min"], chips["y_max"], side)]
    return gpd.GeoSeries(squares, index=chips.index, crs=chips["crs"].iloc[0])


def test_folds_are_a_partition_of_the_fields_and_keep_the_lattice(programs: Path, fields: gpd.GeoDataFrame, tmp_path: Path):
    whole = planned(programs, fields, tmp_path / "whole")
    folds = [planned(programs, fields, tmp_path / str(fold), "--folds", 4, "--fold", fold, "--border", "keep") for fold in range(4)]
    assert all(len(fold) > 0 for fold in folds)
    for fold in folds:
        same = whole.loc[fold.index, ["x_min", "y_max", "chip_row", "chip_col"]]
        assert (same == fold[["x_min", "y_max", "chip_row", "chip_col"]]).all(axis=None), "a fold moves no chip"
    assert set(whole.index) == set().union(*(fold.index for fold in folds))


@pytest.mark.parametrize("epsg", [4326, 3857, 32631])
def test_kept_chips_are_those_that_meet_a_field_whatever_the_reference_system(programs: Path, fields: gpd.GeoDataFrame, tmp_path: Path, epsg: int):
    table = fields.to_crs(epsg)
    tmp_path.mkdir(exist_ok=True)
    table.to_parquet(tmp_path / "fields.parquet")
    command = ["plan", "chips", tmp_path / "fields.parquet", "--select", "split=train", "--crs", "EPSG:32631", "--chip-px", CHIP_PX]
    run_transect(programs, *command, "--out", tmp_path)
    chips = windows(gpd.read_parquet(tmp_path / "samples.parquet").set_index("sample_id"))
    wanted = fields[fields["split"] == "train"].to_crs(32631).geometry.union_all()
    assert chips.intersects(wanted).all()
    assert wanted.difference(chips.union_all().buffer(0.01)).is_empty, "every field is covered"


def test_neighbours_overlap_as_asked(programs: Path, fields: gpd.GeoDataFrame, tmp_path: Path):
    chips = planned(programs, fields, tmp_path)
    by_place = chips.set_index(["chip_row", "chip_col"])
    pairs = 0
    for row, column in by_place.index:
        if (row, column + 1) in by_place.index:
            step = by_place.loc[(row, column + 1), "x_min"] - by_place.loc[(row, column), "x_min"]
            assert step == pytest.approx(4.77 * CHIP_PX / 2, abs=1e-6)
            pairs += 1
    assert pairs > 10


def test_the_drawing_shows_every_chip(programs: Path, fields: gpd.GeoDataFrame, tmp_path: Path):
    chips = planned(programs, fields, tmp_path, "--folds", 3, "--fold", 1)
    drawing = (tmp_path / "chips.svg").read_text()
    assert drawing.count("<circle") == len(chips)
    assert "fold 1 of 3" in drawing


# --- pictures and labels -----------------------------------------------------------------------------------------------


def run_study(programs: Path, fields: gpd.GeoDataFrame, basemap: Aerial, folder: Path, picture: dict, **plan) -> Chips:
    """A study on this machine."""
    fields.to_parquet(folder / "fields.parquet")
    study = {
        "name": "fields",
        "batches": 2,
        "plan": chip_plan("fields.parquet", **plan),
        "source": {"kind": "cog", "url": str(basemap.path), "licence": "CC-BY-4.0", "attribution": "nobody"},
        "picture": picture,
    }
    (folder / "study.toml").write_text(toml(study))
    run_transect(programs, "run", folder / "study.toml", "--out", folder / "out")
    [pictures] = (folder / "out" / "images").iterdir()
    [ledger] = (folder / "out" / "tables").glob("*/ledger.parquet")
    return Chips(pictures, gpd.read_parquet(ledger).set_index("sample_id"))


def toml(study: dict) -> str:
    def value(of: object) -> str:
        if isinstance(of, dict):
            return "{ " + ", ".join(f"{key} = {value(inner)}" for key, inner in of.items()) + " }"
        return json.dumps(of)

    return "".join(f"{key} = {value(of)}\n" for key, of in study.items())


@pytest.fixture(scope="module")
def cloud_chips(cloud: Cloud, basemap: Aerial, fields: gpd.GeoDataFrame, tmp_path_factory) -> Chips:
    """The whole study under the `collect` state machine, its pictures brought here."""
    prefix = cloud.fresh_prefix()
    image, table = cloud.put(f"{prefix}basemap.tif", basemap.path.read_bytes()), cloud.put(f"{prefix}fields.parquet", fields)
    study = {
        "name": "fields",
        "batches": 3,
        "plan": chip_plan(table, select={"column": "split", "value": "train"}, folds={"chunks": 2, "index": 1}),
        "source": {"kind": "cog", "url": f"s3://{cloud.input}/{image}", "licence": "CC-BY-4.0", "attribution": "nobody"},
        "picture": {"format": "tiff", "labels": {"layer": table, "column": "crop"}},
    }
    plan = {"study": study, "input_bucket": cloud.input, "output_bucket": cloud.output, "workers": 2}
    event = {"plan": plan, "output_bucket": cloud.output, "max_concurrency": 2, "tolerated_failure_percentage": 0}
    execution = cloud.start("collect", event)
    assert execution.status == "SUCCEEDED", f"{execution.error}: {execution.cause} {execution.items}"
    plan_id = execution.output["plan_id"]
    folder = tmp_path_factory.mktemp("chips")
    for key in cloud.keys(f"images/{plan_id}/"):
        (folder / key.rsplit("/", 1)[1]).write_bytes(cloud.get(key))
    return Chips(folder, cloud.table(f"tables/{plan_id}/ledger.parquet").set_index("sample_id"))


def test_a_study_of_chips_leaves_one_picture_and_one_row_each(cloud_chips: Chips):
    assert set(cloud_chips.ledger["status"]) == {"ok"}
    assert [path.stem for path in cloud_chips.files()] == sorted(cloud_chips.ledger.index)
    assert len(cloud_chips.ledger) > 10


def test_chips_are_the_pixels_of_the_source_on_its_own_grid(cloud_chips: Chips, basemap: Aerial):
    """4.77 m is the source's own 4.7773... m: chips share its pixel edges and nothing is resampled."""
    with rasterio.open(basemap.path) as source:
        for path in cloud_chips.files():
            with rasterio.open(path) as chip:
                assert chip.crs.to_epsg() == 3857
                assert (chip.width, chip.height, chip.count) == (CHIP_PX, CHIP_PX, 5)
                assert chip.dtypes == ("uint16",) * 5
                assert chip.descriptions == ("B", "G", "R", "N", "crop")
                window = from_bounds(*chip.bounds, source.transform)
                assert abs(window.col_off - round(window.col_off)) < 1e-3 and abs(window.row_off - round(window.row_off)) < 1e-3
                own = source.read(window=window.round_offsets().round_lengths())
                assert (chip.read([1, 2, 3, 4]) == own).all()


@needs_gdal
def test_gdalinfo_reads_what_the_chip_is(cloud_chips: Chips, basemap: Aerial):
    told = json.loads(subprocess.run(["gdalinfo", "-json", cloud_chips.files()[0]], check=True, capture_output=True).stdout)
    assert told["size"] == [CHIP_PX, CHIP_PX]
    assert told["geoTransform"][1] == pytest.approx(basemap.pixel) and told["geoTransform"][5] == pytest.approx(-basemap.pixel)
    assert "WGS 84 / Pseudo-Mercator" in told["coordinateSystem"]["wkt"]
    assert [band["description"] for band in told["bands"]] == ["B", "G", "R", "N", "crop"]
    assert {band["type"] for band in told["bands"]} == {"UInt16"}


def rasterised(fields: gpd.GeoDataFrame, chip: rasterio.DatasetReader, folder: Path) -> np.ndarray:
    """The labels of a chip by gdal_rasterize; what is burnt last stays, so the largest comes last."""
    if not (folder / "sorted.gpkg").exists():
        fields.sort_values("crop").to_crs(chip.crs).to_file(folder / "sorted.gpkg")
    west, south, east, north = chip.bounds
    place = ["-te", west, south, east, north, "-ts", chip.width, chip.height]
    command = ["gdal_rasterize", "-q", "-a", "crop", "-init", 0, "-ot", "Byte", *place, folder / "sorted.gpkg", folder / "labels.tif"]
    (folder / "labels.tif").unlink(missing_ok=True)
    subprocess.run(list(map(str, command)), check=True)
    with rasterio.open(folder / "labels.tif") as labels:
        return labels.read(1)


@needs_gdal
def test_the_band_of_labels_is_what_gdal_rasterizes(cloud_chips: Chips, fields: gpd.GeoDataFrame, tmp_path: Path):
    counted = dict.fromkeys("123", 0)
    for path in cloud_chips.files():
        with rasterio.open(path) as chip:
            wanted = rasterised(fields, chip, tmp_path)
            labels = chip.read(5)
        assert (labels == wanted).all()
        row = cloud_chips.ledger.loc[path.stem]
        assert row["label_share"] == pytest.approx((wanted > 0).mean())
        told = json.loads(row["label_pixels"])
        assert told == {str(value): count for value, count in zip(*np.unique(wanted[wanted > 0], return_counts=True))}
        for value, count in told.items():
            counted[value] += count
    card = json.loads((cloud_chips.folder / "dataset.json").read_text())
    assert card["labels"]["pixels"] == counted
    assert min(counted.values()) > 0


def test_the_card_tells_what_the_folder_holds(cloud_chips: Chips, basemap: Aerial):
    card = json.loads((cloud_chips.folder / "dataset.json").read_text())
    count = len(cloud_chips.ledger)
    assert card["counts"]["ok"] == count
    assert card["sizes_px"] == {f"{CHIP_PX}x{CHIP_PX}": count}
    assert card["folds"] == {"1": count}
    assert [(band["name"], band["data_type"]) for band in card["bands"]] == [(name, "uint16") for name in ("B", "G", "R", "N", "crop")]
    assert (card["source"], card["licence"], card["attribution"]) == ("cog", "CC-BY-4.0", "nobody")


def test_the_catalogue_is_valid_and_leads_to_every_chip(cloud_chips: Chips):
    collection = pystac.Collection.from_file(str(cloud_chips.folder / "collection.json"))
    collection.validate()
    items = list(collection.get_items())
    assert sorted(item.id for item in items) == sorted(cloud_chips.ledger.index)
    west, south, east, north = collection.extent.spatial.bboxes[0]
    for item in items:
        item.validate()
        with rasterio.open(item.assets["picture"].get_absolute_href()) as chip:
            outline = box(*rasterio.warp.transform_bounds(chip.crs, 4326, *chip.bounds))
            assert box(*item.bbox).symmetric_difference(outline).area < 1e-6 * outline.area
            assert [band["name"] for band in item.assets["picture"].to_dict()["bands"]] == list(chip.descriptions)
        assert west <= item.bbox[0] and item.bbox[2] <= east and south <= item.bbox[1] and item.bbox[3] <= north


@needs_gdal
def test_labels_in_files_of_their_own_and_a_least_share_of_them(programs: Path, fields: gpd.GeoDataFrame, basemap: Aerial, tmp_path: Path):
    labels = {"layer": "fields.parquet", "column": "crop", "mode": "file", "min_label_share": 0.02}
    chips = run_study(programs, fields, basemap, tmp_path, {"format": "tiff", "bands": [4, 1], "labels": labels})
    taken = chips.ledger[chips.ledger["status"] == "ok"]
    left_out = chips.ledger[chips.ledger["status"] == "blank"]
    assert len(taken) > 0 and len(left_out) > 0
    assert (taken["label_share"] >= 0.02).all() and (left_out["label_share"] < 0.02).all()
    assert [path.stem for path in chips.files()] == sorted(taken.index)
    for path in chips.files()[::5]:
        with rasterio.open(path) as chip, rasterio.open(path.with_suffix(".labels.tif")) as mask:
            assert chip.descriptions == ("N", "B")
            assert (mask.crs, mask.transform, mask.dtypes) == (chip.crs, chip.transform, ("uint8",))
            assert (mask.read(1) == rasterised(fields, chip, tmp_path)).all()
    item = pystac.Item.from_file(str(chips.files()[0].with_suffix(".json")))
    item.validate()
    assert Path(item.assets["labels"].get_absolute_href()).is_file()


def test_arrays_keep_bands_and_type(programs: Path, fields: gpd.GeoDataFrame, basemap: Aerial, tmp_path: Path):
    chips = run_study(programs, fields, basemap, tmp_path, {"format": "npy"}, overlap=0.0)
    with rasterio.open(basemap.path) as source:
        for row in chips.ledger.itertuples():
            array = np.load(chips.folder / f"{row.Index}.npy")
            assert (array.shape, array.dtype) == ((4, CHIP_PX, CHIP_PX), np.uint16)
            bounds = gpd.GeoSeries([row.footprint], crs=4326).to_crs(3857).total_bounds
            window = from_bounds(*bounds, source.transform).round_offsets().round_lengths()
            assert (array == source.read(window=window)).all()


@pytest.mark.parametrize(("format", "driver", "ending"), [("png", "PNG", "png"), ("jpeg", "JPEG", "jpg")])
def test_pictures_with_a_sidecar_lie_in_their_place(programs: Path, fields: gpd.GeoDataFrame, tmp_path: Path, format: str, driver: str, ending: str):
    from pictures import make_aerial

    aerial = make_aerial(tmp_path / "aerial.tif", epsg=32631)
    spots = gpd.GeoDataFrame({"n": [1, 2]}, geometry=gpd.points_from_xy(*zip(aerial.lonlat(300, 300), aerial.lonlat(700, 700))), crs=4326)
    chips = run_study(programs, spots, aerial, tmp_path, {"format": format, "sidecar": True}, pixel_m=0.5)
    files = sorted(chips.folder.glob(f"chip_*.{ending}"))
    assert len(files) == len(chips.ledger) > 0
    with rasterio.open(aerial.path) as source:
        for path in files:
            with rasterio.open(path) as chip:
                assert (chip.driver, chip.crs.to_epsg(), chip.dtypes) == (driver, 32631, ("uint8",) * 3)
                window = from_bounds(*chip.bounds, source.transform).round_offsets().round_lengths()
                difference = np.abs(chip.read().astype(int) - source.read(window=window).astype(int))
                assert difference.max() == 0 if format == "png" else difference.mean() < 6
