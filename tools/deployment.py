"""Deploys Transect: infra/base.yaml, then every function by `cargo lambda deploy`, then infra/workflows.yaml.

    python tools/deployment.py deploy STACK --lambda-dir target/lambda/arm64 [--parameters 'OnUpload=true Schedule="rate(1 day)"']
    python tools/deployment.py destroy STACK
    python tools/deployment.py package infra/workflows.yaml      # the template as it is sent, definitions in place

The same code serves AWS and the local stack: where `AWS_ENDPOINT_URL` is set, everything goes there.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import boto3
import yaml
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

ROOT = Path(__file__).resolve().parent.parent
FUNCTIONS = ("kickoff", "plan", "scrape", "cluster", "measure", "summarise", "split")
TEMPLATE_LIMIT = 51_200  # bytes of a template sent in the request itself


class DeploymentFailed(Exception):
    """Says in one line what could not be deployed and why."""


@dataclass(frozen=True)
class Deployment:
    """What a deployed stack is called: buckets, function names and machine ARNs."""

    stack: str
    outputs: dict[str, str]

    @property
    def input_bucket(self) -> str:
        return self.outputs["InputBucket"]

    @property
    def output_bucket(self) -> str:
        return self.outputs["OutputBucket"]

    def function(self, name: str) -> str:
        return f"{self.stack}-{name}"

    def machine(self, name: str) -> str:
        return self.outputs[f"{''.join(part.capitalize() for part in name.split('-'))}MachineArn"]


class _TemplateLoader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags, read into their long form."""


def _short_tag(loader: yaml.Loader, suffix: str, node: yaml.Node) -> dict:
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_TemplateLoader.add_multi_constructor("!", _short_tag)


def load_template(path: Path) -> dict:
    """The template as plain data, local state machine definitions put in place as strings.

    Strings, because CloudFormation refuses the null that ASL needs in `"ResultPath": null`.
    """
    template = yaml.load(path.read_text(), Loader=_TemplateLoader)  # noqa: S506 - a SafeLoader
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        location = properties.get("DefinitionS3Location")
        if isinstance(location, str):
            del properties["DefinitionS3Location"]
            definition = json.loads((path.parent / location).read_text())
            properties["DefinitionString"] = json.dumps(definition, separators=(",", ":"))
    return template


def template_body(path: Path) -> str:
    body = json.dumps(load_template(path), separators=(",", ":"), default=str)
    if len(body) > TEMPLATE_LIMIT:
        raise DeploymentFailed(f"{path.name} is {len(body)} bytes with its definitions, CloudFormation takes {TEMPLATE_LIMIT}")
    return body


def link_programs(programs: Path, folder: Path) -> Path:
    """A folder as `cargo lambda` wants it, {function}/bootstrap, of the programs that plain cargo has built."""
    for function in FUNCTIONS:
        program = programs.resolve() / function
        if not program.is_file():
            raise DeploymentFailed(f"{program} is missing: `make programs` builds it")
        (folder / function).mkdir(parents=True)
        (folder / function / "bootstrap").symlink_to(program)
    return folder


def _stack(cloudformation, name: str) -> dict | None:
    try:
        return cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def _outputs(stack: dict) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _first_failure(cloudformation, name: str) -> str:
    """The event that came before everything that was rolled back because of it."""
    for event in reversed(cloudformation.describe_stack_events(StackName=name)["StackEvents"]):
        if event["ResourceStatus"].endswith("_FAILED"):
            return f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', event['ResourceStatus'])}"
    return "no event says why"


