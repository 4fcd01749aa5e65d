"""Batches that come in the payload itself, on the EXPRESS machine: the forms of the published studies."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from cloud import Cloud
from PIL import Image
from pictures import Aerial, make_aerial, window

SIZE = 32


@pytest.fixture(scope="module")
def aerial(tmp_path_factory) -> Aerial:
    return make_aerial(tmp_path_factory.mktemp("express") / "aerial.tif")


@pytest.fixture(scope="module")
def settings(cloud: Cloud, aerial: Aerial) -> dict:
    image = cloud.put(f"{cloud.fresh_prefix()}aerial.tif", aerial.path.read_bytes())
    return {"source": {"kind": "cog", "url": f"s3://{cloud.input}/{image}"}, "picture": {"size_px": SIZE}, "measures": ["green"]}


def point(aerial: Aerial, column: int, row: int) -> list[float]:
    return list(aerial.lonlat(column, row))


def run(cloud: Cloud, batches: list) -> list:
    reply = cloud.executions.start_sync_execution(stateMachineArn=cloud.deployment.machine("collect-express"), input=json.dumps(batches))
    assert reply["status"] == "SUCCEEDED", reply.get("cause")
    return json.loads(reply["output"])


def test_replies_come_in_the_order_of_the_batches_and_pictures_are_stored(cloud: Cloud, aerial: Aerial, settings: dict):
    cloud.put("plans/inline/settings.json", json.dumps(settings).encode(), cloud.output)
    sizes = [3, 1, 2]
    batches = [
        {"point_map": [[f"1703{batch}", [point(aerial, 100 + 60 * n, 200 + 150 * batch) for n in range(size)]]]}
        for batch, size in enumerate(sizes)
    ]
    replies = run(cloud, batches)
    assert [reply["ok"] for reply in replies] == sizes
    ledger = cloud.table(replies[0]["ledger"]).set_index("sample_id")
    assert sorted(ledger.index) == ["17030-0001", "17030-0002", "17030-0003"]
    picture = np.asarray(Image.open(io.BytesIO(cloud.get(ledger.loc["17030-0002", "key"]))).convert("RGB"))
    assert (picture == window(aerial, 160 - SIZE // 2, 200 - SIZE // 2, SIZE, SIZE)).all()

    again = run(cloud, batches)
    assert [reply["exists"] for reply in again] == sizes, "what is there already is not fetched again"


def test_a_batch_that_is_wrong_is_told_in_its_place(cloud: Cloud, aerial: Aerial, settings: dict):
    good = {"point_map": [["a", [point(aerial, 300, 300)]]], "settings": settings}
    bad = {"point_map": [["b", [[500.0, 10.0]]]], "settings": settings}
    replies = run(cloud, [good, bad, good | {"point_map": [["c", [point(aerial, 330, 300)]]]}])
    assert [reply.get("ok") for reply in replies] == [1, None, 1]
    assert replies[1]["failed"]["error"] == "InvalidInput"
    assert "500" in replies[1]["failed"]["cause"]


def test_job_records_of_street_pictures_are_understood(cloud: Cloud, aerial: Aerial, settings: dict):
    lon, lat = point(aerial, 420, 310)
    record = {"id": 57, "city": "Newport", "road_name": "Chepstow Road", "osm_way_id": "24005721", "sequence": "000057"}
    record |= {"latitude": lat, "longitude": lon, "bearing": 12.5, "cam_dir": "left"}
    [reply] = run(cloud, [{"jobs": [record], "settings": settings}])
    assert reply["ok"] == 1
    key = cloud.table(reply["ledger"])["key"].iloc[0]
    assert "/Newport/Chepstow_Road/24005721/left/" in key


@pytest.fixture
def settings_file(settings: dict, tmp_path):
    path = tmp_path / "settings.toml"
    source = settings["source"]
    path.write_text(f'measures = ["green"]\n[source]\nkind = "cog"\nurl = "{source["url"]}"\n[picture]\nsize_px = {SIZE}\n')
    return path


def test_the_command_line_starts_it_and_prints_the_replies(cloud: Cloud, aerial: Aerial, settings_file, tmp_path):
    payload = tmp_path / "batches.json"
    payload.write_text(json.dumps([{"point_map": [["d", [point(aerial, 500, 300)]]]}, {"point_map": [["e", []]]}]))
    machine = cloud.deployment.machine("collect-express")
    done = cloud.transect("start", "express", payload, "--machine", machine, "--settings", settings_file)
    assert [reply["ok"] for reply in json.loads(done.stdout)] == [1, 0]


def test_a_payload_too_big_is_refused_before_it_is_sent(cloud: Cloud, tmp_path):
    payload = tmp_path / "batches.json"
    points = [[-87.6298 + n / 1e6, 41.7601] for n in range(20_000)]
    payload.write_text(json.dumps([{"point_map": [["17031842400", points]]}]))
    done = cloud.transect("start", "express", payload, "--machine", "no-such-machine", check=False)
    assert done.returncode != 0
    assert "262144" in done.stderr and "transect start collect" in done.stderr


@pytest.mark.parametrize(
    ("batches", "words"),
    [
        ('{"point_map": []}', ["expected a sequence"]),
        ('[{"points": []}]', ["batch 0", "points", "point_map"]),
        ('[{"point_map": [], "jobs": []}]', ["batch 0", "one of point_map and jobs"]),
        ("[", ["EOF"]),
    ],
)
def test_a_payload_of_another_form_is_refused_by_what_is_wrong(cloud: Cloud, tmp_path, batches: str, words: list[str]):
    payload = tmp_path / "batches.json"
    payload.write_text(batches)
    done = cloud.transect("start", "express", payload, "--machine", "no-such-machine", check=False)
    assert done.returncode != 0
    assert all(word in done.stderr for word in words), done.stderr


def test_a_study_is_started_and_watched_from_the_command_line(cloud: Cloud, aerial: Aerial, settings: dict, tmp_path):
    prefix = cloud.fresh_prefix()
    low, high = aerial.lonlat(40, 600), aerial.lonlat(600, 40)
    ring = [[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]], [low[0], low[1]]]
    area = {"type": "Feature", "properties": {"name": "middle"}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    file = cloud.put(f"{prefix}areas.geojson", json.dumps({"type": "FeatureCollection", "features": [area]}).encode())
    study = tmp_path / "study.toml"
    study.write_text(
        f'name = "middle"\nbatches = 2\nmeasures = ["green"]\n'
        f'[plan]\nkind = "areas"\nfile = "{file}"\nid = "name"\nper_area = 6\n'
        f'[source]\nkind = "cog"\nurl = "{settings["source"]["url"]}"\n[picture]\nsize_px = {SIZE}\n'
    )
    buckets = ["--input-bucket", cloud.input, "--output-bucket", cloud.output]
    started = cloud.transect("start", "collect", study, "--machine", cloud.deployment.machine("collect"), *buckets)
    watched = cloud.transect("watch", started.stdout.strip())
    reply = json.loads(watched.stdout)
    assert reply["samples"] == reply["done"] == 6
    assert "2/2" in watched.stderr

    machine = ["--machine", cloud.deployment.machine("measure"), "--output-bucket", cloud.output]
    again = cloud.transect("start", "measure", reply["plan_id"], "--measures", "green,brightness", *machine)
    cloud.transect("watch", again.stdout.strip())
    assert cloud.table(f"tables/{reply['plan_id']}/ledger.parquet")["brightness"].notna().all()


def test_watching_an_execution_that_fails_says_so(cloud: Cloud, tmp_path):
    study = tmp_path / "study.toml"
    study.write_text(
        'name = "nowhere"\n[plan]\nkind = "areas"\nfile = "no-such-file.geojson"\nid = "name"\nper_area = 6\n'
        '[source]\nkind = "cog"\nurl = "s3://nowhere/aerial.tif"\n[picture]\nsize_px = 32\n'
    )
    buckets = ["--input-bucket", cloud.input, "--output-bucket", cloud.output]
    started = cloud.transect("start", "collect", study, "--machine", cloud.deployment.machine("collect"), *buckets)
    watched = cloud.transect("watch", started.stdout.strip(), check=False)
    assert watched.returncode != 0
    assert "FAILED" in watched.stderr and "NotFound" in watched.stderr
