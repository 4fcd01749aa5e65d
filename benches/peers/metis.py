"""METIS: k-way partition of the cells' adjacency into connected parts of equal weight.

Karypis and Kumar, "Multilevel k-way partitioning scheme for irregular graphs", Journal of Parallel and Distributed
Computing 48(1), 1998, by way of pymetis. It knows nothing of radii.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pymetis
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from evaluate import neighbours_of  # noqa: E402

WEIGHT_UNITS = 10_000


def divided(graph: csr_matrix, weights: np.ndarray, parts: int, seed: int) -> np.ndarray:
    """A connected graph in connected parts of about equal weight."""
    if parts == 1:
        return np.zeros(len(weights), dtype=np.int64)
    units = np.rint(weights / max(weights.max(), 1e-300) * WEIGHT_UNITS).astype(int)
    _, part = pymetis.part_graph(
        parts,
        pymetis.CSRAdjacency(graph.indptr.tolist(), graph.indices.tolist()),
        vweights=units.tolist(),
        recursive=False,
        options=pymetis.Options(contig=1, seed=seed),
    )
    return np.asarray(part)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--weight", help="column; without it every row weighs 1")
    parser.add_argument("--epsg", type=int, required=True)
    parser.add_argument("--target-radius", type=float, required=True)
    parser.add_argument("--adjacency", default="lattice")
    parser.add_argument("--parts", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    a = parser.parse_args()

    table = gpd.read_parquet(a.input)
    pairs = neighbours_of(table, a.adjacency, a.epsg, a.target_radius)
    weights = table[a.weight].to_numpy(float) if a.weight else np.ones(len(table))
    rows = len(table)
    graph = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(rows, rows)).tocsr()
    graph = graph + graph.T
    # METIS makes connected parts of connected graphs only: each island is divided by itself, by its share of the weight.
    islands, island = connected_components(graph, directed=False)
    parts = np.zeros(rows, dtype=np.int64)
    for number in range(islands):
        members = np.flatnonzero(island == number)
        count = max(1, round(a.parts * weights[members].sum() / weights.sum()))
        parts[members] = parts.max() + 1 + divided(graph[members][:, members], weights[members], count, a.seed)
    table["cluster_id"] = parts.astype(str)
    table.to_parquet(a.output)


if __name__ == "__main__":
    main()
