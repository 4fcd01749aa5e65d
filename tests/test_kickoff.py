"""`kickoff`: finds what has no result yet, lists it, and starts one execution over it, however it is called."""

from __future__ import annotations

import json
import time

import pytest
from cloud import Cloud, FunctionFailed
from tables import population_grid

SMALL = {"params": {"desired_cluster_weight": 40}}


def lay(cloud: Cloud, *names: str) -> str:
    prefix = cloud.fresh_prefix()
    for name in names:
        cloud.put(prefix + name, population_grid(10, 8))
    return prefix


def manifest(cloud: Cloud, reply: dict) -> list[dict]:
    return [json.loads(line) for line in cloud.get(reply["manifest"]["key"], reply["manifest"]["bucket"]).splitlines()]


def test_the_manifest_lists_what_has_no_result_in_order(cloud: Cloud):
    prefix = lay(cloud, "c.parquet", "a.parquet", "sub/b.parquet", "done.parquet")
    cloud.put(f"{prefix}clustered_done.parquet", b"x", bucket=cloud.output)
    reply = cloud.kickoff(prefix, **SMALL)
    assert (reply["queued"], reply["done_already"], reply["left_over"]) == (3, 1, 0)
    lines = manifest(cloud, reply)
    assert [line["filename"].removeprefix(prefix) for line in lines] == ["a.parquet", "c.parquet", "sub/b.parquet"]
    for line in lines:
        assert set(line) == {"filename", "input_bucket", "output_bucket", "params"}
        assert (line["input_bucket"], line["output_bucket"]) == (cloud.input, cloud.output)
    execution = cloud.finished(reply["execution_arn"])
    assert execution.output.items() >= {"done": 3, "failed": 0, "lost": 0}.items()
    assert f"{prefix}sub/clustered_b.parquet" in cloud.keys(prefix)


def test_the_same_kickoff_twice_is_one_execution(cloud: Cloud):
    prefix = lay(cloud, "a.parquet", "b.parquet")
    first, second = cloud.kickoff(prefix), cloud.kickoff(prefix)
    assert first["execution_arn"] == second["execution_arn"]
    cloud.finished(first["execution_arn"])
    third = cloud.kickoff(prefix)
    assert third["execution_arn"] is None
    assert (third["queued"], third["done_already"]) == (0, 2)
    assert "nothing left" in third["message"]


def test_what_failed_before_is_started_again_under_a_new_name(cloud: Cloud):
    prefix = cloud.fresh_prefix()
    cloud.put(f"{prefix}broken.parquet", b"")
    first = cloud.kickoff(prefix)
    assert cloud.finished(first["execution_arn"]).output["failed"] == 1
    cloud.put(f"{prefix}broken.parquet", population_grid(10, 8))
    second = cloud.kickoff(prefix)
    assert second["execution_arn"] != first["execution_arn"]
    assert cloud.finished(second["execution_arn"]).output["done"] == 1


def test_a_limit_leaves_the_rest_for_the_next_time(cloud: Cloud):
    prefix = lay(cloud, *(f"{number}.parquet" for number in range(5)))
    first = cloud.kickoff(prefix, limit=2)
    assert (first["queued"], first["left_over"]) == (2, 3)
    cloud.finished(first["execution_arn"])
    second = cloud.kickoff(prefix, limit=10)
    assert (second["queued"], second["done_already"], second["left_over"]) == (3, 2, 0)
    cloud.finished(second["execution_arn"])


def test_a_dry_run_writes_and_starts_nothing(cloud: Cloud):
    prefix = lay(cloud, "a.parquet")
    before = cloud.keys("runs/")
    reply = cloud.kickoff(prefix, dry_run=True)
    assert (reply["queued"], reply["execution_arn"], reply["manifest"]) == (1, None, None)
    assert cloud.keys("runs/") == before


@pytest.mark.parametrize(
    ("event", "name", "word"),
    [
        ({"workflow": "cluster"}, "InvalidEvent", "input_bucket"),
        ({"workflow": "clutser", "input_bucket": "a", "output_bucket": "b"}, "InvalidEvent", "clutser"),
        ({"workflow": "cluster", "input_bucket": "a", "output_bucket": "b", "perfix": ""}, "InvalidEvent", "perfix"),
        ([1, 2], "InvalidEvent", ""),
        ("text", "InvalidEvent", ""),
    ],
)
def test_a_wrong_event_is_refused_by_name(cloud: Cloud, event: object, name: str, word: str):
    with pytest.raises(FunctionFailed) as failed:
        cloud.call("kickoff", event)
    assert failed.value.name == name
    assert word in failed.value.message


def test_a_bucket_the_role_may_not_list_is_denied(cloud: Cloud):
    cloud.s3.create_bucket(Bucket="not-for-kickoff")
    with pytest.raises(FunctionFailed) as failed:
        cloud.call("kickoff", {"workflow": "cluster", "input_bucket": "not-for-kickoff", "output_bucket": cloud.output})
    assert failed.value.name == "AccessDenied"
    assert "not-for-kickoff" in failed.value.message


def test_an_uploaded_table_is_clustered_by_the_event_it_causes(cloud: Cloud):
    """From S3 by EventBridge, as the template's upload rule has it."""
    prefix = cloud.fresh_prefix()
    deployed = cloud.stack.deploy(cloud.deployment.stack, cloud.programs, {"OnUpload": "true"}, say=lambda _: None)
    try:
        key = cloud.put(f"{prefix}a town+1.parquet", population_grid(10, 8))
        deadline = time.monotonic() + 60
        while not cloud.keys(f"{prefix}clustered_") and time.monotonic() < deadline:
            time.sleep(0.2)
        assert cloud.keys(f"{prefix}clustered_") == [f"{prefix}clustered_a town+1.parquet"], key
    finally:
        cloud.stack.deploy(deployed.stack, cloud.programs, {"OnUpload": "false"}, say=lambda _: None)


def test_a_schedule_looks_through_the_buckets_of_the_environment(cloud: Cloud):
    event = {
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2026-11-21T03:00:00Z",
        "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:123456789012:rule/nightly"],
        "detail": {},
    }
    prefix = lay(cloud, "nightly.parquet")
    reply = cloud.call("kickoff", event)
    assert f"{prefix}nightly.parquet" in [line["filename"] for line in manifest(cloud, reply)]
    cloud.finished(reply["execution_arn"])
    assert f"{prefix}clustered_nightly.parquet" in cloud.keys(prefix)
