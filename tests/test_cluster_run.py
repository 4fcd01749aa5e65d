"""A clustering run from bucket to bucket, judged by geopandas and figures of our own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from cloud import Cloud, Execution, FunctionFailed, run_transect
from evaluate import Wanted, evaluate, same_rows
from tables import population_grid

STATE_LIMIT = 262_144  # bytes of input or output of a state
FILES = 40


@pytest.fixture(scope="module")
def many(cloud: Cloud) -> tuple[str, Execution]:
    """Forty files by one kickoff."""
    prefix = cloud.fresh_prefix()
    for number in range(FILES):
        cloud.put(f"{prefix}area-{number:02}.parquet", population_grid(20, 15, seed=number))
    return prefix, cloud.finished(cloud.kickoff(prefix, params={"desired_cluster_weight": 60})["execution_arn"])


def test_every_file_of_a_run_comes_out_clustered(cloud: Cloud, many):
    prefix, execution = many
    assert execution.status == "SUCCEEDED"
    assert execution.output.items() >= {"files": FILES, "done": FILES, "failed": 0, "lost": 0}.items()
    assert len([key for key in cloud.keys(prefix) if "/clustered_" in key]) == FILES


def test_geopandas_reads_what_comes_out_with_nothing_lost(cloud: Cloud, many):
    prefix, _ = many
    for number in (0, 17):
        before = population_grid(20, 15, seed=number)
        after = cloud.table(f"{prefix}clustered_area-{number:02}.parquet")
        assert same_rows(before, after)
        assert after.index.name == "cell"
        assert after.crs == before.crs
        assert after.dtypes[before.columns].to_dict() == before.dtypes.to_dict()
        assert list(after["cluster_id"]) == sorted(after["cluster_id"])
        assert after["cluster_weight"].dtype == before["population"].dtype
        assert set(after.columns) - set(before.columns) == {"cluster_id", "cluster_weight", "cluster_pass"}


def test_the_clusters_are_what_was_asked_for(cloud: Cloud, many):
    prefix, execution = many
    summary = cloud.get_json(f"runs/{execution.name}/summary.json")
    for result in summary["results"][:5]:
        table = cloud.table(result["output_key"])
        wanted = Wanted(target_weight=60, target_radius=1000, min_weight=45, max_weight=75, epsg=32651, weight="population")
        figures = evaluate(table, wanted)
        assert (figures["share_connected"], figures["share_in_range"]) == (1.0, 1.0)
        assert result["rows"] == figures["rows"]
        assert result["clusters"] == figures["clusters"]
        assert result["median_weight"] == pytest.approx(figures["median_weight"], rel=1e-5)
        # The function measures in a projection of its own; UTM is up to 0.1 per cent off there.
        assert result["median_radius"] == pytest.approx(figures["median_radius"], rel=3e-3)


def test_the_clusters_table_has_a_row_a_cluster(cloud: Cloud, many):
    prefix, _ = many
    cells = cloud.table(f"{prefix}clustered_area-00.parquet")
    clusters = cloud.table(f"{prefix}clusters_area-00.parquet")
    weights = cells.groupby("cluster_id")["population"].sum()
    assert list(clusters["cluster_id"]) == list(weights.index)
    np.testing.assert_allclose(clusters["cluster_weight"], weights, rtol=1e-5)
    assert set(clusters.geometry.geom_type) <= {"Polygon", "MultiPolygon"}
    outlines = dict(zip(clusters["cluster_id"], clusters.geometry.to_crs(32651).buffer(1.0)))
    projected = cells.geometry.to_crs(32651)
    assert all(outlines[cluster].contains(place) for cluster, place in zip(cells["cluster_id"], projected))


def test_no_state_carries_more_for_forty_files_than_for_two(cloud: Cloud, many):
    _, execution = many
    prefix = cloud.fresh_prefix()
    for number in range(2):
        cloud.put(f"{prefix}{number}.parquet", population_grid(10, 8))
    small = cloud.finished(cloud.kickoff(prefix)["execution_arn"])
    most = max(map(len, execution.payloads()))
    assert most < STATE_LIMIT / 50
    assert most <= max(map(len, small.payloads())) + 50
    assert len(execution.history) == len(small.history)


def test_the_published_payload_is_taken_as_it_is(cloud: Cloud):
    prefix = cloud.fresh_prefix()
    key = cloud.put(f"{prefix}municipality.parquet", population_grid())
    reply = cloud.call("cluster", {"filename": key, "input_bucket": cloud.input, "output_bucket": cloud.output})
    assert reply["output_key"] == f"{prefix}clustered_municipality.parquet"
    fields = ["filename", "output_key", "rows", "clusters", "score", "median_weight", "median_radius", "share_in_range", "passes", "elapsed_ms"]
    assert list(reply) == fields
    assert reply["rows"] == 1200


@pytest.mark.parametrize(("urban", "radius"), [(True, 300), (False, 600)])
def test_a_setting_can_come_from_a_column_of_the_file(cloud: Cloud, urban: bool, radius: float):
    """Dense quarters are given a smaller radius than the countryside, file by file."""
    prefix = cloud.fresh_prefix()
    key = cloud.put(f"{prefix}{urban}.parquet", population_grid(urban=urban))
    rule = {"column": "urban", "when": True, "then": 300, "otherwise": 600}
    event = {"filename": key, "input_bucket": cloud.input, "output_bucket": cloud.output}
    by_rule = cloud.call("cluster", event | {"params": {"desired_cluster_radius": rule}})
    fixed = cloud.call("cluster", event | {"params": {"desired_cluster_radius": radius, "overwrite": True}})
    assert by_rule["score"] == pytest.approx(fixed["score"])


def test_the_same_seed_gives_the_same_bytes_here_and_there(cloud: Cloud, tmp_path, programs):
    prefix = cloud.fresh_prefix()
    key = cloud.put(f"{prefix}a.parquet", population_grid())
    (tmp_path / "a.parquet").write_bytes(cloud.get(key, cloud.input))
    cloud.call("cluster", {"filename": key, "input_bucket": cloud.input, "output_bucket": cloud.output})
    for threads in ("1", "2"):
        run_transect(programs, "cluster", tmp_path / "a.parquet", tmp_path / "b.parquet", "--threads", threads)
        assert (tmp_path / "b.parquet").read_bytes() == cloud.get(f"{prefix}clustered_a.parquet")


def test_index_values_that_come_twice_change_nothing(cloud: Cloud):
    prefix = cloud.fresh_prefix()
    before = population_grid(10, 5)
    before.index = np.zeros(len(before), dtype=np.int64)
    key = cloud.put(f"{prefix}fifty.parquet", before)
    cloud.call("cluster", {"filename": key, "input_bucket": cloud.input, "output_bucket": cloud.output})
    after = cloud.table(f"{prefix}clustered_fifty.parquet")
    assert same_rows(before, after)
    assert (after.index == 0).all()


@pytest.fixture
def small_and_hurried(cloud: Cloud) -> Iterator[str]:
    """The cluster function with 256 MB and so little time that it must write what it has at once; its name."""
    name = cloud.deployment.function("cluster")
    before = cloud.functions.get_function_configuration(FunctionName=name)
    cloud.functions.update_function_configuration(FunctionName=name, MemorySize=256, Timeout=14)
    yield name
    cloud.functions.update_function_configuration(FunctionName=name, MemorySize=before["MemorySize"], Timeout=before["Timeout"])


def peak_memory_mb(function: str) -> list[float]:
    """The most memory that each running process of a function has had."""
    peaks = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"AWS_LAMBDA_FUNCTION_NAME={function}".encode() in (process / "environ").read_bytes().split(b"\0"):
                [peak] = [line for line in (process / "status").read_text().splitlines() if line.startswith("VmHWM:")]
                peaks.append(int(peak.split()[1]) / 1024)
        except OSError:  # it has ended, or is not ours
            continue
    return peaks


def test_a_hundred_thousand_rows_pass_in_256_mb_and_in_time(cloud: Cloud, small_and_hurried: str, tmp_path, programs):
    run_transect(programs, "generate", "town", tmp_path / "town.parquet", "--cells", "101519")
    prefix = cloud.fresh_prefix()
    key = cloud.put(f"{prefix}town.parquet", (tmp_path / "town.parquet").read_bytes())
    event = {"filename": key, "input_bucket": cloud.input, "output_bucket": cloud.output, "params": {"projected_epsg": 32651}}
    reply = cloud.call("cluster", event)
    assert reply["rows"] == 101_519
    after = cloud.table(reply["output_key"])
    assert same_rows(gpd.read_parquet(tmp_path / "town.parquet").set_index("grid_id"), after.set_index("grid_id"))
    figures = evaluate(after, Wanted(target_weight=240, target_radius=1000, min_weight=180, max_weight=300, epsg=32651, weight="population"))
    # The islet alone is too light.
    assert (figures["share_connected"], figures["share_in_range"]) == (1.0, 1 - 1 / figures["clusters"])
    peaks = peak_memory_mb(small_and_hurried)
    assert peaks and max(peaks) < 256, peaks
    # Given time, it searches on.
    cloud.functions.update_function_configuration(FunctionName=small_and_hurried, Timeout=300)
    unhurried = cloud.call("cluster", event)
    assert unhurried["score"] != reply["score"]


def test_a_table_too_large_for_the_memory_is_refused_with_what_it_takes(cloud: Cloud, tmp_path, programs):
    name = cloud.deployment.function("cluster")
    before = cloud.functions.get_function_configuration(FunctionName=name)["MemorySize"]
    run_transect(programs, "generate", "town", tmp_path / "town.parquet", "--cells", "700000")
    prefix = cloud.fresh_prefix()
    key = cloud.put(f"{prefix}town.parquet", (tmp_path / "town.parquet").read_bytes())
    cloud.functions.update_function_configuration(FunctionName=name, MemorySize=128)
    try:
        with pytest.raises(FunctionFailed, match="InvalidInput: .*700000 rows takes about 112 MB"):
            cloud.call("cluster", {"filename": key, "input_bucket": cloud.input, "output_bucket": cloud.output})
    finally:
        cloud.functions.update_function_configuration(FunctionName=name, MemorySize=before)


def test_split_makes_one_file_a_value_which_kickoff_then_finds(cloud: Cloud):
    prefix = cloud.fresh_prefix()
    country = population_grid(30, 20)
    country["region"] = np.where(np.arange(len(country)) % 3 == 0, "Norte", "Sur / Este")
    key = cloud.put(f"{prefix}country.parquet", country)
    reply = cloud.call("split", {"filename": key, "input_bucket": cloud.input, "output_bucket": cloud.input, "column": "region"})
    assert reply == {"files": 2, "rows": len(country)}
    parts = [part for part in cloud.keys(prefix, cloud.input) if part != key]
    assert len(parts) == 2
    found = cloud.kickoff(parts[0].rsplit("/", 1)[0] + "/", dry_run=True)
    assert found["queued"] == 2


def test_logs_are_json_with_request_and_file_and_one_line_of_metrics(cloud: Cloud, many):
    prefix, _ = many
    lines = []
    for line in cloud.log_lines("cluster"):
        try:
            lines.append(json.loads(line))
        except json.JSONDecodeError:
            pytest.fail(f"not JSON: {line}")
    [about] = [line for line in lines if line.get("message") == "done" and line["span"]["filename"] == f"{prefix}area-07.parquet"]
    [metrics] = [line for line in lines if "_aws" in line and line["request_id"] == about["span"]["request_id"]]
    [directive] = metrics["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Transect"
    assert {metric["Name"] for metric in directive["Metrics"]} == {"rows", "clusters", "bytes_read", "bytes_written", "duration", "failed"}
    assert metrics["rows"] == 300
    assert metrics["bytes_read"] == len(cloud.get(f"{prefix}area-07.parquet", cloud.input))
    assert metrics["duration"] > 0
    assert metrics["failed"] == 0
    # The runtime's own lines spell it requestId.
    assert all({"request_id", "requestId"} & set(line["span"]) for line in lines if "_aws" not in line)


def test_a_table_without_rows_comes_back_with_the_columns_of_the_clusters(programs, tmp_path):
    population_grid(6, 5).head(0).to_parquet(tmp_path / "none.parquet")
    run_transect(programs, "cluster", tmp_path / "none.parquet", tmp_path / "clustered_none.parquet")
    clustered = gpd.read_parquet(tmp_path / "clustered_none.parquet")
    assert len(clustered) == 0
    assert {"cluster_id", "cluster_weight", "cluster_pass"} <= set(clustered.columns)


def test_a_table_without_geometry_is_told_so(programs, tmp_path):
    population_grid(6, 5).drop(columns="geometry").to_parquet(tmp_path / "plain.parquet")
    done = run_transect(programs, "cluster", tmp_path / "plain.parquet", tmp_path / "out.parquet", check=False)
    assert done.returncode != 0
    assert "no geometry column" in done.stderr and "population" in done.stderr
    assert not (tmp_path / "out.parquet").exists()
