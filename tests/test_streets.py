"""A town's streets from plan to published tables: planned once, pictures taken by daily quotas, what failed found by a later run."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from cloud import Cloud, Execution, FunctionFailed
from picture_servers import serving
from shapely.geometry import LineString, box
from street_pictures import KEY, METADATA, SIGNING_SECRET, StreetPictures

DAYS = 3


@dataclass
class Streets:
    """Roads and towns in the input bucket, and what a day's quota is."""

    plan: dict
    towns: set[str]
    quota: int


@dataclass
class Season:
    """A plan and the runs that took its pictures."""

    plan_id: str
    samples: gpd.GeoDataFrame
    quota: int
    pictures: StreetPictures
    replies: list[dict] = field(default_factory=list)
    executions: list[Execution] = field(default_factory=list)
    taken: list[pd.DataFrame] = field(default_factory=list)

    @property
    def location(self) -> pd.Series:
        """Where the picture service is asked, by sample."""
        points = self.samples.geometry
        return pd.Series([f"{decimals(p.y)},{decimals(p.x)}" for p in points], index=self.samples["sample_id"])


def decimals(degrees: float) -> str:
    """Up to seven of them, as requests have them."""
    return f"{degrees:.7f}".rstrip("0").rstrip(".")


def made_up(cloud: Cloud) -> Streets:
    """Three towns side by side with eight roads each, one of them long."""
    prefix = cloud.fresh_prefix()
    roads, names = [], []
    for town in range(3):
        for road in range(8):
            x, y = 9.50 + town * 0.02 + 0.002 * road, 47.10
            length = 0.008 if road == 0 else 0.002
            roads.append(LineString([(x, y), (x + 0.0003, y + length / 2), (x, y + length)]))
            names.append(f"{'ABC'[town]} Road {road}")
    lines = gpd.GeoDataFrame({"osm_way_id": range(1, 25), "name": names, "highway": "residential"}, geometry=roads, crs=4326)
    towns = gpd.GeoDataFrame(
        {"town": ["Aach", "Bad Örtchen", "Cell/Dorf"]},
        geometry=[box(9.499 + t * 0.02, 47.09, 9.517 + t * 0.02, 47.13) for t in range(3)],
        crs=4326,
    )
    plan = {
        "kind": "roads",
        "file": cloud.put(f"{prefix}roads.geojson", lines.to_json(drop_id=True).encode()),
        "areas": cloud.put(f"{prefix}towns.geojson", towns.to_json(drop_id=True).encode()),
        "area_name": "town",
        "interval_m": 50.0,
    }
    return Streets(plan, set(towns["town"]), 80)


def liechtenstein(cloud: Cloud, data: Path) -> Streets:
    """Every road of a country, looked at to its left from one place or a few."""
    prefix = cloud.fresh_prefix()
    borders = gpd.read_file(data / "streets/liechtenstein_municipalities.geojson")
    towns = borders[(borders["admin_level"].astype(int) == 8) & borders["name"].notna()][["name", "geometry"]]
    assert len(towns) == 11
    plan = {
        "kind": "roads",
        "file": cloud.put(f"{prefix}liechtenstein.osm.pbf", (data / "streets/liechtenstein.osm.pbf").read_bytes()),
        "areas": cloud.put(f"{prefix}municipalities.geojson", towns.to_json(drop_id=True).encode()),
        "area_name": "name",
        "interval_m": 260.0,
        "sides": ["left"],
        "order": "gap",
    }
    return Streets(plan, set(towns["name"]), 500)


@pytest.fixture(scope="module", params=["made-up", "liechtenstein"])
def streets(request: pytest.FixtureRequest, cloud: Cloud) -> Streets:
    if request.param == "made-up":
        return made_up(cloud)
    return liechtenstein(cloud, request.getfixturevalue("data"))


@pytest.fixture(scope="module")
def pictures() -> Iterator[StreetPictures]:
    server = StreetPictures()
    with serving(server):
        yield server


def kick_off(cloud: Cloud, plan_id: str, limit: int, **params) -> dict:
    event = {
        "workflow": "collect",
        "output_bucket": cloud.output,
        "limit": limit,
        "params": {"plan_id": plan_id, "batch_size": 60} | params,
        "max_concurrency": 3,
    }
    return cloud.call("kickoff", event)


def samples_of(cloud: Cloud, reply: dict) -> pd.DataFrame:
    """What a quota took, in its order."""
    return cloud.table(reply["manifest"]["key"].replace("batches.jsonl", "samples.parquet"))


