"""The published approach in Python: scikit-learn's mini-batch k-means, tuned over k by optuna's grid sampler.

Written anew from the description of the method, with the libraries that the original uses. Geometry is done on
arrays at once, which is kinder than a loop over clusters.
"""

from __future__ import annotations

import argparse

import geopandas as gpd
import numpy as np
import optuna
import pandas as pd
import shapely
from sklearn.cluster import MiniBatchKMeans

SAME_COUNT_STOPS = 3


def radii(points: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Radius of the smallest circle around the convex hull of each cluster."""
    order = np.argsort(labels, kind="stable")
    first = np.flatnonzero(np.diff(labels[order], prepend=-1))
    hulls = shapely.convex_hull([shapely.multipoints(part) for part in np.split(points[order], first[1:])])
    return shapely.minimum_bounding_radius(hulls)


def tuned(points: np.ndarray, weights: np.ndarray, trials: int, a: argparse.Namespace) -> np.ndarray:
    """Labels of the best of the numbers of clusters that were tried."""
    expected = int(weights.sum() / a.target_weight)
    low, high = max(expected // 2, 1), max(2 * expected, 2)
    if len(points) < high:
        low, high = max(1, len(points) // 4), len(points)
    best = {"score": np.inf, "labels": np.zeros(len(points), dtype=np.int64)}

    def objective(trial: optuna.Trial) -> float:
        k = trial.suggest_int("k", low, high)
        model = MiniBatchKMeans(n_clusters=k, batch_size=1024, n_init=1, reassignment_ratio=a.reassignment_ratio, random_state=a.seed)
        labels = np.unique(model.fit(points, sample_weight=weights).labels_, return_inverse=True)[1]
        weight = np.median(np.bincount(labels, weights=weights))
        radius = np.median(radii(points, labels))
        score = a.target_radius / a.target_weight * abs(a.target_weight - weight) + abs(a.target_radius - radius)
        if score < best["score"]:
            best.update(score=score, labels=labels)
        return score

    sampler = optuna.samplers.GridSampler({"k": list(range(low, high + 1))}, seed=a.seed)
    optuna.create_study(sampler=sampler).optimize(objective, n_trials=min(trials, high - low + 1))
    return best["labels"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--weight", required=True, help="column of weights")
    parser.add_argument("--epsg", type=int, required=True)
    parser.add_argument("--target-weight", type=float, required=True)
    parser.add_argument("--target-radius", type=float, required=True)
    parser.add_argument("--max-weight", type=float, required=True)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--subsequent-trials", type=int, default=30)
    parser.add_argument("--max-passes", type=int, default=10)
    parser.add_argument("--reassignment-ratio", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=1)
    a = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)

    table = gpd.read_parquet(a.input)
    points = shapely.get_coordinates(table.geometry.to_crs(a.epsg).centroid.to_numpy())
    weights = table[a.weight].to_numpy(float)
    ids = pd.Series(tuned(points, weights, a.trials, a), index=range(len(table))).astype(str)
    heavy_before: list[int] = []
    for _ in range(2, a.max_passes + 1):
        totals = pd.Series(weights).groupby(ids).sum()
        heavy = totals.index[totals > a.max_weight]
        if heavy.empty or heavy_before[-SAME_COUNT_STOPS:] == [len(heavy)] * SAME_COUNT_STOPS:
            break
        heavy_before.append(len(heavy))
        for cluster in heavy:
            rows = np.flatnonzero(ids == cluster)
            labels = tuned(points[rows], weights[rows], a.subsequent_trials, a)
            if labels.max() > 0:
                ids.iloc[rows] = [f"{cluster}_{label}" for label in labels]
    table["cluster_id"] = ids.to_numpy()
    table.sort_values("cluster_id").to_parquet(a.output)


if __name__ == "__main__":
    main()
