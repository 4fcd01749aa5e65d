"""Judges a clustered GeoParquet by figures of its own, with geopandas, shapely and scipy and none of Transect's code.

    python tools/evaluate.py OUT.parquet --weight population --epsg 3121 --target-weight 240 --target-radius 1000 \\
        --min-weight 180 --max-weight 300 --adjacency lattice [--input IN.parquet]

Prints one JSON object. A cluster is good in three ways: its weight is in range, its radius (that of the smallest circle around
its geometries, in metres of the given CRS) is at most the target, and it is connected: one can walk through all its cells
without leaving it. Cells of a lattice touch their eight neighbours; polygons touch within a hundredth of their usual size;
scattered places are neighbours in a Delaunay triangulation if they are no farther apart than twice the target radius.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, cKDTree


@dataclass(frozen=True)
class Wanted:
    """What the clusters should be like."""

    target_weight: float
    target_radius: float
    min_weight: float
    max_weight: float
    epsg: int
    weight: str | None = None
    adjacency: str = "lattice"
    weight_importance_factor: float = 1.0


def _spacing(values: np.ndarray) -> float:
    """Distance of neighbouring lattice lines: the typical one of the smallest gaps that are not rounding noise."""
    gaps = np.diff(np.unique(values))
    gaps = gaps[gaps > 1e-9 * max(1.0, float(np.abs(values).max()))]
    if gaps.size == 0:
        return 1.0
    rough = float(np.median(gaps[gaps < 1.5 * gaps.min()]))
    # Over the whole extent the rounding of one gap would add up to a line: fit all lines at once.
    lines = np.unique(values)
    number = np.rint((lines - lines[0]) / rough)
    return float(np.polyfit(number, lines, 1)[0]) if number[-1] > 0 else rough


def lattice_neighbours(points: np.ndarray) -> np.ndarray:
    """Pairs of rows whose cells share a side or a corner, or are the same cell."""
    cells = np.column_stack([np.rint((axis - axis.min()) / _spacing(axis)) for axis in points.T])
    return cKDTree(cells).query_pairs(r=1.0, p=np.inf, output_type="ndarray")


def touching_neighbours(polygons: np.ndarray) -> np.ndarray:
    """Pairs of rows whose polygons come within a hundredth of a typical polygon's side of each other."""
    tolerance = 0.01 * float(np.sqrt(np.median(shapely.area(polygons))))
    pairs = shapely.STRtree(polygons).query(polygons, predicate="dwithin", distance=tolerance).T
    return pairs[pairs[:, 0] < pairs[:, 1]]


def scattered_neighbours(points: np.ndarray, longest: float) -> np.ndarray:
    """Pairs of rows that share an edge of a Delaunay triangle and are no farther apart than `longest`, or lie at one point."""
    points = points - points.mean(axis=0)
    distinct, row, number = np.unique(points, axis=0, return_index=True, return_inverse=True)
    corners = Delaunay(distinct).simplices
    edges = np.unique(np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1), axis=0)
    near = np.hypot(*(distinct[edges[:, 0]] - distinct[edges[:, 1]]).T) <= longest
    same = np.column_stack([np.arange(len(points)), row[number.ravel()]])
    return np.concatenate([row[edges[near]], same[same[:, 0] != same[:, 1]]])


def neighbours_of(table: gpd.GeoDataFrame, adjacency: str, epsg: int, radius: float) -> np.ndarray:
    """Pairs of neighbouring rows."""
    if adjacency == "lattice":
        return lattice_neighbours(shapely.get_coordinates(shapely.centroid(table.geometry.to_numpy())))
    projected = table.geometry.to_crs(epsg).to_numpy()
    if adjacency == "touch":
        return touching_neighbours(projected)
    return scattered_neighbours(shapely.get_coordinates(shapely.centroid(projected)), 2 * radius)


def _pieces(cluster: np.ndarray, neighbours: np.ndarray, clusters: int) -> np.ndarray:
    """How many connected pieces each cluster is in."""
    inside = neighbours[cluster[neighbours[:, 0]] == cluster[neighbours[:, 1]]]
    rows = len(cluster)
    graph = coo_matrix((np.ones(len(inside), dtype=np.int8), (inside[:, 0], inside[:, 1])), shape=(rows, rows))
    _, piece = connected_components(graph, directed=False)
    first_row_of_piece = np.unique(piece, return_index=True)[1]
    return np.bincount(cluster[first_row_of_piece], minlength=clusters)


