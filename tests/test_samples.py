"""Samples of areas, judged by another library's predicate."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from cloud import run_transect
from shapely.geometry import MultiPolygon, Polygon, box


def ring(lon: float, lat: float, radius: float, corners: int, wave: float = 0.0) -> list[tuple[float, float]]:
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    reach = radius * (1 + wave * np.sin(7 * turn))
    return list(zip(lon + reach * np.cos(turn), lat + 0.7 * reach * np.sin(turn)))


SHAPES = {
    "convex": box(10, 45, 10.4, 45.2),
    "concave": Polygon(ring(12, 41, 0.3, 900, wave=0.45)),
    "holed": Polygon(ring(2, 48, 0.5, 60), [ring(2.1, 48.05, 0.2, 40), ring(1.75, 47.95, 0.08, 5)]),
    "multi-part": MultiPolygon([box(-70, -33, -69.9, -32.9), box(-69.5, -33, -69.4, -32.2), Polygon(ring(-68, -33, 0.3, 12))]),
    "tall": box(20, 0, 22, 70),
    "sliver": Polygon([(5, 50), (6, 50.00001), (6, 50.00002)]),
    "equatorial": Polygon(ring(-79, 0, 0.4, 500, wave=0.2)),
}


def planned(programs: Path, areas: Path, column: str, per_area: int, out: Path) -> gpd.GeoDataFrame:
    run_transect(programs, "plan", "areas", areas, "--id", column, "--per-area", per_area, "--seed", 7, "--out", out)
    return gpd.read_parquet(out / "samples.parquet")


def test_every_point_lies_in_its_area_as_shapely_sees_it(programs: Path, tmp_path: Path):
    areas = gpd.GeoDataFrame({"name": list(SHAPES)}, geometry=list(SHAPES.values()), crs=4326)
    areas.to_parquet(tmp_path / "areas.parquet")
    samples = planned(programs, tmp_path / "areas.parquet", "name", 500, tmp_path / "plan")
    assert dict(samples["area_id"].value_counts()) == dict.fromkeys(SHAPES, 500)
    for name, shape in SHAPES.items():
        points = samples.geometry[samples["area_id"] == name]
        # A sliver is thinner than the last digit of a coordinate: what touches it is in it.
        assert shapely.dwithin(shape, points, 1e-12).all(), name


def test_every_point_of_the_tracts_lies_in_its_tract(programs: Path, data: Path, tmp_path: Path):
    tracts = gpd.read_file(data / "chicago" / "tracts.geojson").set_index("geoid10")
    samples = planned(programs, data / "chicago" / "tracts.geojson", "geoid10", 10, tmp_path / "plan")
    assert len(samples) == 8_010 and samples["batch"].nunique() == 50
    sizes = samples.groupby("batch")["area_id"].nunique()
    assert sorted(set(sizes)) == [16, 17] and (sizes == 17).sum() == 1
    assert shapely.contains(tracts.geometry.loc[samples["area_id"]].values, samples.geometry.values).all()


@pytest.mark.parametrize("batches", [1, 13])
def test_the_split_into_batches_changes_no_point(programs: Path, tmp_path: Path, batches: int):
    areas = gpd.GeoDataFrame({"name": list(SHAPES)}, geometry=list(SHAPES.values()), crs=4326)
    areas.to_parquet(tmp_path / "areas.parquet")
    base = planned(programs, tmp_path / "areas.parquet", "name", 20, tmp_path / "plan").set_index("sample_id")
    run_transect(
        programs, "plan", "areas", tmp_path / "areas.parquet", "--id", "name", "--per-area", 20, "--seed", 7,
        "--batches", batches, "--out", tmp_path / "other",
    )  # fmt: skip
    other = gpd.read_parquet(tmp_path / "other" / "samples.parquet").set_index("sample_id")
    assert shapely.equals_exact(other.geometry.loc[base.index].values, base.geometry.values, 0.0).all()
