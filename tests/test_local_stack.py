"""The local stack and the demo on it: they start, say what is in the way, and leave nothing behind however they end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from local_stack import LocalStack, LocalStackFailed, free_port

TOOLS = Path(__file__).resolve().parent.parent / "tools"


def processes_of(port: int) -> list[int]:
    """Every process of the stack on a port: the server and all functions have its port in their environment."""
    mark = f"GATEWAY_PORT={port}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def wait_until_gone(port: int, within: float = 10) -> list[int]:
    deadline = time.monotonic() + within
    while (left := processes_of(port)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def listeners(pids: list[int]) -> set[str]:
    """Local addresses, in the kernel's hexadecimal, that these processes listen on."""
    sockets = set()
    for pid in pids:
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            try:
                target = os.readlink(handle)
            except OSError:
                continue
            if target.startswith("socket:["):
                sockets.add(target[8:-1])
    rows = [line.split() for table in ("/proc/net/tcp", "/proc/net/tcp6") for line in Path(table).read_text().splitlines()[1:]]
    return {row[1].split(":")[0] for row in rows if row[3] == "0A" and row[9] in sockets}


def demo(programs: Path, out: Path, port: int, **more) -> subprocess.Popen:
    command = [sys.executable, str(TOOLS / "demo.py"), "--programs", str(programs), "--out", str(out), "--scale", "0.05"]
    environment = {key: value for key, value in os.environ.items() if key != "TRANSECT_DATA"} | {"TRANSECT_PORT": str(port)}
    # Tests that were started in the background ignore Ctrl-C, and so would their children.
    heeding = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), "start_new_session": True}
    return subprocess.Popen(command, env=environment | more, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **heeding)


def test_the_stack_listens_on_the_loopback_only_and_leaves_nothing():
    before = dict(os.environ)
    with LocalStack(free_port()) as stack:
        running = processes_of(stack.port)
        assert running
        assert listeners(running) == {"0100007F"}
        assert os.environ["AWS_ENDPOINT_URL"] == stack.url
        folder = stack.log.parent
    assert wait_until_gone(stack.port) == []
    assert not folder.exists()
    assert dict(os.environ) == before


def test_a_taken_port_is_said_with_the_remedy():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LocalStackFailed, match=rf"port {port} is taken .* TRANSECT_PORT="):
            with LocalStack(port):
                pytest.fail("it started")


def test_the_stack_ends_with_a_starter_that_was_killed():
    port = free_port()
    program = f"from local_stack import LocalStack; import time\nwith LocalStack({port}): print('up', flush=True); time.sleep(600)"
    starter = subprocess.Popen([sys.executable, "-c", program], cwd=TOOLS, text=True, stdout=subprocess.PIPE)
    assert starter.stdout.readline() == "up\n"
    assert processes_of(port)
    starter.kill()
    starter.wait()
    assert wait_until_gone(port) == []


def test_the_demo_ends_well_twice(programs: Path, tmp_path: Path):
    port = free_port()
    for _ in range(2):
        process = demo(programs, tmp_path, port)
        printed, complaints = process.communicate(timeout=180)
        assert process.returncode == 0, complaints
        for town in ("market-town", "harbour", "twin-valleys"):
            assert f"{town}.parquet" in printed
            picture = (tmp_path / f"clustered_{town}.svg").read_text()
            assert picture.startswith("<svg") or picture.startswith("<?xml")
        assert "in range" in printed
        assert wait_until_gone(port) == []


def test_the_demo_says_which_port_is_taken(programs: Path, tmp_path: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        process = demo(programs, tmp_path, port)
        _, complaints = process.communicate(timeout=60)
    assert process.returncode == 1
    assert complaints.startswith(f"error: port {port} is taken")
    assert complaints.count("\n") == 1


def test_the_demo_without_its_data_says_where_it_looked(programs: Path, tmp_path: Path):
    process = demo(programs, tmp_path, free_port(), TRANSECT_DATA=str(tmp_path / "nowhere"))
    _, complaints = process.communicate(timeout=120)
    assert process.returncode == 1
    assert complaints.splitlines()[-1].startswith(f"error: {tmp_path / 'nowhere' / 'grids' / 'grids.parquet'} is missing")


@pytest.mark.parametrize("moment", ["local stack on", "kickoff:"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "kill"])
def test_the_demo_stopped_at_any_moment_leaves_nothing_running(programs: Path, tmp_path: Path, moment: str, how: int):
    port = free_port()
    process = demo(programs, tmp_path, port, PYTHONUNBUFFERED="1")
    for line in process.stdout:
        if line.startswith(moment):
            break
    # Ctrl-C reaches the whole foreground group, the command line that is just running too.
    os.killpg(process.pid, how) if how == signal.SIGINT else process.send_signal(how)
    _, complaints = process.communicate(timeout=30)
    assert process.returncode == 130, complaints
    assert "Traceback" not in complaints
    assert wait_until_gone(port) == []


def test_what_the_demo_cannot_deploy_is_one_line(tmp_path: Path):
    process = demo(tmp_path, tmp_path, port := free_port())
    _, complaints = process.communicate(timeout=60)
    assert process.returncode == 1
    assert complaints == f"error: {tmp_path / 'kickoff'} is missing: `make programs` builds it\n"
    assert wait_until_gone(port) == []
