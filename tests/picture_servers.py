"""Real picture servers on the loopback, each for as long as its `with` block: MapServer, titiler, MapProxy, and plain HTTP."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from email.parser import BytesHeaderParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import ThreadingMixIn
from urllib.parse import parse_qs, unquote, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from pictures import Aerial

MAPSERVER = next((path for path in ("/usr/lib/cgi-bin/mapserv", shutil.which("mapserv")) if path and Path(path).exists()), None)


@contextlib.contextmanager
def serving(server) -> Iterator[str]:
    """Runs a socket server in a thread; gives its address."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Static(ThreadingHTTPServer):
    """Files of a folder, whole or by range, each answer delayed by `latency` seconds. `requests` counts what was asked for."""

    daemon_threads = True

    def __init__(self, folder: Path, latency: float = 0.0):
        self.folder, self.latency = folder.resolve(), latency
        self.requests: Counter[str] = Counter()
        self.bytes_sent = 0
        super().__init__(("127.0.0.1", 0), _StaticHandler)


class _StaticHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Static

    def log_message(self, *_):
        pass

    def do_GET(self):
        time.sleep(self.server.latency)
        self.server.requests[self.path] += 1
        path = (self.server.folder / unquote(urlsplit(self.path).path).lstrip("/")).resolve()
        if self.server.folder not in path.parents or not path.is_file():
            return self._reply(404, b"not here", {"Content-Type": "text/plain"})
        content = path.read_bytes()
        wanted = self.headers.get("Range", "")
        if not wanted.startswith("bytes="):
            return self._reply(200, content, {"Accept-Ranges": "bytes"})
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start = int(first) if first else max(0, len(content) - int(last))
        end = min(int(last), len(content) - 1) if first and last else len(content) - 1
        if start >= len(content):
            return self._reply(416, b"", {"Content-Range": f"bytes */{len(content)}"})
        self._reply(206, content[start : end + 1], {"Content-Range": f"bytes {start}-{end}/{len(content)}"})

    do_HEAD = do_PUT = do_GET

    def _reply(self, status: int, body: bytes, headers: dict[str, str]):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
            self.server.bytes_sent += len(body)


MAPSERVER_CONFIGURATION = """
CONFIG
  ENV
    MS_MAP_PATTERN "."
  END
END
"""
MAPFILE = """
MAP
  NAME "aerial"
  SIZE 400 400
  EXTENT {west} {south} {east} {north}
  PROJECTION "init=epsg:{epsg}" END
  IMAGETYPE PNG
  OUTPUTFORMAT NAME "png" DRIVER AGG/PNG MIMETYPE "image/png" IMAGEMODE RGB EXTENSION "png" END
  OUTPUTFORMAT NAME "jpeg" DRIVER AGG/JPEG MIMETYPE "image/jpeg" IMAGEMODE RGB EXTENSION "jpg" END
  WEB METADATA
    "wms_title" "aerial" "wms_enable_request" "*" "wms_srs" "EPSG:{epsg} EPSG:4326 EPSG:3857" "wms_onlineresource" "{url}"
  END END
  LAYER
    NAME "aerial" TYPE RASTER STATUS ON DATA "{path}"
    PROJECTION "init=epsg:{epsg}" END
    METADATA "wms_title" "aerial" END
  END
END
"""


@contextlib.contextmanager
def mapserver(aerial: Aerial, folder: Path) -> Iterator[str]:
    """MapServer as a CGI program behind a small HTTP server: WMS 1.1.1 and 1.3.0 of one layer, `aerial`."""
    mapfile, configuration = folder / "aerial.map", folder / "mapserver.conf"
    configuration.write_text(MAPSERVER_CONFIGURATION)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            parts = urlsplit(self.path)
            environment = {
                "MAPSERVER_CONFIG_FILE": str(configuration),
                "MS_MAPFILE": str(mapfile),
                "QUERY_STRING": parts.query,
                "REQUEST_METHOD": "GET",
                "SERVER_NAME": "127.0.0.1",
                "SERVER_PORT": str(self.server.server_address[1]),
                "SCRIPT_NAME": parts.path,
                "SERVER_PROTOCOL": "HTTP/1.1",
            }
            answer = subprocess.run([MAPSERVER], env=environment, capture_output=True, check=False).stdout
            head, _, body = answer.partition(b"\r\n\r\n")
            headers = BytesHeaderParser().parsebytes(head + b"\r\n\r\n")
            self.send_response(int((headers.get("Status") or "200").split()[0]))
            self.send_header("Content-Type", headers.get("Content-Type", "application/octet-stream"))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    side = aerial.size * aerial.pixel
    with serving(server) as url:
        mapfile.write_text(
            MAPFILE.format(
                west=aerial.west,
                south=aerial.north - side,
                east=aerial.west + side,
                north=aerial.north,
                epsg=aerial.epsg,
                path=aerial.path,
                url=f"{url}/wms",
            )
        )
        yield f"{url}/wms"


