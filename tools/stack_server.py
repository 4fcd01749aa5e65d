"""The process behind the local stack: ministack on one loopback port, with what our state machines need added.

ministack knows `MaxConcurrency` and `ToleratedFailurePercentage` of a Distributed Map, but not the fields ending in `Path`
that take them from the execution's input, as AWS does. They are resolved here, so that one definition serves both places.
"""

import os
import signal
import threading
import time

from ministack import app
from ministack.services import stepfunctions

_run_distributed_map = stepfunctions._run_distributed_map


def _with_paths_resolved(state, raw_input, effective, iterator, execution, context):
    resolved = dict(state)
    for field in ("MaxConcurrency", "ToleratedFailurePercentage"):
        path = resolved.pop(f"{field}Path", None)
        if path is not None:
            resolved[field] = stepfunctions._resolve_path_or_ctx(path, effective, context)
    return _run_distributed_map(resolved, raw_input, effective, iterator, execution, context)


def _end_with(parent: int) -> None:
    """Whoever started this process may be killed: then neither it nor a function, all of one process group, stays behind."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    stepfunctions._run_distributed_map = _with_paths_resolved
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    app.main()
