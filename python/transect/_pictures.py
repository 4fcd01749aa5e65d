"""Readings of images."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Union

from transect import _transect
from transect._tables import is_path

if TYPE_CHECKING:
    import numpy

#: A name such as ``"green"``, or settings such as ``{"kind": "green", "min": -40, "max": -5, "name": "lawn"}``.
Measure = Union[str, "dict[str, Any]"]


def measure(
    image: numpy.ndarray | bytes | str | os.PathLike[str],
    measures: Measure | Sequence[Measure] = "green",
) -> dict[str, Any]:
    """Measure one image.

    Args:
        image: An array of rows, columns and bands (1, 2, 3 or 4; uint8 or uint16), or the path or the bytes of a
            PNG, JPEG, WebP or TIFF file.
        measures: One measure or several: ``"green"``, ``"exg"``, ``"brightness"``, ``"blank"``, ``"edge"``.

    Returns:
        The value of each measure, 0 to 1; None where the image has no valid pixel. Of a file also ``status`` (``ok``,
        or why there is no reading) and ``reason``: an unreadable image is a result, not an exception.
    """
    asked = [measures] if isinstance(measures, (str, dict)) else list(measures)
    wanted = json.dumps(asked)
    if is_path(image):
        with open(image, "rb") as file:  # type: ignore[arg-type]
            image = file.read()
    if isinstance(image, (bytes, bytearray, memoryview)):
        return _readings(_transect.measure_bytes(bytes(image), wanted))
    import numpy

    pixels = numpy.asarray(image)
    if pixels.dtype not in (numpy.uint8, numpy.uint16):
        raise TypeError(f"an array of {pixels.dtype}, expected uint8 or uint16: which value is white would be a guess")
    if pixels.ndim not in (2, 3):
        raise TypeError(f"an array of {pixels.ndim} dimensions, expected rows, columns and bands")
    height, width, bands = (*pixels.shape, 1)[:3]
    bits = 8 * pixels.dtype.itemsize
    return _readings(_transect.measure_array(pixels.tobytes(), bits, height, width, bands, wanted))


def green(
    image: numpy.ndarray | bytes | str | os.PathLike[str],
    *,
    min: float = -30,
    max: float = -5,
) -> float | None:
    """The share of an image's pixels that are vegetation: ``min`` < a* < ``max`` of CIE L*a*b*, both exclusive.

    Returns None where the image cannot be read or has no valid pixel; :func:`measure` says why.
    """
    share: float | None = measure(image, {"kind": "green", "min": min, "max": max})["green"]
    return share


def _readings(text: str) -> dict[str, Any]:
    readings: dict[str, Any] = json.loads(text)
    return readings
