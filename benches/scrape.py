"""Fetches pictures by ours and by its peers from a server on the loopback that answers after 50 ms, and prints one table.

    cargo build --release --workspace --examples
    python3 benches/scrape.py [--program target/release/examples/scrape] [--pictures 10000] [--at-once 32]

Every contender stores the pictures (JPEG of 256 pixels) as files. `of limit` is pictures a second beside what so many
requests at once could do if nothing but the server's 50 ms took time. The loop without threads fetches fewer pictures.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measuring import Cost, print_table, python_with, run

HERE = Path(__file__).resolve().parent
LATENCY_S = 0.05


def serve(program: Path) -> tuple[subprocess.Popen, str]:
    """The server, and its address once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([program, "serve", str(port)])
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return server, f"http://127.0.0.1:{port}"
        time.sleep(0.05)
    server.kill()
    raise SystemExit("error: the server did not start")


def stored(folder: Path) -> int:
    """Pictures in a folder, whatever its shape."""
    return sum(1 for path in folder.rglob("*.jpg") if path.stat().st_size > 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, default=HERE.parent / "target/release/examples/scrape")
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=32)
    a = parser.parse_args()
    python = python_with(HERE / "scrape-requirements.txt")
    few = min(a.pictures, 500)
    server, url = serve(a.program)
    results: list[tuple[str, int, int, Cost]] = []
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            urls = folder / "urls.txt"
            urls.write_text("".join(f"{url}/{number}.jpg\n" for number in range(a.pictures)))
            peers = HERE / "peers"
            contenders = [
                ("transect", a.pictures, a.at_once, [a.program, "run", url, a.pictures, a.at_once, folder / "ours"], folder / "ours"),
                ("img2dataset", a.pictures, a.at_once, [python, peers / "img2dataset_files.py", urls, folder / "encoded", a.at_once, "encode"], folder / "encoded"),
                ("img2dataset, nothing decoded", a.pictures, a.at_once, [python, peers / "img2dataset_files.py", urls, folder / "plain", a.at_once, "plain"], folder / "plain"),
                ("requests, in threads", a.pictures, a.at_once, [python, peers / "requests_loop.py", urls, folder / "threads", a.at_once, a.pictures], folder / "threads"),
                ("requests, a loop", few, 1, [python, peers / "requests_loop.py", urls, folder / "loop", 1, few], folder / "loop"),
            ]
            for contender, count, at_once, command, pictures in contenders:
                print(contender, file=sys.stderr)
                cost = run(command)
                if (found := stored(pictures)) != count:
                    raise SystemExit(f"error: {contender} stored {found} of {count} pictures")
                results.append((contender, count, at_once, cost))
    finally:
        server.kill()
    first = results[0][3].cpu_s / results[0][1]
    rows = []
    for contender, count, at_once, cost in results:
        each, per_second = cost.cpu_s / count, count / cost.wall_s
        rows.append([
            contender, str(count), f"{per_second:.0f}", f"{per_second / (at_once / LATENCY_S):.0%}",
            f"{1000 * each:.2f}", f"{cost.peak_mb:.0f}", f"{each / first:.1f}",
        ])
    print(f"{a.at_once} requests at once, 50 ms each: at most {a.at_once / LATENCY_S:.0f} pictures a second\n")
    print_table(["", "pictures", "a second", "of limit", "CPU ms each", "peak MB", "CPU ratio"], rows)


if __name__ == "__main__":
    main()
