"""What no linter sees of the state machines: our rules for retries, that every state is reached, that payloads stay keys."""

from __future__ import annotations

import json
import re
from pathlib import Path

import deployment
import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "statemachines").glob("*.asl.json"))

NEVER = {"InvalidEvent", "InvalidStudy", "InvalidInput", "NotFound", "AccessDenied", "DeadlineNear"}
MAY_WORK_LATER = {"SourceThrottled", "SourceUnavailable", "StorageUnavailable"}
LAMBDA_BUSY = {"Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", "Lambda.TooManyRequestsException"}
RETRIER_FIELDS = {"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "JitterStrategy", "MaxDelaySeconds"}


@pytest.fixture(params=FILES, ids=lambda path: path.name.removesuffix(".asl.json"))
def machine(request) -> dict:
    return json.loads(request.param.read_text())


def scopes(machine: dict, name: str = "top"):
    """The machine and every machine within its maps: (name, states, first state)."""
    yield name, machine["States"], machine["StartAt"]
    for state_name, state in machine["States"].items():
        if "ItemProcessor" in state:
            yield from scopes(state["ItemProcessor"], state_name)


def states(machine: dict, kind: str):
    return [(name, state) for _, inner, _ in scopes(machine) for name, state in inner.items() if state["Type"] == kind]


def targets(state: dict) -> set[str]:
    found = {state[key] for key in ("Next", "Default") if key in state}
    found |= {catcher["Next"] for catcher in state.get("Catch", [])}
    return found | {choice["Next"] for choice in state.get("Choices", [])}


def test_there_are_the_four_machines_of_the_contract():
    assert [path.name for path in FILES] == ["cluster.asl.json", "collect-express.asl.json", "collect.asl.json", "measure.asl.json"]


def test_every_transition_leads_somewhere_and_every_state_is_reached(machine):
    for scope, inner, first in scopes(machine):
        led_to = {first}.union(*map(targets, inner.values()))
        assert led_to == set(inner), f"{scope}: states and transitions differ by {led_to ^ set(inner)}"


def test_every_task_retries_what_may_work_later_and_nothing_that_cannot(machine):
    tasks = states(machine, "Task")
    assert tasks
    for name, task in tasks:
        tries = {}
        for retrier in task["Retry"]:
            assert set(retrier) <= RETRIER_FIELDS, f"{name}: {set(retrier) - RETRIER_FIELDS}"
            for error in retrier["ErrorEquals"]:
                tries[error] = retrier["MaxAttempts"]
            if retrier["MaxAttempts"] > 0:
                assert (retrier["BackoffRate"], retrier["JitterStrategy"]) == (2, "FULL"), name
                assert 0 < retrier["IntervalSeconds"] < retrier["MaxDelaySeconds"] <= 60, name
        assert {error for error, count in tries.items() if count == 0} == NEVER, name
        assert all(tries[error] >= 5 for error in MAY_WORK_LATER | LAMBDA_BUSY), name
        assert tries["Internal"] == 1, name


def test_what_nobody_foresaw_is_retried_last_and_a_few_times_only(machine):
    for name, task in states(machine, "Task"):
        last = task["Retry"][-1]
        assert last["ErrorEquals"] == ["States.ALL"], name
        assert 1 <= last["MaxAttempts"] <= 3, name
        assert not any("States.ALL" in retrier["ErrorEquals"] for retrier in task["Retry"][:-1]), name


def test_every_task_ends_though_its_function_does_not(machine):
    for name, task in states(machine, "Task"):
        assert 900 < task["TimeoutSeconds"] <= 1000, f"{name}: longer than a function may run, so that its own timeout is what is seen"


def test_functions_are_named_by_placeholders_that_the_template_fills(machine, request):
    placeholders = set(re.findall(r"\$\{(\w+)\}", json.dumps(machine)))
    called = {task["Parameters"]["FunctionName"] for _, task in states(machine, "Task")}
    assert called == {f"${{{name}}}" for name in placeholders}
    file = request.node.callspec.params["machine"].name
    template = deployment.yaml.load((ROOT / "infra" / "workflows.yaml").read_text(), Loader=deployment._TemplateLoader)
    given = [
        set(resource["Properties"]["DefinitionSubstitutions"])
        for resource in template["Resources"].values()
        if resource.get("Properties", {}).get("DefinitionS3Location") == f"../statemachines/{file}"
    ]
    assert given == [placeholders]


def test_a_distributed_map_reads_its_items_from_storage_and_hands_on_no_results(machine):
    for name, state in states(machine, "Map"):
        if state["ItemProcessor"]["ProcessorConfig"]["Mode"] == "INLINE":
            assert state["MaxConcurrency"] <= 40, name
            continue
        reader = state["ItemReader"]
        if reader["Resource"].endswith("s3:listObjectsV2"):
            assert reader["Parameters"]["Prefix.$"].startswith("States.Format('ledger/{}/"), name
        else:
            assert reader["ReaderConfig"] == {"InputType": "JSONL"}, name
        assert state["ResultPath"] is None, f"{name}: results of 10,000 children do not fit into a state"
        assert "ItemBatcher" not in state, name
        assert state["ResultWriter"]["Parameters"]["Prefix.$"].startswith("States.Format('runs/{}/"), name
        assert {"MaxConcurrencyPath", "ToleratedFailurePercentagePath"} <= set(state), name
        assert "$$.Execution.Name" in json.dumps(state["ItemSelector"]), f"{name}: a child's own name is not the run's"


def test_an_item_that_failed_for_good_is_recorded_and_still_counts_as_failed(machine):
    for name, state in states(machine, "Map"):
        inner = state["ItemProcessor"]
        if inner["ProcessorConfig"]["Mode"] == "INLINE":
            continue
        work = inner["States"][inner["StartAt"]]
        [catcher] = work["Catch"]
        assert catcher["ErrorEquals"] == ["States.ALL"], name
        record = inner["States"][catcher["Next"]]
        assert record["ResultPath"] is None, name
        assert inner["States"][record["Next"]] == {"Type": "Fail", "ErrorPath": "$.failure.Error", "CausePath": "$.failure.Cause"}, name
