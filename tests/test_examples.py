"""The examples of inputs: each is what its schema says, and has what its state machine reads."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

MACHINES = Path(__file__).resolve().parent.parent / "statemachines"
EXAMPLES = sorted((MACHINES / "examples").glob("*.json"))
# Inputs that state machines read by themselves; the test of the machine says what they need.
OF_MACHINES = {"collect", "collect-express", "measure-run"}


def schema_names() -> list[str]:
    return sorted((path.name.removesuffix(".schema.json") for path in (MACHINES / "schemas").glob("*.schema.json")), key=len, reverse=True)


def validate(value: object, name: str) -> None:
    schema = json.loads((MACHINES / "schemas" / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(value)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_what_its_schema_says(path: Path):
    example = json.loads(path.read_text())
    if path.stem == "collect":
        validate(example["plan"], "plan")
    if path.stem == "collect-express":
        for batch in example:
            validate(batch, "scrape")
    if path.stem in OF_MACHINES:
        return
    validate(example, next(name for name in schema_names() if path.stem.startswith(name)))


def test_every_function_has_an_example_and_a_schema():
    functions = {path.parent.name for path in MACHINES.parent.glob("functions/*/Cargo.toml")}
    assert functions <= set(schema_names())
    assert functions <= {path.stem for path in EXAMPLES}


@pytest.mark.parametrize(("machine", "example"), [("cluster", "cluster-run"), ("collect", "collect"), ("measure", "measure-run")])
def test_an_example_has_what_the_machine_reads(machine: str, example: str):
    """Every path of the top level that no state before has put there."""
    definition = json.loads((MACHINES / f"{machine}.asl.json").read_text())
    given = json.loads((MACHINES / "examples" / f"{example}.json").read_text())
    top = json.dumps({name: {k: v for k, v in state.items() if k != "ItemProcessor"} for name, state in definition["States"].items()})
    read = set(re.findall(r"(?<!\$)\$\.(\w+)", top))
    put = set(re.findall(r'"ResultPath": "\$\.(\w+)', top)) | {"Payload", "reply"}
    assert read - put == set(given), f"{read - put} are read, {set(given)} given"


def test_a_misspelt_field_is_no_valid_event():
    example = json.loads((MACHINES / "examples" / "kickoff.json").read_text())
    with pytest.raises(jsonschema.ValidationError):
        validate(example | {"perfix": ""}, "kickoff")
