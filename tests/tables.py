"""Tables made for a test, small and written down as what matters about them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

CELL = 3 / 3600  # degrees: three arc-seconds, as population grids come


def population_grid(rows: int = 40, columns: int = 30, people: float = 1.2, seed: int = 1, urban: bool = False) -> gpd.GeoDataFrame:
    """A full lattice of cells east of Manila, about `people` in each."""
    random = np.random.default_rng(seed)
    row, column = np.divmod(np.arange(rows * columns), columns)
    cells = gpd.GeoDataFrame(
        {
            "population": random.gamma(2.0, people / 2.0, size=rows * columns).astype(np.float32),
            "urban": urban,
            "grid_id": [f"GRID_{number:05}" for number in range(rows * columns)],
        },
        geometry=gpd.points_from_xy(121.5 + column * CELL, 14.5 + row * CELL),
        crs=4326,
    )
    # An index that is neither a range nor sorted, as filtered tables have it.
    cells.index = pd.Index(random.permutation(len(cells)) * 7 + 1000, name="cell")
    return cells
