"""Plans of roads beside a port of their rules on pyosmium, shapely and pyproj, written from the documents and not from the code."""

from __future__ import annotations

import bz2
import gzip
import math
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import pytest
from cloud import run_transect
from pyproj import Geod
from shapely.geometry import MultiPolygon, Point, Polygon

osmium = pytest.importorskip("osmium", reason="tests/requirements.txt has osmium")

EARTH = Geod(ellps="WGS84")
HIGHWAYS = {"primary", "secondary", "tertiary", "unclassified", "residential"}
UNPAVED = {"sand", "mud", "dirt", "earth", "ground", "grass", "wood", "metal"}
AREAS = {"amenity", "building", "landuse", "leisure", "natural", "public_transport", "shop", "tourism"}


@dataclass
class Ported:
    """A point of the port."""

    way: int
    lon: float
    lat: float
    bearing: float


def is_road(tags: dict[str, str]) -> bool:
    return (
        tags.get("highway") in HIGHWAYS
        and "junction" not in tags
        and tags.get("surface") not in UNPAVED
        and tags.get("tracktype", "grade1") == "grade1"
    )


def is_area(tags: dict[str, str], closed: bool) -> bool:
    if "area" in tags:
        return closed and tags["area"] == "yes"
    return closed and bool(AREAS & set(tags))


def walk(line: list[tuple[float, float]], interval: float) -> Iterator[tuple[float, float, float]]:
    """A point every interval, the first one interval in; one in the middle of a short line."""
    parts = [(a, b, *EARTH.inv(*a, *b)[::2]) for a, b in zip(line, line[1:])]
    parts = [part for part in parts if part[3] > 0]
    length = sum(part[3] for part in parts)
    if length <= 0:
        return
    stops = [length / 2] if length <= interval else [n * interval for n in range(1, int(length / interval) + 1)]
    for stop in stops:
        for index, (a, _, azimuth, metres) in enumerate(parts):
            if stop <= metres or index == len(parts) - 1:
                lon, lat, _ = EARTH.fwd(*a, azimuth, stop)
                yield lon, lat, azimuth % 360
                break
            stop -= metres


@dataclass
class Port(osmium.SimpleHandler):
    """All nodes, and the ways that are roads."""

    nodes: dict[int, tuple[float, float]] = field(default_factory=dict)
    ways: dict[int, list[int]] = field(default_factory=dict)

    def __post_init__(self):
        super().__init__()

    def node(self, node):
        self.nodes[node.id] = (node.location.lon, node.location.lat)

    def way(self, way):
        tags, nodes = dict(way.tags), [node.ref for node in way.nodes]
        if is_road(tags) and not is_area(tags, nodes[0] == nodes[-1]):
            self.ways[way.id] = nodes

    def points(self, interval: float) -> Iterator[Ported]:
        for way, nodes in sorted(self.ways.items()):
            part: list[tuple[float, float]] = []
            for node in [*nodes, None]:
                if node in self.nodes:
                    part.append(self.nodes[node])
                    continue
                for lon, lat, bearing in walk(part, interval):
                    yield Ported(way, lon, lat, bearing)
                part = []


def planned(programs: Path, out: Path, *arguments: object) -> gpd.GeoDataFrame:
    run_transect(programs, "plan", "roads", *arguments, "--sides", "ahead", "--out", out)
    return gpd.read_parquet(out / "samples.parquet")


def agree(samples: gpd.GeoDataFrame, ported: list[Ported]):
    """The same points along the same ways, within a centimetre, with the same bearings."""
    samples = samples.sort_values(["osm_way_id", "sequence"])
    assert list(samples["osm_way_id"]) == [point.way for point in ported]
    for (_, row), point in zip(samples.iterrows(), ported):
        _, _, metres = EARTH.inv(row.geometry.x, row.geometry.y, point.lon, point.lat)
        assert metres < 0.01, (point, row["sample_id"])
        turn = (row["bearing"] - point.bearing + 180) % 360 - 180
        assert abs(turn) < 0.0051, (point, row["bearing"])


def test_liechtenstein_is_walked_as_the_port_walks_it(programs: Path, data: Path, tmp_path: Path):
    extract = data / "streets/liechtenstein.osm.pbf"
    port = Port()
    port.apply_file(str(extract))
    ported = list(port.points(50.0))
    assert len(port.ways) == 1193
    agree(planned(programs, tmp_path, extract, "--interval", 50), ported)


ODD_TOWN = [
    # way, vertices in metres east and north, tags
    (1, [(0, 0), (95, 0), (95, 60)], {"highway": "residential", "name": "Bend"}),
    (2, [(0, 200), (4, 200), (4, 203)], {"highway": "residential"}),
    (3, [(0, 300), (0, 400)], {"highway": "footway"}),
    (4, [(0, 300), (50, 300), (50, 350), (0, 300)], {"highway": "residential", "amenity": "parking"}),
    (5, [(200, 0), (240, 0), (240, 40), (200, 40), (200, 0)], {"highway": "residential"}),
    (6, [(300, 0), (360, 0)], {"highway": "tertiary", "surface": "mud"}),
    (7, [(300, 20), (360, 20)], {"highway": "tertiary", "junction": "roundabout"}),
    (8, [(400, 0), (440, 0), None, (480, 0), (560, 0)], {"highway": "primary"}),
    (9, [(600, 0), (600, 0), (600, 55)], {"highway": "unclassified"}),
    (10, [(700, 0), (700.2, 0), (700.4, 33)], {"highway": "secondary", "tracktype": "grade2"}),
]


