"""From made-up towns to a map of their survey clusters, by real Lambda functions under a real state machine, on this machine.

    make demo                                # also clusters $TRANSECT_DATA/grids/grids.parquet where that is set

Starts a local stand-in for AWS, deploys, puts tables into the input bucket, starts an execution through `kickoff`, follows it,
prints what came out, draws a map of every table, and stops all it started: also after Ctrl-C or a failure.
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
from botocore.exceptions import BotoCoreError, ClientError

from deployment import Deployment, DeploymentFailed
from local_stack import LocalStack, LocalStackFailed, end_like_ctrl_c_on_sigterm

TOWNS = (
    # name, shape, cells, seed
    ("market-town", "town", 40_000, 1),
    ("harbour", "coast", 30_000, 2),
    ("twin-valleys", "two-valleys", 20_000, 3),
)


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


def print_results(summary: dict) -> None:
    columns = [
        # heading, field, how
        ("table", "filename", "{}"),
        ("rows", "rows", "{:,}"),
        ("clusters", "clusters", "{:,}"),
        ("score", "score", "{:.0f}"),
        ("median weight", "median_weight", "{:.1f}"),
        ("median radius m", "median_radius", "{:.0f}"),
        ("in range", "share_in_range", "{:.1%}"),
        ("seconds", "elapsed_ms", "{:.2f}"),
    ]
    rows = [[heading for heading, _, _ in columns]]
    for result in summary["results"]:
        result = result | {"elapsed_ms": result["elapsed_ms"] / 1000}
        rows.append(["-" if result[field] is None else how.format(result[field]) for _, field, how in columns])
    widths = [max(len(row[column]) for row in rows) for column in range(len(columns))]
    for row in rows:
        print("  " + "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]))
    for failure in summary["failures"]:
        print(f"  {failure['item']}: {failure['error']}: {failure['message']}")


def demo(programs: Path, out: Path, scale: float) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with LocalStack() as stack:
        print(f"local stack on {stack.url}")
        deployment = stack.deploy("transect-demo", programs)

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
