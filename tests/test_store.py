"""The suite of all stores, which folder and memory pass as plain Rust tests, against the local stack's S3."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from cloud import Cloud

ROOT = Path(__file__).resolve().parent.parent


def conformance_suite() -> str:
    """Where cargo has put the suite. Over the whole workspace, so that nothing is compiled anew for it."""
    build = ["cargo", "test", "--release", "--workspace", "--no-run", "--message-format", "json", "--test", "conformance"]
    messages = subprocess.run(build, cwd=ROOT, text=True, capture_output=True, check=True).stdout.splitlines()
    built = [json.loads(message) for message in messages if message.startswith("{")]
    [suite] = [b["executable"] for b in built if b.get("executable") and b["target"]["name"] == "conformance" and "store-s3" in b["package_id"]]
    return suite


def test_s3_passes_the_suite_that_a_folder_passes(cloud: Cloud):
    cloud.s3.create_bucket(Bucket="conformance")
    environment = os.environ | {"TRANSECT_TEST_BUCKET": "conformance"}
    done = subprocess.run([conformance_suite(), "--ignored"], env=environment, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