@pytest.fixture(scope="module")
def planned(cloud: Cloud, streets: Streets, pictures: StreetPictures) -> Season:
    pictures.faulty = True
    stack = cloud.deployment.stack
    secrets = cloud.secrets
    for name, value in (("street-view", KEY), ("street-view-signing", SIGNING_SECRET)):
        if f"{stack}/{name}" not in {secret["Name"] for secret in secrets.list_secrets()["SecretList"]}:
            secrets.create_secret(Name=f"{stack}/{name}", SecretString=value)
    study = {
        "name": "streets",
        "plan": streets.plan,
        "source": {
            "kind": "street_view",
            "key": f"secret:{stack}/street-view",
            "signing_secret": f"secret:{stack}/street-view-signing",
            "base_url": f"http://127.0.0.1:{pictures.server_address[1]}",
        },
        "picture": {"size_px": 64},
        "measures": ["green"],
        "limits": {"per_second": 1000, "concurrency": 16},
        "filling": {"method": "kriging"},
        "batches": 7,
    }
    reply = cloud.call("plan", {"study": study, "input_bucket": cloud.input, "output_bucket": cloud.output})
    return Season(reply["plan_id"], cloud.table(reply["samples"]), streets.quota, pictures)


@pytest.fixture(scope="module")
def season(cloud: Cloud, planned: Season) -> Season:
    """Three daily quotas, and a fourth once the service is well again."""
    for day in range(DAYS + 1):
        planned.pictures.faulty = day < DAYS
        reply = kick_off(cloud, planned.plan_id, planned.quota)
        execution = cloud.finished(reply["execution_arn"])
        assert execution.status == "SUCCEEDED", f"{execution.error}: {execution.cause}"
        planned.replies.append(reply)
        planned.executions.append(execution)
        planned.taken.append(samples_of(cloud, reply))
    return planned


