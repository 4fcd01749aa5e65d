"""The command line: ``transect``, or ``python -m transect``."""

from __future__ import annotations

import signal
import sys

from transect._transect import main as _main


def main() -> int:
    """Run the command line on ``sys.argv`` and give its exit status."""
    # The program handles these itself: Python's handlers would wait until it returns, and never run.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    return _main(["transect", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