def _radii(geometries: np.ndarray, cluster: np.ndarray, clusters: int) -> np.ndarray:
    rows_of = np.split(np.argsort(cluster, kind="stable"), np.cumsum(np.bincount(cluster, minlength=clusters))[:-1])
    corners = (shapely.multipoints(shapely.get_coordinates(geometries[rows])) for rows in rows_of)
    return shapely.minimum_bounding_radius(shapely.convex_hull(np.array(list(corners))))


def evaluate(table: gpd.GeoDataFrame, wanted: Wanted) -> dict:
    """The figures of a clustered table."""
    if table.crs is None:
        table = table.set_crs(4326)
    labels = pd.Categorical(table["cluster_id"])
    cluster, clusters = labels.codes.astype(np.int64), len(labels.categories)
    if (cluster < 0).any():
        raise ValueError(f"{int((cluster < 0).sum())} rows have no cluster_id")
    weights = table[wanted.weight].to_numpy(float) if wanted.weight else np.ones(len(table))

    projected = table.geometry.to_crs(wanted.epsg).to_numpy()
    radius = _radii(projected, cluster, clusters)
    weight = np.bincount(cluster, weights=weights, minlength=clusters)
    in_range = (weight >= wanted.min_weight) & (weight <= wanted.max_weight)
    small = radius <= wanted.target_radius
    connected = np.ones(clusters, dtype=bool)
    if wanted.adjacency != "none":
        neighbours = neighbours_of(table, wanted.adjacency, wanted.epsg, wanted.target_radius)
        connected = _pieces(cluster, neighbours, clusters) == 1
    good = in_range & small & connected

    weight_term = abs(wanted.target_weight - float(np.median(weight))) * wanted.target_radius / wanted.target_weight
    figures = {
        "rows": len(table),
        "clusters": clusters,
        "score": wanted.weight_importance_factor * weight_term + abs(wanted.target_radius - float(np.median(radius))),
        "median_weight": float(np.median(weight)),
        "median_radius": float(np.median(radius)),
        "share_in_range": float(in_range.mean()),
        "share_connected": float(connected.mean()),
        "share_small": float(small.mean()),
        "share_good": float(good.mean()),
        "weight_share_good": float(weight[good].sum() / weight.sum()) if weight.sum() else None,
    }
    if "cluster_weight" in table:
        figures["cluster_weight_error"] = float(np.abs(table["cluster_weight"].to_numpy(float) - weight[cluster]).max())
    return figures


def same_rows(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> bool:
    """Whether every row of the input is in the output once, all its columns as they were, in whatever order."""
    if missing := [column for column in before.columns if column not in after.columns]:
        raise ValueError(f"columns lost: {', '.join(missing)}")

    def fingerprints(table: gpd.GeoDataFrame) -> np.ndarray:
        plain = pd.DataFrame(table[before.columns].drop(columns=table.geometry.name)).assign(geometry=table.geometry.to_wkb())
        return np.sort(pd.util.hash_pandas_object(plain, index=True).to_numpy())

    return len(before) == len(after) and bool((fingerprints(before) == fingerprints(after)).all())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table")
    parser.add_argument("--input", help="the table before clustering: checks that nothing was lost or altered")
    parser.add_argument("--weight", help="column; without it every row weighs 1")
    parser.add_argument("--epsg", type=int, required=True)
    for name in ("target-weight", "target-radius", "min-weight", "max-weight"):
        parser.add_argument(f"--{name}", type=float, required=True)
    parser.add_argument("--adjacency", choices=["lattice", "touch", "scattered", "none"], default="lattice")
    arguments = vars(parser.parse_args())
    path, before = arguments.pop("table"), arguments.pop("input")
    try:
        table = gpd.read_parquet(path)
        figures = evaluate(table, Wanted(**arguments))
        if before:
            figures["rows_match_input"] = same_rows(gpd.read_parquet(before), table)
    except (OSError, ValueError, KeyError) as error:
        print(f"error: {path}: {error}", file=sys.stderr)
        return 1
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
