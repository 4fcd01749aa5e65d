"""Each way a file can fail: the name it fails under, how often it was tried, and that the other files come through."""

from __future__ import annotations

import io
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from cloud import Cloud, Execution, FunctionFailed
from faulty_storage import FaultyStorage
from tables import population_grid

FOREIGN_BUCKET = "somebody-elses"


def parquet(table: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.to_parquet(buffer)
    return buffer.getvalue()


def with_weight(value: float) -> gpd.GeoDataFrame:
    cells = population_grid(rows=6, columns=5)
    cells.iloc[3, cells.columns.get_loc("population")] = value
    return cells


def without_a_geometry() -> gpd.GeoDataFrame:
    cells = population_grid(rows=6, columns=5)
    cells.loc[cells.index[4], "geometry"] = None
    return cells


def without_crs() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(population_grid(rows=6, columns=5).set_crs(None, allow_override=True))


def with_a_huge_footer() -> bytes:
    """A file whose last bytes claim three gigabytes of metadata."""
    good = parquet(population_grid(rows=6, columns=5))
    return good[:-8] + (3_000_000_000).to_bytes(4, "little") + b"PAR1"


# name of the file: what is in it (None: not there), what the manifest's line says besides, error, words of the message
BROKEN = {
    "missing": (None, {}, "NotFound", ["missing.parquet"]),
    "empty": (b"", {}, "InvalidInput", ["empty"]),
    "text": (b"id,name\n1,somewhere\n" * 50, {}, "InvalidInput", ["text.parquet"]),
    "cut": (parquet(population_grid())[:-400], {}, "InvalidInput", ["cut.parquet"]),
    "huge-footer": (with_a_huge_footer(), {}, "InvalidInput", ["huge-footer.parquet"]),
    "no-geometry": (parquet(pd.DataFrame({"population": [1.0, 2.0]})), {}, "InvalidInput", ["geometry"]),
    "no-weight": (population_grid(6, 5), {"params": {"weight_column": "people"}}, "InvalidInput", ["people", "population", "urban", "grid_id"]),
    "nan": (with_weight(np.nan), {}, "InvalidInput", ["population", "1"]),
    "infinite": (with_weight(np.inf), {}, "InvalidInput", ["population", "1"]),
    "negative": (with_weight(-1.0), {}, "InvalidInput", ["population", "1"]),
    "null-geometry": (without_a_geometry(), {}, "InvalidInput", ["geometry", "1"]),
    "no-crs": (without_crs(), {}, "InvalidInput", ["assume_crs"]),
    "odd-epsg": (population_grid(6, 5), {"params": {"projected_epsg": 999_999}}, "InvalidInput", ["999999"]),
    "typo": (population_grid(6, 5), {"parms": {}}, "InvalidEvent", ["parms"]),
    "no-bucket": (None, {"input_bucket": "no-such-bucket-anywhere"}, "NotFound", ["no-such-bucket-anywhere"]),
    "denied": (None, {"input_bucket": FOREIGN_BUCKET}, "AccessDenied", [FOREIGN_BUCKET]),
}
GOOD = ["good-1", "good-2"]


def run(cloud: Cloud, lines: list[dict], name: str, tolerated: float = 100) -> Execution:
    key = f"runs/{name}/manifest.jsonl"
    cloud.put(key, "".join(json.dumps(line) + "\n" for line in lines).encode(), bucket=cloud.output)
    event = {"manifest": {"bucket": cloud.output, "key": key}, "output_bucket": cloud.output}
    return cloud.start("cluster", event | {"max_concurrency": 2, "tolerated_failure_percentage": tolerated}, name)


@pytest.fixture(scope="module")
def prefix(cloud: Cloud) -> str:
    prefix = cloud.fresh_prefix()
    cloud.s3.create_bucket(Bucket=FOREIGN_BUCKET)
    cloud.put(f"{prefix}denied.parquet", population_grid(6, 5), bucket=FOREIGN_BUCKET)
    for name, (content, *_) in BROKEN.items():
        if content is not None:
            cloud.put(f"{prefix}{name}.parquet", content)
    for name in GOOD:
        cloud.put(f"{prefix}{name}.parquet", population_grid())
    return prefix


def line(cloud: Cloud, prefix: str, name: str) -> dict:
    more = BROKEN[name][1] if name in BROKEN else {}
    return {"filename": f"{prefix}{name}.parquet", "input_bucket": cloud.input, "output_bucket": cloud.output} | more


@pytest.fixture(scope="module")
def execution(cloud: Cloud, prefix: str) -> Execution:
    """One run over every broken file, with good ones among them."""
    names = [GOOD[0], *BROKEN, GOOD[1]]
    return run(cloud, [line(cloud, prefix, name) for name in names], "broken-and-good")


@pytest.fixture(scope="module")
def summary(cloud: Cloud, execution: Execution) -> dict:
    return cloud.get_json(f"runs/{execution.name}/summary.json")


def test_a_run_with_broken_files_succeeds_and_counts_them(execution: Execution, summary: dict):
    assert execution.status == "SUCCEEDED", execution.cause
    expected = {"run": execution.name, "files": len(BROKEN) + 2, "done": 2, "failed": len(BROKEN), "lost": 0}
    assert execution.output.items() >= expected.items()
    assert summary.items() >= expected.items()


def test_the_good_files_among_them_come_through(cloud: Cloud, prefix: str, summary: dict):
    assert [result["filename"] for result in summary["results"]] == [f"{prefix}{name}.parquet" for name in GOOD]
    for result in summary["results"]:
        assert len(cloud.table(result["output_key"])) == result["rows"] == 1200


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_fails_under_the_right_name_and_says_why(prefix: str, summary: dict, name: str):
    _, _, error, words = BROKEN[name]
    [failure] = [failure for failure in summary["failures"] if failure["item"] == f"{prefix}{name}.parquet"]
    assert failure["error"] == error, failure["message"]
    for word in words:
        assert word in failure["message"]
    assert "\n" not in failure["message"]
    assert len(failure["message"]) < 400


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_get_better_is_tried_once(prefix: str, execution: Execution, name: str):
    [item] = [item for item in execution.items if item.input["line"]["filename"] == f"{prefix}{name}.parquet"]
    assert item.status == "FAILED"
    assert item.error == BROKEN[name][2]
    assert item.attempts == 1


def test_nothing_is_written_for_a_broken_file(cloud: Cloud, prefix: str, execution: Execution):
    made = {key.removeprefix(prefix) for key in cloud.keys(prefix)}
    assert made == {f"{kind}_{name}.{end}" for name in GOOD for kind, end in (("clustered", "parquet"), ("clusters", "parquet"), ("clusters", "json"))}


def test_more_failures_than_tolerated_fail_the_run_after_it_was_summed_up(cloud: Cloud, prefix: str):
    lines = [line(cloud, prefix, name) for name in ("good-1", "empty", "text")]
    execution = run(cloud, lines, "too-many-failures", tolerated=50)
    assert (execution.status, execution.error) == ("FAILED", "TooManyFailures")
    assert "50 per cent" in execution.cause
    assert f"s3://{cloud.output}/runs/too-many-failures/failures/" in execution.cause
    assert cloud.get_json("runs/too-many-failures/summary.json")["failed"] == 2


def test_a_manifest_that_is_not_there_fails_the_run_and_says_so(cloud: Cloud):
    event = {"manifest": {"bucket": cloud.output, "key": "runs/nothing/manifest.jsonl"}, "output_bucket": cloud.output}
    execution = cloud.start("cluster", event | {"max_concurrency": 1, "tolerated_failure_percentage": 100})
    assert (execution.status, execution.error) == ("FAILED", "States.ItemReaderFailed")


@pytest.fixture
def throttled(cloud: Cloud):
    """The `cluster` function with a storage that asks to slow down."""
    name = cloud.deployment.function("cluster")
    before = cloud.functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    with FaultyStorage(cloud.stack.url) as storage:
        cloud.functions.update_function_configuration(FunctionName=name, Environment={"Variables": before | {"AWS_ENDPOINT_URL_S3": storage.url}})
        yield storage
    cloud.functions.update_function_configuration(FunctionName=name, Environment={"Variables": before})


def test_a_throttled_storage_is_tried_again_until_it_answers(cloud: Cloud, prefix: str, throttled: FaultyStorage):
    # The client in the function tries three times by itself, so five refusals outlast one call and not two.
    throttled.refuse["good-2.parquet"] = 5
    execution = run(cloud, [line(cloud, prefix, name) for name in GOOD], "throttled-for-a-while")
    assert execution.status == "SUCCEEDED"
    assert execution.output["done"] == 2
    attempts = {item.input["line"]["filename"].removeprefix(prefix): item.attempts for item in execution.items}
    assert attempts["good-1.parquet"] == 1
    assert attempts["good-2.parquet"] == 2
    assert throttled.refused["good-2.parquet"] == 5


def test_a_storage_that_stays_throttled_is_given_up_in_the_end(cloud: Cloud, prefix: str, throttled: FaultyStorage):
    throttled.refuse["good-2.parquet"] = 1000
    execution = run(cloud, [line(cloud, prefix, name) for name in GOOD], "throttled-for-good")
    [failed] = [item for item in execution.items if item.status == "FAILED"]
    assert failed.error == "StorageUnavailable"
    assert failed.attempts == 6, "once, and five times again"
    [failure] = cloud.get_json("runs/throttled-for-good/summary.json")["failures"]
    assert failure["error"] == "StorageUnavailable"
    assert "good-2.parquet" in failure["message"]


def test_a_fault_of_a_called_function_reaches_the_caller_by_name(cloud: Cloud, prefix: str):
    with pytest.raises(FunctionFailed) as failed:
        cloud.call("cluster", line(cloud, prefix, "empty"))
    assert failed.value.name == "InvalidInput"
