"""A collect run that is killed again and again before a picture server that fails in every way it can: nothing lost, nothing twice."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import struct
import subprocess
import threading
import time
import zlib
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import box

SAMPLES, BATCHES, KILLS = 2_000, 4, 5
SIDE = 64


def png(seed: int) -> bytes:
    """A small picture that no other seed gives."""
    noise = random.Random(seed).randbytes(SIDE * SIDE * 3)
    rows = b"".join(b"\0" + noise[row * SIDE * 3 : (row + 1) * SIDE * 3] for row in range(SIDE))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


class FaultyPictures(ThreadingHTTPServer):
    """A map service whose every fifth answer is wrong: six kinds in turn. `good` counts whole pictures sent, by place."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        self.asked = 0
        self.good: Counter[str] = Counter()
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def fault(self) -> int | None:
        with self.lock:
            self.asked += 1
            return self.asked // 5 % 6 if self.asked % 5 == 0 else None


class _Handler(BaseHTTPRequestHandler):
    server: FaultyPictures

    def log_message(self, *_):
        pass

    def do_GET(self):
        time.sleep(0.005)
        place = self.path.split("BBOX=")[1].split("&")[0]
        picture = png(zlib.crc32(place.encode()))
        match self.server.fault():
            case None:
                self.send(200, "image/png", picture)
                with self.server.lock:
                    self.server.good[place] += 1
            case 0:
                self.send(503, "text/plain", b"busy", {"Retry-After": "0"})
            case 1:
                self.send(200, "text/xml", b"<?xml version='1.0'?><ServiceExceptionReport><ServiceException>out of memory</ServiceException></ServiceExceptionReport>")
            case 2:
                self.send(200, "text/html", b"<html><body>Bad gateway</body></html>")
            case 3:
                self.send(200, "image/png", picture[: len(picture) // 2])
            case 4:
                self.send(500, "text/plain", b"error")
            case 5:
                self.send(200, "image/png", picture, {"Content-Length": str(len(picture) + 1000)})

    def send(self, status: int, kind: str, body: bytes, headers: dict[str, str] | None = None):
        try:
            self.send_response(status)
            for name, value in ({"Content-Type": kind, "Content-Length": str(len(body))} | (headers or {})).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # who asked was killed


@pytest.fixture
def server():
    server = FaultyPictures()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_run_killed_five_times_before_a_faulty_server_ends_whole(programs: Path, tmp_path: Path, server: FaultyPictures):
    outline = box(121.0, 14.0, 121.2, 14.2)
    gpd.GeoDataFrame({"id": ["everywhere"]}, geometry=[outline], crs=4326).to_file(tmp_path / "areas.geojson")
    (tmp_path / "study.toml").write_text(
        f"""
name = "faulty"
seed = 3
batches = {BATCHES}
measures = ["brightness"]
plan = {{kind = "areas", file = "areas.geojson", id = "id", per_area = {SAMPLES}}}
source = {{kind = "wms", url = "http://127.0.0.1:{server.server_address[1]}/wms", layers = ["all"], crs = "EPSG:3857"}}
picture = {{size_m = 50, size_px = {SIDE}}}
limits = {{concurrency = 16, per_second = 2000, tries = 10}}
"""
    )
    out = tmp_path / "out"
    command = [str(programs / "transect"), "run", str(tmp_path / "study.toml"), "--out", str(out)]
    environment = os.environ | {"AWS_EC2_METADATA_DISABLED": "true"}
    choose = random.Random(1)
    killed = 0
    while killed < KILLS:
        before = sum(server.good.values())
        run = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        stop_at = before + choose.randint(50, 250)
        while sum(server.good.values()) < stop_at and run.poll() is None:
            time.sleep(0.002)
        assert run.poll() is None, f"it ended before it could be killed: {run.stderr.read()}"
        run.send_signal(signal.SIGKILL)
        run.wait()
        killed += 1
    while True:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
        [path] = out.glob("tables/*/ledger.parquet")
        ledger = gpd.read_parquet(path)
        failed = (ledger["status"] == "failed").any()
        assert done.returncode == (3 if failed else 0), done.stderr
        if not failed:
            break

    assert len(ledger) == SAMPLES and ledger["sample_id"].is_unique
    assert set(ledger["status"]) <= {"ok", "exists"}
    # A killed worker may leave what it was writing, under a name that is no picture's.
    files = [path for path in out.glob("images/**/*") if path.is_file() and not path.name.startswith(".unfinished-")]
    pictures = {str(path.relative_to(out)) for path in files}
    assert pictures == set(ledger["key"]), "no half picture, no picture without a row, no row without a picture"
    for row in ledger.itertuples():
        assert hashlib.sha256((out / row.key).read_bytes()).hexdigest() == row.sha256
    assert ledger["brightness"].notna().all()
    # What was in flight when it was killed was sent and not kept: at most the sixteen of each kill.
    again = sum(count - 1 for count in server.good.values())
    assert again <= KILLS * 16, "a stored picture was fetched again"
    assert len(server.good) == SAMPLES
