"""The deployed stack as the tests use it: put tables in, start executions, look at what became of every item."""

from __future__ import annotations

import io
import itertools
import json
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import geopandas as gpd
from botocore.config import Config
from deployment import Deployment
from local_stack import LocalStack

FINISHED_WITHIN = 180  # seconds
_numbers = itertools.count(1)


class FunctionFailed(Exception):
    """A function answered with an error."""

    def __init__(self, name: str, message: str):
        super().__init__(f"{name}: {message}")
        self.name, self.message = name, message


@dataclass
class Item:
    """One item of a Distributed Map: how its child execution ended, and what was tried."""

    status: str
    input: dict
    error: str | None
    cause: str | None
    events: list[str]

    @property
    def attempts(self) -> int:
        """Calls of the item's own function: the call that records a failure is the one that succeeds after all failed."""
        failed = self.events.count("TaskFailed")
        return failed if self.status == "FAILED" else failed + 1


@dataclass
class Execution:
    """An execution that has ended."""

    arn: str
    status: str
    output: dict | list | None
    error: str | None
    cause: str | None
    history: list[dict]
    items: list[Item] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.arn.rsplit(":", 1)[1]

    def payloads(self) -> list[str]:
        """Every input and output that went from state to state."""
        details = (value for event in self.history for key, value in event.items() if key.endswith("EventDetails"))
        return [detail[key] for detail in details for key in ("input", "output") if key in detail]


class Cloud:
    def __init__(self, stack: LocalStack, deployment: Deployment, programs: Path):
        self.stack, self.deployment, self.programs = stack, deployment, programs
        self.s3 = boto3.client("s3")
        self.functions = boto3.client("lambda", config=Config(read_timeout=300, retries={"total_max_attempts": 1}))
        self.executions = boto3.client("stepfunctions", config=Config(read_timeout=300, inject_host_prefix=False))
        self.logs = boto3.client("logs")
        self.secrets = boto3.client("secretsmanager")

    @property
    def input(self) -> str:
        return self.deployment.input_bucket

    @property
    def output(self) -> str:
        return self.deployment.output_bucket

    def fresh_prefix(self) -> str:
        """A prefix of its own for every test, so that none sees another's tables."""
        return f"test-{next(_numbers):03}/"

    # --- objects -------------------------------------------------------------------------------------------------------

    def put(self, key: str, body: bytes | gpd.GeoDataFrame, bucket: str | None = None) -> str:
        if isinstance(body, gpd.GeoDataFrame):
            buffer = io.BytesIO()
            body.to_parquet(buffer)
            body = buffer.getvalue()
        self.s3.put_object(Bucket=bucket or self.input, Key=key, Body=body)
        return key

    def get(self, key: str, bucket: str | None = None) -> bytes:
        return self.s3.get_object(Bucket=bucket or self.output, Key=key)["Body"].read()

    def get_json(self, key: str) -> dict:
        return json.loads(self.get(key))

    def table(self, key: str) -> gpd.GeoDataFrame:
        return gpd.read_parquet(io.BytesIO(self.get(key)))

    def keys(self, prefix: str, bucket: str | None = None) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket or self.output, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    # --- functions -----------------------------------------------------------------------------------------------------

    def call(self, function: str, event: object) -> dict:
        reply = self.functions.invoke(FunctionName=self.deployment.function(function), Payload=json.dumps(event))
        answer = json.load(reply["Payload"])
        if "FunctionError" in reply:
            raise FunctionFailed(answer["errorType"], answer["errorMessage"])
        return answer

    def kickoff(self, prefix: str, **more: object) -> dict:
        return self.call(
            "kickoff", {"workflow": "cluster", "input_bucket": self.input, "output_bucket": self.output, "prefix": prefix} | more
        )

    def log_lines(self, function: str) -> list[str]:
        """What a function itself has printed: without the lines that Lambda puts around every call."""
        group = f"/aws/lambda/{self.deployment.function(function)}"
        pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        lines = [line for page in pages for event in page["events"] for line in event["message"].splitlines()]
        return [line for line in lines if not line.startswith(("START RequestId", "END RequestId", "REPORT RequestId"))]

    # --- executions ----------------------------------------------------------------------------------------------------

    def start(self, machine: str, event: object, name: str | None = None) -> Execution:
        named = {"name": name} if name else {}
        started = self.executions.start_execution(stateMachineArn=self.deployment.machine(machine), input=json.dumps(event), **named)
        return self.finished(started["executionArn"])

    def finished(self, arn: str) -> Execution:
        """Waits for the end of an execution and gathers what it did."""
        deadline = time.monotonic() + FINISHED_WITHIN
        while (described := self.executions.describe_execution(executionArn=arn))["status"] == "RUNNING":
            assert time.monotonic() < deadline, f"{arn} is still running after {FINISHED_WITHIN} s"
            time.sleep(0.1)
        return Execution(
            arn=arn,
            status=described["status"],
            output=json.loads(described["output"]) if described["status"] == "SUCCEEDED" else None,
            error=described.get("error"),
            cause=described.get("cause"),
            history=self._history(arn),
            items=[item for run in self.executions.list_map_runs(executionArn=arn)["mapRuns"] for item in self._items(run["mapRunArn"])],
        )

    def _items(self, map_run: str) -> list[Item]:
        pages = self.executions.get_paginator("list_executions").paginate(mapRunArn=map_run)
        items = []
        for child in (child for page in pages for child in page["executions"]):
            described = self.executions.describe_execution(executionArn=child["executionArn"])
            events = [event["type"] for event in self._history(child["executionArn"])]
            items.append(
                Item(described["status"], json.loads(described["input"]), described.get("error"), described.get("cause"), events)
            )
        return items

    def _history(self, arn: str) -> list[dict]:
        pages = self.executions.get_paginator("get_execution_history").paginate(executionArn=arn)
        return [event for page in pages for event in page["events"]]

    # --- command line --------------------------------------------------------------------------------------------------

    def transect(self, *arguments: object, check: bool = True) -> subprocess.CompletedProcess:
        return run_transect(self.programs, *arguments, check=check)


def run_transect(programs: Path, *arguments: object, check: bool = True) -> subprocess.CompletedProcess:
    """Runs the command line; `check` fails the test with what it said."""
    done = subprocess.run([str(programs / "transect"), *map(str, arguments)], text=True, capture_output=True, check=False)
    assert not check or done.returncode == 0, f"transect {' '.join(map(str, arguments))}: {done.stderr}"
    return done