@contextlib.contextmanager
def titiler(aerial: Aerial) -> Iterator[str]:
    """titiler: XYZ tiles at `/tiles/WebMercatorQuad/{z}/{x}/{y}.png?url=...` and windows at `/bbox/...`."""
    import uvicorn
    from fastapi import FastAPI
    from titiler.core.errors import DEFAULT_STATUS_CODES, add_exception_handlers
    from titiler.core.factory import TilerFactory

    app = FastAPI()
    app.include_router(TilerFactory().router)
    add_exception_handlers(app, DEFAULT_STATUS_CODES)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline and thread.is_alive(), "titiler did not start"
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


MAPPROXY = """
services:
  tms: {{use_grid_names: true}}
  wmts: {{restful: true, kvp: true}}
layers:
  - {{name: aerial, title: aerial, sources: [cached]}}
caches:
  cached: {{grids: [mercator], sources: [behind], format: image/png, disable_storage: true}}
sources:
  behind: {{type: tile, grid: mercator_from_north, url: "{tiles}", transparent: true}}
grids:
  mercator: {{base: GLOBAL_WEBMERCATOR, origin: sw}}
  mercator_from_north: {{base: GLOBAL_WEBMERCATOR, origin: nw}}
"""


class _ThreadingWsgiServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _QuietWsgiHandler(WSGIRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def mapproxy(tiles: str, folder: Path) -> Iterator[str]:
    """MapProxy before another server's XYZ tiles: `/tiles/1.0.0/aerial/mercator/{z}/{x}/{-y}.png`, rows counted from the south, and WMTS."""
    from mapproxy.wsgiapp import make_wsgi_app

    configuration = folder / "mapproxy.yaml"
    template = tiles.replace("{z}", "%(z)s").replace("{x}", "%(x)s").replace("{y}", "%(y)s")
    configuration.write_text(MAPPROXY.format(tiles=template))
    server = _ThreadingWsgiServer(("127.0.0.1", 0), _QuietWsgiHandler)
    server.set_app(make_wsgi_app(str(configuration)))
    with serving(server) as url:
        yield url


class Signed(Static):
    """Static files that are given out only to signed addresses; `/sign?href=...` signs one, as hosts of catalogues do."""

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.RequestHandlerClass = _SignedHandler


class _SignedHandler(_StaticHandler):
    def do_GET(self):
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        if parts.path == "/sign":
            signed = {"href": f"{query['href'][0]}?signature=s3cret", "msft:expiry": "2099-01-01T00:00:00Z"}
            return self._reply(200, json.dumps(signed).encode(), {"Content-Type": "application/json"})
        if query.get("signature") != ["s3cret"]:
            return self._reply(403, b"not signed", {"Content-Type": "text/plain"})
        super().do_GET()

    do_HEAD = do_GET


@contextlib.contextmanager
def rustac(items: list[dict], folder: Path) -> Iterator[str]:
    """A STAC API server (rustac, in memory) of these items and their collections."""
    (folder / "items.json").write_text(json.dumps({"type": "FeatureCollection", "features": items}))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [Path(sys.executable).with_name("rustac"), "serve", "--create-collections", "--addr", f"127.0.0.1:{port}", folder / "items.json"]
    server = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while True:
            assert time.monotonic() < deadline and server.poll() is None, "rustac did not start"
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()
