"""Survey clusters of made-up towns, and pictures at random points of a made-up place, by real Lambda functions under real state machines.

    make demo                                # also clusters $TRANSECT_DATA/grids/grids.parquet where that is set

Starts a local stand-in for AWS, deploys, puts tables into the input bucket, starts an execution through `kickoff`, follows it,
prints what came out and draws a map of every table. Then a study: random points in the quarters of a painted place whose truth is
known, a picture at each, the share of green in it, and a report. Stops all it started: also after Ctrl-C or a failure.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pyarrow.parquet as pq
from botocore.exceptions import BotoCoreError, ClientError

from deployment import Deployment, DeploymentFailed
from local_stack import LocalStack, LocalStackFailed, end_like_ctrl_c_on_sigterm

TOWNS = (
    # name, shape, cells, seed
    ("market-town", "town", 40_000, 1),
    ("harbour", "coast", 30_000, 2),
    ("twin-valleys", "two-valleys", 20_000, 3),
)

STUDY = """\
name = "trees of a painted place"
seed = 7
batches = 8
measures = ["green"]

[plan]
kind = "areas"
file = "painted-place/areas.parquet"
id = "area_id"
per_area = {per_area}

[source]
kind = "cog"
url = "s3://{bucket}/painted-place/picture.tif"

