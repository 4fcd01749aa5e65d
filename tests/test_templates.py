"""The templates: least privilege spelt out role by role, buckets closed and encrypted, names that fit the functions."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import deployment
import pytest

ROOT = Path(__file__).resolve().parent.parent
BASE = deployment.load_template(ROOT / "infra" / "base.yaml")
WORKFLOWS = deployment.load_template(ROOT / "infra" / "workflows.yaml")
IN, OUT = "InputBucketName", "OutputBucketName"

# Everything that a function may do but write its own log: action -> where, buckets by parameter.
ALLOWED = {
    "kickoff": {
        "s3:ListBucket": {IN, OUT},
        "s3:GetObject": {f"{OUT}/*clustered_*", f"{OUT}/plans/*", f"{OUT}/ledger/*", f"{OUT}/runs/*"},
        "s3:PutObject": {f"{OUT}/runs/*"},
        "s3:AbortMultipartUpload": {f"{OUT}/runs/*"},
        "states:StartExecution": {"stateMachine:-cluster", "stateMachine:-collect", "stateMachine:-measure"},
        "states:DescribeExecution": {"execution:-cluster:*", "execution:-collect:*", "execution:-measure:*"},
    },
    "plan": {
        "s3:ListBucket": {IN, OUT},
        "s3:GetObject": {f"{IN}/*", f"{OUT}/plans/*", "imagery buckets"},
        "s3:PutObject": {f"{OUT}/plans/*"},
        "s3:AbortMultipartUpload": {f"{OUT}/plans/*"},
    },
    "scrape": {
        "s3:ListBucket": {IN, OUT},
        "s3:GetObject": {
            f"{IN}/*",
            *(f"{OUT}/{folder}/*" for folder in ("plans", "images", "ledger", "requests", "runs")),
            "imagery buckets",
        },
        "s3:PutObject": {f"{OUT}/{folder}/*" for folder in ("images", "ledger", "requests", "shards", "runs")},
        "s3:AbortMultipartUpload": {f"{OUT}/{folder}/*" for folder in ("images", "ledger", "requests", "shards", "runs")},
        "secretsmanager:GetSecretValue": {"secret:/*"},
        "ssm:GetParameter": {"parameter//*"},
    },
    "cluster": {
        "s3:ListBucket": {IN, OUT},
        "s3:GetObject": {f"{IN}/*"},
        "s3:PutObject": {f"{OUT}/*clustered_*", f"{OUT}/*clusters_*", f"{OUT}/runs/*"},
        "s3:AbortMultipartUpload": {f"{OUT}/*clustered_*", f"{OUT}/*clusters_*", f"{OUT}/runs/*"},
    },
    "measure": {
        "s3:ListBucket": {OUT},
        "s3:GetObject": {f"{OUT}/plans/*", f"{OUT}/images/*", f"{OUT}/ledger/*"},
        "s3:PutObject": {f"{OUT}/ledger/*", f"{OUT}/runs/*"},
        "s3:AbortMultipartUpload": {f"{OUT}/ledger/*", f"{OUT}/runs/*"},
    },
    "summarise": {
        "s3:ListBucket": {OUT},
        "s3:GetObject": {f"{OUT}/plans/*", f"{OUT}/images/*", f"{OUT}/ledger/*", f"{OUT}/runs/*"},
        "s3:PutObject": {f"{OUT}/runs/*", f"{OUT}/tables/*", f"{OUT}/reports/*", f"{OUT}/ledger/*", f"{OUT}/images/*.json"},
        "s3:AbortMultipartUpload": {f"{OUT}/runs/*", f"{OUT}/tables/*", f"{OUT}/reports/*", f"{OUT}/ledger/*", f"{OUT}/images/*.json"},
    },
    "split": {
        "s3:ListBucket": {IN, OUT},
        "s3:GetObject": {f"{IN}/*"},
        "s3:PutObject": {f"{IN}/*", f"{OUT}/*"},
        "s3:AbortMultipartUpload": {f"{IN}/*", f"{OUT}/*"},
    },
}
LOG_DELIVERY = {
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
}


def of_type(template: dict, kind: str) -> dict[str, dict]:
    return {name: resource["Properties"] for name, resource in template["Resources"].items() if resource["Type"] == kind}


def statements(role: dict):
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            yield statement["Fn::If"][1] if "Fn::If" in statement else statement


def short(resource: object) -> str:
    """`arn:aws:s3:::${OutputBucketName}/runs/*` -> `OutputBucketName/runs/*`: what matters of a resource."""
    if not (isinstance(resource, dict) and isinstance(resource.get("Fn::Sub"), str)):
        return "own log" if isinstance(resource, dict) and "Fn::GetAtt" in resource else str(resource)
    text = resource["Fn::Sub"].rsplit(":::", 1)[-1].replace("${InputBucketName}", IN).replace("${OutputBucketName}", OUT)
    for prefix in ("states", "secretsmanager", "ssm", "lambda"):
        text = text.replace(f"arn:${{AWS::Partition}}:{prefix}:${{AWS::Region}}:${{AWS::AccountId}}:", "")
    return text.replace("${AWS::StackName}", "").replace("${BaseStack}", "")


@pytest.mark.parametrize("function", deployment.FUNCTIONS)
def test_a_function_may_do_what_it_does_and_nothing_else(function):
    role = BASE["Resources"][f"{function.capitalize()}Role"]["Properties"]
    allowed: dict[str, set[str]] = {}
    for statement in statements(role):
        assert statement["Effect"] == "Allow"
        resources = statement["Resource"]
        places = {"imagery buckets"} if isinstance(resources, dict) else {short(resource) for resource in resources}
        for action in statement["Action"]:
            allowed[action] = allowed.get(action, set()) | places
    assert allowed.pop("logs:CreateLogStream") == {"own log"}
    assert allowed.pop("logs:PutLogEvents") == {"own log"}
    assert allowed == ALLOWED[function]
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}


@pytest.mark.parametrize("machine", ["Cluster", "Collect", "CollectExpress", "Measure"])
def test_a_machine_calls_the_functions_of_its_definition_and_no_other(machine):
    resources = WORKFLOWS["Resources"]
    substitutions = resources[f"{machine}Machine"]["Properties"]["DefinitionSubstitutions"]
    role = resources[f"{machine}MachineRole"]["Properties"]
    called = [s["Resource"] for s in statements(role) if s["Action"] == ["lambda:InvokeFunction"]]
    assert sorted(map(short, called[0])) == sorted(map(short, substitutions.values()))
    assert all(name == f"{short(arn).removeprefix('function:-').capitalize()}FunctionArn" for name, arn in substitutions.items())


@pytest.mark.parametrize("template", [BASE, WORKFLOWS], ids=["base", "workflows"])
def test_no_policy_has_a_wildcard_that_is_not_explained(template):
    for name, role in of_type(template, "AWS::IAM::Role").items():
        for statement in statements(role):
            assert not [action for action in statement["Action"] if "*" in action], name
            if "*" in json.dumps(statement["Resource"]) and statement["Resource"] == ["*"]:
                assert set(statement["Action"]) == LOG_DELIVERY, name


def test_buckets_are_closed_encrypted_and_outlive_the_stack():
    for name, bucket in of_type(BASE, "AWS::S3::Bucket").items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert "SSEAlgorithm" in json.dumps(bucket["BucketEncryption"]), name
        assert "AbortIncompleteMultipartUpload" in json.dumps(bucket["LifecycleConfiguration"]), name
        assert BASE["Resources"][name]["DeletionPolicy"] == BASE["Resources"][name]["UpdateReplacePolicy"] == "Retain", name
    refused = [policy["PolicyDocument"]["Statement"][0] for policy in of_type(BASE, "AWS::S3::BucketPolicy").values()]
    assert [(deny["Effect"], deny["Condition"]) for deny in refused] == [("Deny", {"Bool": {"aws:SecureTransport": "false"}})] * 2


def test_every_function_and_machine_has_a_log_that_ends_some_day():
    groups = [*of_type(BASE, "AWS::Logs::LogGroup").values(), *of_type(WORKFLOWS, "AWS::Logs::LogGroup").values()]
    assert all(group["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups)
    functions = {f"/aws/lambda/${{AWS::StackName}}-{name}" for name in deployment.FUNCTIONS}
    machines = {f"/aws/vendedlogs/states/${{BaseStack}}-{name}" for name in ("cluster", "collect", "collect-express", "measure")}
    assert {group["LogGroupName"]["Fn::Sub"] for group in groups} == functions | machines


@pytest.mark.parametrize("template", [BASE, WORKFLOWS], ids=["base", "workflows"])
def test_every_parameter_says_what_it_is(template):
    for name, parameter in template["Parameters"].items():
        assert len(parameter["Description"]) > 15, name


@pytest.mark.parametrize("template", ["base", "workflows"])
def test_a_template_fits_into_one_request(template):
    assert len(deployment.template_body(ROOT / "infra" / f"{template}.yaml")) < deployment.TEMPLATE_LIMIT


@pytest.mark.parametrize("function", deployment.FUNCTIONS)
def test_a_function_says_how_much_memory_and_time_it_is_given(function):
    manifest = tomllib.loads((ROOT / "functions" / function / "Cargo.toml").read_text())
    settings = manifest["package"]["metadata"]["lambda"]["deploy"]
    assert 128 <= settings["memory"] <= 10_240
    assert 30 <= settings["timeout"] <= 900


@pytest.mark.parametrize(
    ("text", "complaint"), [("Scedule=x", "Schedule"), ("Schedule", "NAME=VALUE"), ("OnUpload=true Oops=1", "'Oops=1'")]
)
def test_a_misspelt_parameter_is_refused_before_anything_is_deployed(text, complaint):
    with pytest.raises(deployment.DeploymentFailed, match=complaint):
        deployment._parameters(text)


def test_parameters_are_quoted_as_in_a_shell():
    assert deployment._parameters('Schedule="rate(1 day)" OnUpload=true') == {"Schedule": "rate(1 day)", "OnUpload": "true"}
