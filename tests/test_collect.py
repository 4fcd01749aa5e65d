"""A study from plan to report under the `collect` state machine, and its pictures measured again under `measure`."""

from __future__ import annotations

import io

import geopandas as gpd
import numpy as np
import pytest
from cloud import Cloud, Execution
from PIL import Image
from pictures import Aerial, make_aerial, window
from shapely.geometry import box

STATE_LIMIT = 262_144  # bytes of input or output of a state
PER_AREA, BATCHES = 20, 5


@pytest.fixture(scope="module")
def aerial(tmp_path_factory) -> Aerial:
    return make_aerial(tmp_path_factory.mktemp("collect") / "aerial.tif")


@pytest.fixture(scope="module")
def study(cloud: Cloud, aerial: Aerial) -> dict:
    """Four quarters of an aerial photograph that lies in the input bucket."""
    prefix = cloud.fresh_prefix()
    image = cloud.put(f"{prefix}aerial.tif", aerial.path.read_bytes())
    quarters = {
        name: box(*aerial.lonlat(column + 40, row + 470), *aerial.lonlat(column + 470, row + 40))
        for name, column, row in (("north-west", 0, 0), ("north-east", 512, 0), ("south-west", 0, 512), ("south-east", 512, 512))
    }
    outlines = gpd.GeoDataFrame({"quarter": list(quarters)}, geometry=list(quarters.values()), crs=4326)
    areas = cloud.put(f"{prefix}quarters.geojson", outlines.to_json(drop_id=True).encode())
    return {
        "name": "quarters",
        "seed": 7,
        "batches": BATCHES,
        "plan": {"kind": "areas", "file": areas, "id": "quarter", "per_area": PER_AREA},
        "source": {"kind": "cog", "url": f"s3://{cloud.input}/{image}"},
        "picture": {"size_px": 32},
        "measures": ["green"],
    }


def collect(cloud: Cloud, study: dict, **more) -> Execution:
    plan = {"study": study, "input_bucket": cloud.input, "output_bucket": cloud.output, "workers": 2}
    return cloud.start("collect", {"plan": plan, "output_bucket": cloud.output, "max_concurrency": 2, "tolerated_failure_percentage": 0} | more)


@pytest.fixture(scope="module")
def execution(cloud: Cloud, study: dict) -> Execution:
    execution = collect(cloud, study)
    assert execution.status == "SUCCEEDED", f"{execution.error}: {execution.cause}"
    return execution


@pytest.fixture(scope="module")
def ledger(cloud: Cloud, execution: Execution) -> gpd.GeoDataFrame:
    return cloud.table(f"tables/{execution.output['plan_id']}/ledger.parquet").set_index("sample_id")


def test_every_sample_has_one_row_and_one_picture(cloud: Cloud, execution: Execution, ledger: gpd.GeoDataFrame):
    assert execution.output["samples"] == execution.output["done"] == 4 * PER_AREA
    assert len(execution.items) == BATCHES
    assert ledger.index.is_unique and len(ledger) == 4 * PER_AREA
    assert set(ledger["status"]) == {"ok"}
    assert sorted(ledger["key"]) == sorted(cloud.keys(f"images/{execution.output['plan_id']}/"))


def test_pictures_in_the_bucket_are_the_ground_of_their_footprints(cloud: Cloud, aerial: Aerial, ledger: gpd.GeoDataFrame):
    for row in ledger.iloc[::9].itertuples():
        west, _, _, north = gpd.GeoSeries([row.footprint], crs=4326).to_crs(aerial.epsg).total_bounds
        column, line = round((west - aerial.west) / aerial.pixel), round((aerial.north - north) / aerial.pixel)
        picture = np.asarray(Image.open(io.BytesIO(cloud.get(row.key))).convert("RGB"))
        assert (picture == window(aerial, column, line, 32, 32)).all()


