"""What the end-to-end tests share: the built programs, one local stack that enforces the roles, real inputs where there are any."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cloud import Cloud
from local_stack import LocalStack, free_port

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def programs() -> Path:
    folder = Path(os.environ.get("TRANSECT_PROGRAMS", ROOT / "target" / "release"))
    if not (folder / "transect").is_file():
        pytest.fail(f"{folder / 'transect'} is missing: `make test-stack` builds it first, or set TRANSECT_PROGRAMS", pytrace=False)
    return folder


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real inputs; tests that want it are skipped where there is none."""
    folder = os.environ.get("TRANSECT_DATA")
    if not folder:
        pytest.skip("TRANSECT_DATA is not set")
    return Path(folder)


@pytest.fixture(scope="session")
def cloud(programs: Path) -> Cloud:
    """Transect, deployed once for all tests, each function under its own role and allowed no more than that."""
    with LocalStack(free_port(), enforce_roles=True) as stack:
        yield Cloud(stack, stack.deploy("transect-test", programs, {"OnUpload": "false"}, say=lambda _: None), programs)
