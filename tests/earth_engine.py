"""A stand-in for Google Earth Engine: it checks what it is asked as the service does, and computes the pixels from a local raster.

Requests are signed in with a service account's key, whose signature is checked; expressions are evaluated, as far as composites of a
collection and bands of labels go; replies are real GeoTIFF, NPY, PNG or JPEG. Now and then it fails as the service does.
"""

from __future__ import annotations

import base64
import io
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import rasterio
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from PIL import Image
from rasterio.features import rasterize
from rasterio.transform import Affine
from rasterio.warp import Resampling, reproject, transform_geom

LARGEST_REPLY = 50_331_648
MOST_AT_ONCE = 40
ACCOUNT = "chips@project.iam.gserviceaccount.com"


class Refused(Exception):
    """An error as Google words it."""

    def __init__(self, code: int, message: str, reason: str = "badRequest"):
        super().__init__(message)
        self.code, self.reason = code, reason


class EarthEngine(ThreadingHTTPServer):
    """`collections` maps names to rasters; `failures` are (code, reason) that every seventh computation fails with, in turn."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, collections: dict[str, Path], failures: list[tuple[int, str]] | None = None):
        self.collections, self.failures = collections, failures or []
        self.private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.lock = threading.Lock()
        self.signed_in = self.computed = self.at_once = self.most_at_once = self.failed = 0
        self.requests: list[dict] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    def key_file(self) -> str:
        """The JSON that Google hands out for a service account."""
        pem = self.private_key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return json.dumps({
            "type": "service_account",
            "client_email": ACCOUNT,
            "private_key_id": "key-1",
            "private_key": pem.decode(),
            "token_uri": f"http://127.0.0.1:{self.server_address[1]}/token",
        })

    def sign_in(self, form: dict[str, list[str]]) -> dict:
        if form.get("grant_type") != ["urn:ietf:params:oauth:grant-type:jwt-bearer"]:
            raise Refused(400, "unsupported_grant_type")
        signed, _, signature = form["assertion"][0].rpartition(".")
        try:
            self.private_key.public_key().verify(_decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        except Exception as error:
            raise Refused(400, "invalid_grant: Invalid JWT Signature.") from error
        header, claim = (json.loads(_decoded(part)) for part in signed.split("."))
        now = time.time()
        right = {
            "alg": header["alg"] == "RS256",
            "iss": claim["iss"] == ACCOUNT,
            "scope": claim["scope"] == "https://www.googleapis.com/auth/earthengine",
            "aud": claim["aud"].endswith("/token"),
            "times": claim["iat"] <= now + 60 and now < claim["exp"] <= claim["iat"] + 3600,
        }
        if not all(right.values()):
            raise Refused(400, f"invalid_grant: {right}")
        self.signed_in += 1
        return {"access_token": f"token-{self.signed_in}", "expires_in": 3599, "token_type": "Bearer"}

    def compute(self, project: str, token: str, body: dict) -> tuple[str, bytes]:
        if not token.startswith("Bearer token-"):
            raise Refused(401, "Request had invalid authentication credentials.", "authError")
        if project != "p":
            raise Refused(403, f"Project '{project}' is not registered to use Earth Engine.", "forbidden")
        if unknown := body.keys() - {"expression", "fileFormat", "grid", "visualizationOptions"}:
            raise Refused(400, f"Invalid JSON payload received. Unknown name \"{unknown.pop()}\": Cannot find field.")
        grid = _Grid(body["grid"])
        with self.lock:
            if self.at_once > MOST_AT_ONCE:
                raise Refused(429, "Too Many Requests: Request was rejected because the request rate or concurrency limit was exceeded.", "rateLimitExceeded")
            self.computed += 1
            self.requests.append(body)
            if self.failures and self.computed % 7 == 0:
                code, reason = self.failures[self.failed % len(self.failures)]
                self.failed += 1
                raise Refused(code, "Quota exceeded or backend trouble.", reason)
        names, pixels = _Evaluation(self.collections, grid).image(_resolved(body["expression"]))
        if pixels.nbytes > LARGEST_REPLY:
            raise Refused(400, f"Total request size ({pixels.nbytes} bytes) must be less than or equal to {LARGEST_REPLY} bytes.")
        return _encoded(body, names, pixels, grid)


class _Grid:
    def __init__(self, grid: dict):
        affine = grid["affineTransform"]
        self.size = (grid["dimensions"]["height"], grid["dimensions"]["width"])
        if not all(isinstance(side, int) and 0 < side <= 32_768 for side in self.size):
            raise Refused(400, "Pixel grid dimensions must be less than or equal to 32768.")
        names = ("scaleX", "shearX", "translateX", "shearY", "scaleY", "translateY")
        self.transform = Affine(*(affine[name] for name in names))
        self.crs = grid["crsCode"]


class _Evaluation:
    """What an expression means: names of bands, and their pixels on the grid."""

    def __init__(self, collections: dict[str, Path], grid: _Grid):
        self.collections, self.grid = collections, grid

    def image(self, node: dict) -> tuple[list[str], np.ndarray]:
        function, arguments = node["functionInvocationValue"].values()
        if function in ("reduce.median", "reduce.mean", "reduce.min", "reduce.max", "ImageCollection.mosaic"):
            names, pixels = self.collection(arguments["collection"])
            return names, pixels if function.endswith("mosaic") else pixels.astype(np.float64)
        if function in ("Image.toUint8", "Image.toUint16", "Image.toInt16", "Image.toFloat"):
            names, pixels = self.image(arguments["value"])
            kind = {"Image.toUint8": "uint8", "Image.toUint16": "uint16", "Image.toInt16": "int16", "Image.toFloat": "float32"}[function]
            return names, pixels.astype(kind)
        if function == "Image.unmask":
            return self.image(arguments["input"])
        if function == "Image.addBands":
            names, pixels = self.image(arguments["dstImg"])
            more, labels = self.labels(arguments["srcImg"]["functionInvocationValue"])
            return names + more, np.concatenate([pixels, labels.astype(pixels.dtype)])
        raise Refused(400, f"Unrecognized function '{function}'.")

    def collection(self, node: dict) -> tuple[list[str], np.ndarray]:
        mapped = _called(node, "Collection.map")
        filtered = _called(mapped["collection"], "Collection.filter")
        name = _called(filtered["collection"], "ImageCollection.load")["id"]["constantValue"]
        if name not in self.collections:
            raise Refused(404, f"ImageCollection asset '{name}' not found (does not exist or caller does not have access).", "notFound")
        dates = _called(_called(filtered["filter"], "Filter.dateRangeContains")["leftValue"], "DateRange")
        assert dates["start"]["constantValue"] < dates["end"]["constantValue"]
        select = _called(mapped["baseAlgorithm"]["functionDefinitionValue"]["body"], "Image.select")
        bands = select["bandSelectors"]["constantValue"]
        with rasterio.open(self.collections[name]) as source:
            missing = [band for band in bands if band not in source.descriptions]
            if missing:
                raise Refused(400, f"Image.select: Band pattern '{missing[0]}' did not match any bands. Available bands: {list(source.descriptions)}")
            drawn = np.zeros((len(bands), *self.grid.size), source.dtypes[0])
            indexes = [source.descriptions.index(band) + 1 for band in bands]
            place = {"dst_transform": self.grid.transform, "dst_crs": self.grid.crs, "resampling": Resampling.nearest}
            reproject(rasterio.band(source, indexes), drawn, **place)
        return bands, drawn

    def labels(self, node: dict) -> tuple[list[str], np.ndarray]:
        assert node["functionName"] == "Collection.reduceToImage"
        [name] = node["arguments"]["properties"]["constantValue"]
        features = _called(node["arguments"]["collection"], "Collection")["features"]["arrayValue"]["values"]
        shapes = []
        for feature in features:
            parts = _called(feature, "Feature")
            rings = _called(parts["geometry"], "GeometryConstructors.Polygon")["coordinates"]["arrayValue"]["values"]
            polygon = {"type": "Polygon", "coordinates": [[place["constantValue"] for place in ring["arrayValue"]["values"]] for ring in rings]}
            shapes.append((transform_geom("EPSG:4326", self.grid.crs, polygon), parts["metadata"]["constantValue"][name]))
        shapes.sort(key=lambda shape: shape[1])
        burnt = np.zeros(self.grid.size, np.float64)
        if shapes:
            rasterize(shapes, out=burnt, transform=self.grid.transform)
        return [name], burnt[None]


def _called(node: dict, function: str) -> dict:
    call = node["functionInvocationValue"]
    assert call["functionName"] == function, (function, call["functionName"])
    return call["arguments"]


def _resolved(expression: dict) -> dict:
    """The expression with every reference replaced by what it names."""
    values = expression["values"]

    def resolve(value):
        if isinstance(value, list):
            return [resolve(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "valueReference" in value:
            return resolve(values[value["valueReference"]])
        if "functionDefinitionValue" in value:
            definition = value["functionDefinitionValue"]
            return {"functionDefinitionValue": definition | {"body": resolve(values[definition["body"]])}}
        return {key: resolve(item) for key, item in value.items()}

    return resolve(values[expression["result"]])


def _encoded(body: dict, names: list[str], pixels: np.ndarray, grid: _Grid) -> tuple[str, bytes]:
    kind = body["fileFormat"]
    if kind == "NPY":
        structured = np.zeros(grid.size, [(name, pixels.dtype) for name in names])
        for name, band in zip(names, pixels):
            structured[name] = band
        file = io.BytesIO()
        np.save(file, structured)
        return "application/octet-stream", file.getvalue()
    if kind == "GEO_TIFF":
        height, width = grid.size
        profile = {"driver": "GTiff", "width": width, "height": height, "count": len(names), "dtype": pixels.dtype, "compress": "deflate"}
        with rasterio.MemoryFile() as file:
            with file.open(**profile, crs=grid.crs, transform=grid.transform, tiled=True, blockxsize=256, blockysize=256) as target:
                target.write(pixels)
                target.descriptions = names
            return "image/tiff", file.read()
    if "visualizationOptions" not in body or len(names) not in (1, 3):
        raise Refused(400, f"Unable to encode as {kind}: must have 1 or 3 bands of bytes.")
    [limits] = body["visualizationOptions"]["ranges"]
    shown = np.clip((pixels - limits["min"]) * 255 / (limits["max"] - limits["min"]), 0, 255).round().astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(np.moveaxis(shown, 0, -1).squeeze()).save(file, kind)
    return f"image/{kind.lower()}", file.getvalue()


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: EarthEngine

    def log_message(self, *_):
        pass

    def do_POST(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            if self.path == "/token":
                return self._reply(200, "application/json", json.dumps(self.server.sign_in(parse_qs(content.decode()))).encode())
            route = re.fullmatch(r"/v1/projects/([^/]+)/image:computePixels", self.path)
            if route is None:
                raise Refused(404, "no such method", "notFound")
            self._enter()
            try:
                media_type, reply = self.server.compute(route[1], self.headers.get("Authorization", ""), json.loads(content))
            finally:
                with self.server.lock:
                    self.server.at_once -= 1
            self._reply(200, media_type, reply)
        except Refused as error:
            told = {"error": {"code": error.code, "message": str(error), "status": "ERROR", "errors": [{"reason": error.reason}]}}
            self._reply(error.code, "application/json", json.dumps(told).encode())

    def _enter(self):
        with self.server.lock:
            self.server.at_once += 1
            self.server.most_at_once = max(self.server.most_at_once, self.server.at_once)

    def _reply(self, status: int, media_type: str, body: bytes):
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