@pytest.fixture(scope="module", params=["pbf", "osm", "osm.gz", "osm.bz2"])
def odd_town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up town in one format; a vertex that is None is a node that the extract lacks."""
    folder = tmp_path_factory.mktemp("town")
    writing = folder / ("town.osm.pbf" if request.param == "pbf" else "town.osm")
    writer = osmium.SimpleWriter(str(writing))
    place = lambda east, north: EARTH.fwd(*EARTH.fwd(9.5, 47.1, 90, east)[:2], 0, north)[:2]
    vertices = sorted({vertex for _, line, _ in ODD_TOWN for vertex in line if vertex})
    numbers = {vertex: number for number, vertex in enumerate(vertices, 1)}
    for vertex, number in numbers.items():
        lon, lat = place(*vertex)
        writer.add_node(osmium.osm.mutable.Node(id=number, version=1, location=(round(lon, 7), round(lat, 7))))
    for way, line, tags in ODD_TOWN:
        nodes = [numbers.get(vertex, 9999) for vertex in line]
        writer.add_way(osmium.osm.mutable.Way(id=way, version=1, nodes=nodes, tags=tags))
    writer.close()
    if request.param in ("osm.gz", "osm.bz2"):
        packed = folder / f"town.{request.param}"
        packed.write_bytes((gzip if request.param == "osm.gz" else bz2).compress(writing.read_bytes()))
        return packed
    return writing


def test_a_town_of_oddities_is_walked_as_the_port_walks_it(programs: Path, odd_town: Path, tmp_path: Path):
    port = Port()
    port.apply_file(str(odd_town))
    assert set(port.ways) == {1, 2, 5, 8, 9}
    for interval in (7.0, 25.0):
        samples = planned(programs, tmp_path / str(interval), odd_town, "--interval", interval)
        agree(samples, list(port.points(interval)))
    left_out = (tmp_path / "7.0" / "left_out.jsonl").read_text()
    for way in (3, 4, 6, 7, 10):
        assert left_out.count(f'"way/{way}"') == 1, "one reason for each"


@pytest.mark.parametrize("turned", [(False, False), (False, True), (True, False), (True, True)])
def test_towns_hold_the_points_that_shapely_finds_in_them(programs: Path, odd_town: Path, tmp_path: Path, turned: tuple[bool, bool]):
    """A hole with an enclave in it, each ring wound either way."""
    outer = [(9.499, 47.099), (9.52, 47.099), (9.52, 47.103), (9.499, 47.103)]
    hole = [(9.5005, 47.0995), (9.5005, 47.1015), (9.504, 47.1015), (9.504, 47.0995)]
    outer, hole = (ring[::-1] if turn else ring for ring, turn in zip((outer, hole), turned))
    enclave = Polygon([(9.502, 47.0998), (9.503, 47.0998), (9.503, 47.1005), (9.502, 47.1005)])
    town = MultiPolygon([Polygon(outer, [hole])])
    towns = gpd.GeoDataFrame({"name": ["Holed", "Enclave"]}, geometry=[town, enclave], crs=4326)
    towns.to_parquet(tmp_path / "towns.parquet")
    port = Port()
    port.apply_file(str(odd_town))
    expected = {}
    for point in port.points(5.0):
        place = Point(point.lon, point.lat)
        for name, outline in (("Enclave", enclave), ("Holed", town)):
            if outline.contains(place):
                expected[name] = expected.get(name, 0) + 1
                break
    samples = planned(
        programs, tmp_path, odd_town, "--interval", 5, "--areas", tmp_path / "towns.parquet", "--area-name", "name"
    )
    assert samples["town"].value_counts().to_dict() == expected and len(expected) == 2


def test_carried_points_are_as_many_as_the_streets_hold_intervals(programs: Path, data: Path, tmp_path: Path):
    extract = data / "streets/liechtenstein.osm.pbf"
    port = Port()
    port.apply_file(str(extract))
    lines = [[port.nodes[node] for node in nodes if node in port.nodes] for nodes in port.ways.values()]
    metres = sum(EARTH.line_length(*zip(*line)) for line in lines)
    samples = planned(programs, tmp_path, extract, "--interval", 250, "--spacing", "carry")
    assert abs(len(samples) - metres / 250) <= 1 and math.isclose(samples["stands_for_m"].sum(), metres, rel_tol=2e-3)


def test_a_history_file_is_named_as_such(programs: Path, tmp_path: Path):
    history = tmp_path / "town.osh.pbf"
    writer = osmium.SimpleWriter(str(history), 4096, osmium.io.Header())
    writer.add_node(osmium.osm.mutable.Node(id=1, version=1, location=(9.5, 47.1)))
    writer.add_way(osmium.osm.mutable.Way(id=1, version=2, visible=False, nodes=[1], tags={"highway": "residential"}))
    writer.close()
    command = [programs / "transect", "plan", "roads", history, "--out", tmp_path / "out"]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 1 and "history file" in ended.stderr
