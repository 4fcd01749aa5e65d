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
import shapely

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from evaluate import lattice_neighbours  # noqa: E402

WEIGHT_UNITS = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--weight", required=True)
    parser.add_argument("--parts", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    a = parser.parse_args()

    table = gpd.read_parquet(a.input)
    pairs = lattice_neighbours(shapely.get_coordinates(table.geometry.to_numpy()))
    both = np.concatenate([pairs, pairs[:, ::-1]])
    both = both[np.argsort(both[:, 0], kind="stable")]
    starts = np.concatenate([[0], np.cumsum(np.bincount(both[:, 0], minlength=len(table)))])
    weights = table[a.weight].to_numpy(float)
    units = np.rint(weights / max(weights.max(), 1e-300) * WEIGHT_UNITS).astype(int)
    _, parts = pymetis.part_graph(
        a.parts,
        pymetis.CSRAdjacency(starts.tolist(), both[:, 1].tolist()),
        vweights=units.tolist(),
        recursive=False,
        options=pymetis.Options(contig=1, seed=a.seed),
    )
    table["cluster_id"] = np.asarray(parts).astype(str)
    table.to_parquet(a.output)


if __name__ == "__main__":
    main()
