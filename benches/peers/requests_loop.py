"""Pictures of a list of addresses by requests into files.

    python3 requests_loop.py URLS FOLDER THREADS COUNT
"""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

own = threading.local()


def fetch(url: str, folder: Path) -> None:
    if not hasattr(own, "session"):
        own.session = requests.Session()
    reply = own.session.get(url, timeout=30)
    reply.raise_for_status()
    (folder / url.rsplit("/", 1)[1]).write_bytes(reply.content)


def main(urls: str, folder: str, threads: str, count: str) -> None:
    target = Path(folder)
    target.mkdir()
    wanted = Path(urls).read_text().split()[: int(count)]
    if int(threads) == 1:
        for url in wanted:
            fetch(url, target)
        return
    with ThreadPoolExecutor(int(threads)) as pool:
        for _ in pool.map(lambda url: fetch(url, target), wanted):
            pass


if __name__ == "__main__":
    main(*sys.argv[1:])
