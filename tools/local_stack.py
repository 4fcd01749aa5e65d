"""A local stand-in for AWS on one loopback port: S3, Lambda, Step Functions, CloudFormation, no account, no docker.

    python tools/local_stack.py --programs target/release      # deploys Transect and stays until Ctrl-C

As a context manager it sets the environment of this process (endpoint, made-up credentials) for its lifetime, so that boto3,
`cargo lambda` and `transect` all find it, and nothing can reach a real account by mistake.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from deployment import Deployment, DeploymentFailed, deploy, link_programs

SERVER = Path(__file__).with_name("stack_server.py")
DEFAULT_PORT = 4566
START_SECONDS = 60


class LocalStackFailed(Exception):
    """Says in one line why the local stack cannot run."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise LocalStackFailed(
                f"port {port} is taken ({error.strerror}): stop what listens there, or choose another with TRANSECT_PORT=4567"
            ) from error


class LocalStack:
    """Runs from entering to leaving a `with` block, whatever ends it."""

    def __init__(self, port: int | None = None, *, enforce_roles: bool = False):
        self.port = port if port is not None else int(os.environ.get("TRANSECT_PORT", DEFAULT_PORT))
        self.url = f"http://127.0.0.1:{self.port}"
        self._enforce_roles = enforce_roles
        self._process: subprocess.Popen | None = None
        self._folder: Path | None = None
        self._environment_before: dict[str, str] = {}

    @property
    def log(self) -> Path:
        """What the emulator and every function have printed."""
        return self._folder / "stack.log"

    def _client_environment(self) -> dict[str, str]:
        nowhere = os.devnull
        return {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_CONFIG_FILE": nowhere,
            "AWS_SHARED_CREDENTIALS_FILE": nowhere,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }

    def _server_environment(self) -> dict[str, str]:
        return {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "AUTH": str(self._enforce_roles).lower(),
            "SFN_WAIT_SCALE": "0.1",
            "MINISTACK_ACCOUNT_ID": "000000000000",
            # It looks for containers to tidy up; ours has none, and others' are none of its business.
            "DOCKER_HOST": "unix:///nonexistent",
            "TMPDIR": str(self._folder),
        }

    def __enter__(self) -> LocalStack:
        _refuse_taken(self.port)
        self._environment_before = dict(os.environ)
        os.environ.pop("AWS_PROFILE", None)
        os.environ.pop("AWS_SESSION_TOKEN", None)
        os.environ.update(self._client_environment())
        self._folder = Path(tempfile.mkdtemp(prefix="transect-stack-"))
        try:
            with self.log.open("wb") as log:
                self._process = subprocess.Popen(
                    [sys.executable, str(SERVER)],
                    env=os.environ | self._server_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            self._wait_until_ready()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _wait_until_ready(self) -> None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise LocalStackFailed(f"the local stack ended at once: {self._last_log_line()}")
            try:
                with opener.open(f"{self.url}/_ministack/health", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise LocalStackFailed(f"the local stack did not answer on {self.url} within {START_SECONDS} s: {self._last_log_line()}")

    def _last_log_line(self) -> str:
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1] if lines else "it printed nothing"

    def deploy(self, name: str, programs: Path, parameters: dict[str, str] | None = None, say=print) -> Deployment:
        """Deploys Transect here, with the programs that plain cargo has built."""
        lambda_dir = link_programs(programs, Path(tempfile.mkdtemp(dir=self._folder)))
        return deploy(name, lambda_dir, {"RequireTls": "false"} | (parameters or {}), say)

    def __exit__(self, *_) -> None:
        if self._process is not None:
            # Nothing in it is worth a farewell; the group takes the functions' processes along.
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self._process.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        os.environ.clear()
        os.environ.update(self._environment_before)


def end_like_ctrl_c_on_sigterm() -> None:
    """So that `kill` and a closed terminal leave as little behind as Ctrl-C."""

    def interrupt(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, required=True, help="folder of the built programs")
    parser.add_argument("--stack", default="transect")
    arguments = parser.parse_args()
    end_like_ctrl_c_on_sigterm()
    try:
        with LocalStack() as stack:
            deployment = stack.deploy(arguments.stack, arguments.programs)
            for name, value in sorted(deployment.outputs.items()):
                print(f"{name:24} {value}")
            print("\nIn another terminal:\n")
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL"):
                print(f"  export {name}={os.environ[name]}")
            print(f"\nLog: {stack.log}. Ctrl-C stops everything.", flush=True)
            signal.pause()
    except (LocalStackFailed, DeploymentFailed) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
