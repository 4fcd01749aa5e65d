"""A stand-in for Google's Street View Static API that takes requests only as its documentation has them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np
from PIL import Image

KEY, SIGNING_SECRET = "a-key", "vNIXE0xscrmjlyV-12Nj_BvUPaw="
METADATA, PICTURE = "/maps/api/streetview/metadata", "/maps/api/streetview"
LAWN, BRICK = (110, 120, 50), (178, 80, 60)  # a* -15 and 38


def share_of(text: str) -> float:
    """A number from 0 to 1 that only the text decides."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48


class StreetPictures(ThreadingHTTPServer):
    """Panoramas everywhere but at one place in forty; each is as green as its name says. At one place in twenty the service fails
    for as long as `faulty` is set. `refused` lists what was wrong with requests, `asked` counts them."""

    daemon_threads = True

    def __init__(self):
        self.faulty = True
        self.refused: list[str] = []
        self.asked: Counter[str] = Counter()
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    @staticmethod
    def is_empty(location: str) -> bool:
        return share_of(f"empty {location}") < 1 / 40

    @staticmethod
    def is_difficult(location: str) -> bool:
        return share_of(f"difficult {location}") < 1 / 20

    @staticmethod
    def green(pano: str, heading: str) -> float:
        """Share of lawn in the picture, in whole columns of 64."""
        return round(share_of(f"{pano} {heading}") * 64) / 64

    def metadata(self, query: dict[str, str]) -> dict:
        location = query["location"]
        if self.is_empty(location):
            return {"status": "ZERO_RESULTS"}
        if self.faulty and self.is_difficult(location):
            return {"status": "INVALID_REQUEST", "error_message": "out of order"}
        lat, lng = map(float, location.split(","))
        pano = hashlib.sha256(location.encode()).hexdigest()[:22]
        return {"status": "OK", "pano_id": pano, "date": "2019-05", "location": {"lat": lat, "lng": lng}, "copyright": "© Google"}

    def picture(self, query: dict[str, str]) -> bytes:
        side = int(query["size"].split("x")[0])
        pixels = np.full((side, side, 3), BRICK, np.uint8)
        pixels[:, : round(side * self.green(query["pano"], query["heading"]))] = LAWN
        # A bright line keeps a picture without any lawn from being one flat colour.
        pixels[0] = 255
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "png")
        return buffer.getvalue()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StreetPictures

    def log_message(self, *_):
        pass

    def do_GET(self):
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        with self.server.lock:
            self.server.asked[parts.path] += 1
        if wrong := self._wrong(parts.path, query):
            self.server.refused.append(f"{parts.path}: {wrong}")
            return self._reply(403, b"refused", "text/plain")
        if parts.path == METADATA:
            return self._reply(200, json.dumps(self.server.metadata(query)).encode(), "application/json")
        self._reply(200, self.server.picture(query), "image/png")

    def _wrong(self, path: str, query: dict[str, str]) -> str | None:
        expected = {
            METADATA: {"location", "radius", "source", "key", "signature"},
            PICTURE: {"size", "pano", "heading", "pitch", "fov", "return_error_code", "key", "signature"},
        }.get(path)
        if expected is None or set(query) != expected:
            return f"parameters {sorted(query)}"
        unsigned, _, signature = self.path.rpartition("&signature=")
        mac = hmac.new(base64.urlsafe_b64decode(SIGNING_SECRET), unsigned.encode(), hashlib.sha1)
        if query["signature"] != base64.urlsafe_b64encode(mac.digest()).decode():
            return "signature"
        if query["key"] != KEY:
            return "key"
        if path == PICTURE and not (0 <= float(query["heading"]) < 360 and -90 <= float(query["pitch"]) <= 90):
            return f"heading {query['heading']}, pitch {query['pitch']}"
        return None

    def _reply(self, status: int, body: bytes, media_type: str):
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