[picture]
size_m = 50
"""


class DemoFailed(Exception):
    """Says in one line which step of the demo failed and why."""


def run_transect(programs: Path, *arguments: str, capture: bool = True) -> str:
    """Runs the command line; gives back what it printed."""
    done = subprocess.run(
        [str(programs / "transect"), *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE if capture else None, check=False
    )
    if done.returncode != 0:
        raise DemoFailed(f"transect {arguments[0]}: {(done.stderr or '').strip() or f'exit status {done.returncode}'}")
    return done.stdout


def make_tables(programs: Path, folder: Path, scale: float) -> list[Path]:
    """Tables to cluster: made-up towns, and the real grid where there is one."""
    tables = []
    for name, shape, cells, seed in TOWNS:
        path = folder / f"{name}.parquet"
        run_transect(programs, "generate", "town", str(path), "--shape", shape, "--cells", str(int(cells * scale)), "--seed", str(seed))
        tables.append(path)
    data = os.environ.get("TRANSECT_DATA")
    if not data:
        print("TRANSECT_DATA is not set: made-up towns only")
    elif not (grid := Path(data) / "grids" / "grids.parquet").is_file():
        raise DemoFailed(f"{grid} is missing: TRANSECT_DATA should name the folder that holds grids/grids.parquet")
    else:
        tables.append(grid)
    return tables


def kickoff(deployment: Deployment) -> dict:
    buckets = {"input_bucket": deployment.input_bucket, "output_bucket": deployment.output_bucket}
    event = {"workflow": "cluster", "max_concurrency": 2 * (os.cpu_count() or 1)} | buckets
    reply = boto3.client("lambda").invoke(FunctionName=deployment.function("kickoff"), Payload=json.dumps(event))
    answer = json.load(reply["Payload"])
    if "FunctionError" in reply:
        raise DemoFailed(f"kickoff: {answer['errorType']}: {answer['errorMessage']}")
    return answer


def print_table(columns: list[tuple[str, str, str]], results: list[dict]) -> None:
    """Columns of heading, field and how to write it; no value is a hyphen."""
    rows = [[heading for heading, _, _ in columns]]
    for result in results:
        rows.append(["-" if result[field] is None else how.format(result[field]) for _, field, how in columns])
    widths = [max(len(row[column]) for row in rows) for column in range(len(columns))]
    for row in rows:
        print("  " + "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]))


def print_results(summary: dict) -> None:
    columns = [
        ("table", "filename", "{}"),
        ("rows", "rows", "{:,}"),
        ("clusters", "clusters", "{:,}"),
        ("score", "score", "{:.0f}"),
        ("median weight", "median_weight", "{:.1f}"),
        ("median radius m", "median_radius", "{:.0f}"),
        ("in range", "share_in_range", "{:.1%}"),
        ("seconds", "elapsed_ms", "{:.2f}"),
    ]
    print_table(columns, [result | {"elapsed_ms": result["elapsed_ms"] / 1000} for result in summary["results"]])
    for failure in summary["failures"]:
        print(f"  {failure['item']}: {failure['error']}: {failure['message']}")


def cluster_towns(deployment: Deployment, programs: Path, out: Path, scale: float) -> None:
    storage = boto3.client("s3")
    for table in make_tables(programs, out, scale):
        storage.upload_file(str(table), deployment.input_bucket, table.name)
    started = time.monotonic()
    answer = kickoff(deployment)
    print(f"kickoff: {answer['message']}\n")
    run_transect(programs, "watch", answer["execution_arn"], capture=False)
    print(f"\nexecution took {time.monotonic() - started:.1f} s\n")

    run = answer["execution_arn"].rsplit(":", 1)[1]
    summary = json.load(storage.get_object(Bucket=deployment.output_bucket, Key=f"runs/{run}/summary.json")["Body"])
    print_results(summary)
    print()
    for result in summary["results"]:
        clustered = out / Path(result["output_key"]).name
        storage.download_file(deployment.output_bucket, result["output_key"], str(clustered))
        picture = clustered.with_suffix(".svg")
        run_transect(programs, "map", str(clustered), str(picture))
        print(f"map: {picture}")
    if summary["failures"] or summary["lost"]:
        raise DemoFailed(f"{len(summary['failures'])} tables failed, {summary['lost']} were lost")


def collect_pictures(deployment: Deployment, programs: Path, out: Path, scale: float) -> None:
    """A study over a painted place: what the pictures at random points say of its trees, beside what is true of all of it."""
    place = out / "painted-place"
    per_area = max(2, int(25 * scale))
    run_transect(programs, "generate", "picture", str(place), "--size", str(max(600, int(2000 * scale))), "--seed", "4")
    storage = boto3.client("s3")
    for name in ("picture.tif", "areas.parquet"):
        storage.upload_file(str(place / name), deployment.input_bucket, f"painted-place/{name}")
    study = out / "study.toml"
    study.write_text(STUDY.format(bucket=deployment.input_bucket, per_area=per_area))

    started = time.monotonic()
    buckets = ["--input-bucket", deployment.input_bucket, "--output-bucket", deployment.output_bucket]
    workers = ["--max-concurrency", str(2 * (os.cpu_count() or 1))]
    execution = run_transect(programs, "start", "collect", str(study), "--machine", deployment.machine("collect"), *buckets, *workers).strip()
    answer = json.loads(run_transect(programs, "watch", execution, capture=False))
    print(f"\n{answer['done']} of {answer['samples']} pictures in {time.monotonic() - started:.1f} s\n")

    for key in [*answer["tables"], answer["report"]]:
        storage.download_file(deployment.output_bucket, key, str(out / Path(key).name))
    truth = {row["area_id"]: row["tree_share"] for row in pq.read_table(place / "areas.parquet", columns=["area_id", "tree_share"]).to_pylist()}
    columns = [
        ("area", "area_id", "{}"),
        ("pictures", "green_n", "{}"),
        ("green", "green_mean", "{:.3f}"),
        ("from", "green_low", "{:.3f}"),
        ("to", "green_high", "{:.3f}"),
        ("true share of trees", "truth", "{:.3f}"),
    ]
    rows = pq.read_table(out / "areas.parquet").drop_columns(["geometry"]).to_pylist()
    rows = [row | {"truth": truth[row["area_id"]]} for row in rows]
    print_table(columns, rows)
    covered = sum(row["green_low"] <= row["truth"] <= row["green_high"] for row in rows)
    print(f"  the truth lies in {covered} of {len(rows)} intervals of 95 %\n\nreport: {out / 'index.html'}")
    if answer["done"] != answer["samples"]:
        raise DemoFailed(f"{answer['samples'] - answer['done']} pictures are missing")


def demo(programs: Path, out: Path, scale: float) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with LocalStack() as stack:
        print(f"local stack on {stack.url}")
        deployment = stack.deploy("transect-demo", programs)
        cluster_towns(deployment, programs, out, scale)
        print("\na study of a painted place")
        collect_pictures(deployment, programs, out, scale)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, required=True, help="folder of the built programs")
    parser.add_argument("--out", type=Path, required=True, help="where tables and maps go")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the made-up towns, 1 as it is")
    arguments = parser.parse_args()
    end_like_ctrl_c_on_sigterm()
    try:
        demo(arguments.programs.resolve(), arguments.out.resolve(), arguments.scale)
    except (DemoFailed, DeploymentFailed, LocalStackFailed, ClientError, BotoCoreError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped, and everything that was started")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