def test_the_summary_of_an_area_is_that_of_its_readings(cloud: Cloud, execution: Execution, ledger: gpd.GeoDataFrame):
    areas = cloud.table(f"tables/{execution.output['plan_id']}/areas.parquet").set_index("area_id")
    assert sorted(areas.index) == ["north-east", "north-west", "south-east", "south-west"]
    readings = ledger["green"].groupby(ledger["key"].str.split("/").str[2])
    for area, green in readings:
        assert areas.loc[area, "green_mean"] == pytest.approx(green.mean())
        assert areas.loc[area, "green_se"] == pytest.approx(green.std() / np.sqrt(len(green)))


def test_there_is_a_report_in_one_file(cloud: Cloud, execution: Execution):
    page = cloud.get(execution.output["report"]).decode()
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert "src=\"http" not in page and "href=\"http" not in page.replace("href=\"https://www.openstreetmap.org", "")
    for area in ("north-west", "south-east"):
        assert area in page


def test_states_carry_keys_and_no_data(execution: Execution):
    assert max(map(len, execution.payloads())) < STATE_LIMIT / 20


def test_the_same_study_again_is_the_same_plan_and_fetches_nothing(cloud: Cloud, study: dict, execution: Execution, ledger: gpd.GeoDataFrame):
    again = collect(cloud, study)
    assert again.output["plan_id"] == execution.output["plan_id"]
    after = cloud.table(f"tables/{again.output['plan_id']}/ledger.parquet").set_index("sample_id")
    assert set(after["status"]) == {"exists"}
    assert (after["sha256"] == ledger["sha256"]).all()


def test_a_lost_picture_is_fetched_again_and_only_that(cloud: Cloud, study: dict, execution: Execution, ledger: gpd.GeoDataFrame):
    lost = ledger.iloc[13]
    cloud.s3.delete_object(Bucket=cloud.output, Key=lost["key"])
    again = collect(cloud, study)
    after = cloud.table(f"tables/{again.output['plan_id']}/ledger.parquet").set_index("sample_id")
    assert list(after.index[after["status"] == "ok"]) == [lost.name]
    assert after.loc[lost.name, "sha256"] == lost["sha256"]


def test_stored_pictures_are_measured_again_by_their_own_machine(cloud: Cloud, execution: Execution, ledger: gpd.GeoDataFrame):
    plan_id = execution.output["plan_id"]
    event = {"plan_id": plan_id, "output_bucket": cloud.output, "measures": ["green", "brightness"]}
    measured = cloud.start("measure", event | {"max_concurrency": 2, "tolerated_failure_percentage": 0})
    assert measured.status == "SUCCEEDED", f"{measured.error}: {measured.cause}"
    after = cloud.table(f"tables/{plan_id}/ledger.parquet").set_index("sample_id")
    assert after["brightness"].notna().all()
    np.testing.assert_allclose(after.loc[ledger.index, "green"], ledger["green"])


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"plan": {"kind": "areas", "file": "no-such-file.geojson", "id": "quarter", "per_area": 3}}, "NotFound", ["no-such-file.geojson"]),
        ({"sed": 3}, "InvalidStudy", ["sed"]),
        ({"source": {"kind": "cog", "url": "s3://{input}/no-such-image.tif"}}, "NotFound", ["no-such-image.tif"]),
    ],
)
def test_a_study_that_cannot_be_carried_out_fails_by_name(cloud: Cloud, study: dict, change: dict, error: str, words: list[str]):
    changed = study | change
    if "source" in change:
        changed["source"] = {"kind": "cog", "url": change["source"]["url"].format(input=cloud.input)}
    execution = collect(cloud, changed)
    assert execution.status == "FAILED"
    failures = [item for item in execution.items if item.status == "FAILED"]
    told = {execution.error, *(item.error for item in failures)}
    assert error in told, told
    assert all(any(word in str(cause) for cause in (execution.cause, *(item.cause for item in failures))) for word in words)