def apply_template(name: str, template: Path, parameters: dict[str, str]) -> dict[str, str]:
    """Creates or updates a stack, waits for it and gives back its outputs."""
    cloudformation = boto3.client("cloudformation")
    known = load_template(template)["Parameters"]
    request = {
        "StackName": name,
        "TemplateBody": template_body(template),
        "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items() if k in known],
        "Capabilities": ["CAPABILITY_IAM"],
        "Tags": [{"Key": "project", "Value": "transect"}],
    }
    try:
        if _stack(cloudformation, name) is None:
            cloudformation.create_stack(**request, OnFailure="DELETE")
            cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 900})
        else:
            cloudformation.update_stack(**request)
            cloudformation.get_waiter("stack_update_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 900})
    except WaiterError as error:
        raise DeploymentFailed(f"stack {name}: {_first_failure(cloudformation, name)}") from error
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise DeploymentFailed(f"stack {name}: {error}") from error
    return _outputs(_stack(cloudformation, name))


def _is_ours_to_make(stack: str, logical_id: str, bucket: str) -> str:
    """Whether the template should make a bucket: not one that is there and belongs to nobody's stack or to another's."""
    try:
        boto3.client("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId=logical_id)
        return "true"
    except ClientError:
        pass
    try:
        boto3.client("s3").head_bucket(Bucket=bucket)
        return "false"
    except ClientError:
        return "true"


def _cargo_lambda() -> str:
    """The one installed beside this Python, else the user's."""
    folders = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    if found := shutil.which("cargo-lambda", path=folders):
        return found
    raise DeploymentFailed("cargo-lambda is missing: `make setup` installs it")


def _deploy_function(function: str, name: str, role: str, environment: dict[str, str], lambda_dir: Path) -> None:
    command = [_cargo_lambda(), "lambda", "deploy", "--lambda-dir", str(lambda_dir), "--binary-name", function, "--role", role]
    for key, value in environment.items():
        command += ["--env-var", f"{key}={value}"]
    if endpoint := os.environ.get("AWS_ENDPOINT_URL"):
        command += ["--endpoint-url", endpoint]
    done = subprocess.run([*command, name], cwd=ROOT, text=True, capture_output=True, check=False)
    if done.returncode != 0:
        lines = [line.strip(" │╰─▶×") for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise DeploymentFailed(f"function {name}: {' '.join(lines)[:600]}")


def deploy(stack: str, lambda_dir: Path, parameters: dict[str, str], say=print) -> Deployment:
    """Everything of Transect under one stack name; again, with what changed, as often as wanted."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,29}", stack):
        raise DeploymentFailed(f"stack name {stack!r}: expected a small letter, then up to 29 small letters, digits or hyphens")
    for function in FUNCTIONS:
        if not (lambda_dir / function / "bootstrap").is_file():
            raise DeploymentFailed(f"{lambda_dir / function / 'bootstrap'} is missing: `make build` makes it")

    account = boto3.client("sts").get_caller_identity()["Account"]
    region = boto3.session.Session().region_name
    names = {
        "BaseStack": stack,
        "InputBucketName": f"{stack}-input-{account}",
        "OutputBucketName": f"{stack}-output-{account}",
        **parameters,
    }
    for bucket in ("InputBucket", "OutputBucket"):
        names.setdefault(f"Make{bucket}", _is_ours_to_make(stack, bucket, names[f"{bucket}Name"]))

    say(f"stack {stack}: buckets, roles, logs")
    outputs = apply_template(stack, ROOT / "infra" / "base.yaml", names)

    say(f"functions: {', '.join(FUNCTIONS)}")
    buckets = {"INPUT_BUCKET": outputs["InputBucket"], "OUTPUT_BUCKET": outputs["OutputBucket"]}
    machines = {
        f"{machine.upper()}_STATE_MACHINE_ARN": f"arn:aws:states:{region}:{account}:stateMachine:{stack}-{machine}"
        for machine in ("cluster", "collect", "measure")
    }
    with ThreadPoolExecutor(max_workers=4) as pool:
        deployed = [
            pool.submit(
                _deploy_function,
                function,
                f"{stack}-{function}",
                outputs[f"{function.capitalize()}RoleArn"],
                buckets | machines if function == "kickoff" else buckets,
                lambda_dir,
            )
            for function in FUNCTIONS
        ]
        for result in deployed:
            result.result()

    say(f"stack {stack}-workflows: state machines, alarms, triggers")
    outputs |= apply_template(f"{stack}-workflows", ROOT / "infra" / "workflows.yaml", names)
    return Deployment(stack, outputs)


def destroy(stack: str, say=print) -> None:
    """Takes away everything but the buckets, which hold what cannot be had again for free."""
    cloudformation = boto3.client("cloudformation")
    base = _stack(cloudformation, stack)
    buckets = [] if base is None else [_outputs(base)[name] for name in ("InputBucket", "OutputBucket")]

    def delete_stack(name: str) -> None:
        say(f"stack {name}: deleting")
        cloudformation.delete_stack(StackName=name)
        try:
            cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 900})
        except WaiterError as error:
            raise DeploymentFailed(f"stack {name}: {_first_failure(cloudformation, name)}") from error

    delete_stack(f"{stack}-workflows")
    functions = boto3.client("lambda")
    for function in FUNCTIONS:
        try:
            functions.delete_function(FunctionName=f"{stack}-{function}")
        except functions.exceptions.ResourceNotFoundException:
            pass
    delete_stack(stack)
    if buckets:
        say(f"kept, with all they hold: {', '.join(buckets)}")


def _parameters(text: str) -> dict[str, str]:
    """`NAME=VALUE` words, quoted as in a shell, each of them a parameter of one of the templates."""
    known = {name for template in ("base", "workflows") for name in load_template(ROOT / "infra" / f"{template}.yaml")["Parameters"]}
    parameters = {}
    for word in shlex.split(text):
        name, equals, value = word.partition("=")
        if not equals or name not in known:
            raise DeploymentFailed(f"parameter {word!r}: expected NAME=VALUE, with NAME one of {', '.join(sorted(known))}")
        parameters[name] = value
    return parameters


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    deploying = commands.add_parser("deploy", help="create or update a stack and its functions")
    deploying.add_argument("stack")
    deploying.add_argument("--lambda-dir", type=Path, required=True, help="folder with {function}/bootstrap in it")
    deploying.add_argument("--parameters", default="", metavar="'NAME=VALUE ...'", help="of infra/base.yaml and infra/workflows.yaml")
    destroying = commands.add_parser("destroy", help="delete a stack and its functions, not its buckets")
    destroying.add_argument("stack")
    packaging = commands.add_parser("package", help="print a template with its definitions in place")
    packaging.add_argument("template", type=Path)
    arguments = parser.parse_args()
    try:
        if arguments.command == "deploy":
            parameters = _parameters(arguments.parameters)
            for name, value in sorted(deploy(arguments.stack, arguments.lambda_dir.resolve(), parameters).outputs.items()):
                print(f"{name:24} {value}")
        elif arguments.command == "destroy":
            destroy(arguments.stack)
        else:
            print(template_body(arguments.template))
    except (DeploymentFailed, ClientError, BotoCoreError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