def by_largest_remainder(take: int, left: dict[str, int]) -> dict[str, int]:
    """Hamilton's method; ties go to the first by name, and a town without a share gets one of the largest."""
    total = sum(left.values())
    shares = {town: take * n // total for town, n in left.items()}
    for town in sorted(left, key=lambda town: (-(take * left[town] % total), town))[: take - sum(shares.values())]:
        shares[town] += 1
    assert all(shares.values()), "the largest towns would have to give"
    return shares


def test_a_quota_is_shared_among_all_towns_by_what_is_left(season: Season, streets: Streets):
    left = Counter(season.samples["town"])
    assert set(left) == streets.towns
    for taken in season.taken[: DAYS - 1]:
        assert Counter(taken["town"]) == by_largest_remainder(season.quota, left)
        left -= Counter(taken["town"])


def test_within_a_town_the_order_of_visits_is_kept(season: Season):
    visits = season.samples.groupby("town")["sample_id"].agg(list)
    fresh = pd.concat(season.taken[:DAYS]).groupby("town")["sample_id"].agg(list)
    for town, ids in fresh.items():
        assert ids == visits[town][: len(ids)], town


def test_a_fourth_run_finds_what_failed_after_what_was_never_tried(season: Season):
    asked = set(pd.concat(season.taken[:DAYS])["sample_id"])
    assert len(asked) == DAYS * season.quota, "no sample is asked for twice in three days"
    location = season.location
    failed = {
        sample for sample in asked if StreetPictures.is_difficult(location[sample]) and not StreetPictures.is_empty(location[sample])
    }
    never_tried = set(season.samples["sample_id"]) - asked
    last = list(season.taken[DAYS]["sample_id"])
    assert failed and never_tried
    assert set(last[: len(never_tried)]) == never_tried
    assert set(last[len(never_tried) :]) == failed and len(last) == len(never_tried) + len(failed)
    assert season.replies[DAYS]["done_already"] == len(asked) - len(failed)


def test_the_ledger_adds_up_to_the_sample(cloud: Cloud, season: Season):
    ledger = cloud.table(f"tables/{season.plan_id}/ledger.parquet").set_index("sample_id")
    assert ledger.index.is_unique and set(ledger.index) == set(season.samples["sample_id"])
    empty = season.location.map(StreetPictures.is_empty)
    assert set(ledger.index[ledger["status"] == "no_imagery"]) == set(empty.index[empty])
    assert set(ledger["status"]) == {"ok", "no_imagery"}
    assert set(ledger.loc[ledger["status"] == "ok", "captured"]) == {"2019-05"}
    assert season.replies[DAYS]["left_over"] == 0


def test_pictures_are_measured_in_flight_and_not_stored(cloud: Cloud, season: Season):
    assert cloud.keys(f"images/{season.plan_id}/") == []
    ledger = cloud.table(f"tables/{season.plan_id}/ledger.parquet").set_index("sample_id")
    samples = season.samples.set_index("sample_id")
    assert season.pictures.refused == []
    green = ledger["green"].dropna()
    assert len(green) == (ledger["status"] == "ok").sum()
    for sample, value in green.items():
        point, heading = samples.loc[sample].geometry, samples.loc[sample, "heading"]
        pano = season.pictures.metadata({"location": f"{decimals(point.y)},{decimals(point.x)}"})["pano_id"]
        lawn = StreetPictures.green(pano, f"{heading:.2f}".rstrip("0").rstrip("."))
        assert value == pytest.approx(lawn * 63 / 64), sample


def test_every_town_is_filled_and_published(cloud: Cloud, season: Season, streets: Streets):
    ledger = cloud.table(f"tables/{season.plan_id}/ledger.parquet").set_index("sample_id")
    towns = pd.read_parquet(io.BytesIO(cloud.get(f"tables/{season.plan_id}/towns.parquet"))).set_index("town")
    assert set(towns.index) == streets.towns
    assert towns["samples"].sum() == len(season.samples)
    assert towns["readings"].sum() == (ledger["status"] == "ok").sum()
    assert (towns["unfilled"] == 0).all()
    samples = season.samples.set_index("sample_id")
    read = samples.assign(green=ledger["green"]).dropna(subset="green")
    weighted = (read["green"] * read["stands_for_m"]).groupby(read["town"]).sum() / read.groupby("town")["stands_for_m"].sum()
    np.testing.assert_allclose(towns["green_mean"], weighted.loc[towns.index])
    outlines = gpd.read_parquet(io.BytesIO(cloud.get(f"tables/{season.plan_id}/towns.parquet")))
    assert outlines.geometry.geom_type.isin(["Polygon", "MultiPolygon"]).all()
    roads = gpd.read_parquet(io.BytesIO(cloud.get(f"tables/{season.plan_id}/roads.parquet")))
    assert roads["points"].sum() == towns["points"].sum() and (roads["length_m"] > 0).all()
    keys = cloud.keys(f"tables/{season.plan_id}/towns/")
    maps = [key for key in keys if key.endswith(".geojson")]
    assert len(maps) == len(keys) / 3 == len(streets.towns), "a table, a map and its style for each town"
    properties = [feature["properties"] for key in maps for feature in json.loads(cloud.get(key))["features"]]
    sides = season.samples["side"].unique()
    ids = {row[f"id_{side}"] for row in properties for side in sides} - {None}
    assert ids == set(season.samples["sample_id"])
    predicted = sum(bool(row[f"predicted_{side}"]) for row in properties for side in sides)
    assert predicted == (ledger["status"] == "no_imagery").sum()
    page = cloud.get(f"reports/{season.plan_id}/index.html").decode()
    assert all(town in page for town in streets.towns)


def test_two_kickoffs_at_once_take_different_samples(cloud: Cloud, planned: Season, season: Season):
    """A plan of the same streets, another name: kicked off again while its first run is under way."""
    study = json.loads(cloud.get(f"plans/{season.plan_id}/study.json")) | {"name": "at once"}
    plan = cloud.call("plan", {"study": study, "input_bucket": cloud.input, "output_bucket": cloud.output})
    replies = [kick_off(cloud, plan["plan_id"], 40) for _ in range(2)]
    assert len({reply["execution_arn"] for reply in replies}) == 2
    first, second = (set(samples_of(cloud, reply)["sample_id"]) for reply in replies)
    assert len(first) == len(second) == 40 and not first & second
    for reply in replies:
        assert cloud.finished(reply["execution_arn"]).status == "SUCCEEDED"


def test_what_never_succeeds_rests_until_it_is_taken_back(cloud: Cloud, season: Season):
    season.pictures.faulty = True
    study = json.loads(cloud.get(f"plans/{season.plan_id}/study.json")) | {"name": "out of order"}
    plan = cloud.call("plan", {"study": study, "input_bucket": cloud.input, "output_bucket": cloud.output})["plan_id"]
    for _ in range(2):
        cloud.finished(kick_off(cloud, plan, 10_000, tries=2)["execution_arn"])
    resting = kick_off(cloud, plan, 10_000, tries=2)
    assert resting["execution_arn"] is None and resting["queued"] == 0
    ledger = cloud.table(f"tables/{plan}/ledger.parquet").set_index("sample_id")
    failed = ledger[ledger["status"] == "failed"]
    assert f"{len(failed)} rest as failed" in resting["message"]
    assert failed["reason"].str.contains("out of order").all()

    season.pictures.faulty = False
    asked = season.pictures.asked[METADATA]
    said = cloud.transect("retry", plan, "--output-bucket", cloud.output).stdout
    assert said == f"{len(failed)} failed samples will be tried again\n"
    started = cloud.transect(
        "start", "quota", plan, "--take", 10_000, "--tries", 2, "--output-bucket", cloud.output, "--machine", f"{cloud.deployment.stack}-collect"
    )
    reply = json.loads(started.stdout)
    assert reply["queued"] == len(failed)
    cloud.finished(reply["execution_arn"])
    assert season.pictures.asked[METADATA] - asked == len(failed)
    assert "failed" not in set(cloud.table(f"tables/{plan}/ledger.parquet")["status"])


def test_a_quota_of_no_plan_is_refused_by_name(cloud: Cloud):
    with pytest.raises(FunctionFailed) as failed:
        kick_off(cloud, "0000000000000000", 10)
    assert failed.value.name == "NotFound" and "0000000000000000" in failed.value.message
    with pytest.raises(FunctionFailed) as failed:
        cloud.call("kickoff", {"workflow": "collect", "output_bucket": cloud.output, "params": {"plan_id": "0", "tires": 3}})
    assert failed.value.name == "InvalidEvent" and "tires" in failed.value.message
