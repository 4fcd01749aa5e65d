"""Survey clusters."""

from __future__ import annotations

import json
from typing import Any

from transect import _transect
from transect._tables import PathLike, Table, TableLike, is_path, like, native


class Clustering:
    """What came of clustering a table.

    Attributes:
        table: Every row and column of the input, sorted by ``cluster_id``, with ``cluster_id``, ``cluster_weight`` and
            ``cluster_pass``.
        clusters: One row a cluster: weight, rows, radius in metres, flags, and its outline as a polygon.
        report: The figures: counts, medians, shares within the limits, warnings, settings.

    ``table`` and ``clusters`` are of the kind of table that was clustered. A notebook shows the map.
    """

    table: Any
    clusters: Any
    report: dict[str, Any]

    def __init__(self, native_table: _transect.Table, native_clusters: _transect.Table, report: str, kind: Any) -> None:
        self._table, self._clusters, self._report = native_table, native_clusters, report
        self.table = kind(native_table)
        self.clusters = kind(native_clusters)
        self.report = json.loads(report)

    def write(self, path: PathLike) -> None:
        """Write what ``transect cluster`` writes, byte for byte.

        That is the table as GeoParquet, and beside it ``clusters_NAME.parquet``, ``.json`` and ``.html``.
        """
        _transect.write_clusters(self._table, self._clusters, self._report, path)

    def map(self) -> str:
        """A map as an SVG document; clusters that miss a limit are faint."""
        return _transect.cluster_map(self._table, self._clusters)

    def page(self, name: str = "table") -> str:
        """A page to look at, as HTML that needs no network."""
        return _transect.cluster_page(self._table, self._clusters, self._report, name)

    def _repr_html_(self) -> str:
        drawing = self.map()
        return drawing[drawing.find("<svg") :]

    def __repr__(self) -> str:
        share = self.report["share_all_three"]
        good = "" if share is None else f", {share:.1%} within all limits"
        return f"<transect.Clustering: {self.report['clusters']} clusters of {self.report['rows']} rows{good}>"


def cluster(
    data: TableLike,
    *,
    weight: str | None = None,
    target_weight: float | None = None,
    target_radius: float | None = None,
    min_weight: float | None = None,
    max_weight: float | None = None,
    method: str = "balanced",
    seed: int = 1,
    strata: str | None = None,
    adjacency: str = "auto",
    on_conflict: str = "weight",
    starts: int | None = None,
    projected_epsg: int | None = None,
    assume_crs: str | None = None,
    overwrite: bool = False,
    **settings: Any,
) -> Clustering:
    """Group the cells or rooftops of a table into survey clusters.

    Args:
        data: Points or polygons: a path, a GeoDataFrame, a polars frame, a pyarrow table.
        weight: Column of weights. Without it ``population`` if there is one, else every row counts 1.
        target_weight: The weight a cluster should have; 240 unless given.
        target_radius: The radius in metres that a cluster should not pass; 1000 unless given.
        min_weight: Least weight; 0.75 of the target unless given.
        max_weight: Greatest weight; 1.25 of the target unless given.
        method: ``"balanced"`` (connected, in range, compact) or ``"tuned_kmeans"`` (the published method).
        seed: Seed of everything random. The same table, settings and seed give the same bytes.
        strata: Column that clusters never cross.
        adjacency: Which places are neighbours: ``"auto"``, ``"lattice"``, ``"touching"`` or ``"scattered"``.
        on_conflict: Which limit holds where both cannot: ``"weight"`` or ``"radius"``.
        starts: Most searches of which the best is kept; as many as pay unless given.
        projected_epsg: EPSG code of the projection for distances; a local equal-area one unless given.
        assume_crs: Reference system of a table that states none.
        overwrite: Replace cluster columns that the table has already.
        **settings: Further settings by the names of an event's ``params``, such as ``small_islands="attach"``.

    Raises:
        transect.errors.InvalidInput: A setting, column, weight, geometry or reference system must be changed first.
    """
    given = {
        "weight_column": weight,
        "desired_cluster_weight": target_weight,
        "desired_cluster_radius": target_radius,
        "min_weight": min_weight,
        "max_cluster_weight": max_weight,
        "method": method.replace("-", "_"),
        "seed": seed,
        "strata": strata,
        "adjacency": adjacency,
        "on_conflict": on_conflict,
        "starts": starts,
        "projected_epsg": projected_epsg,
        "assume_crs": assume_crs,
        "overwrite": overwrite,
    }
    asked = {name: value for name, value in given.items() if value is not None} | settings
    name = str(data) if is_path(data) else "table"
    table, clusters, report = _transect.cluster(native(data), json.dumps(asked), name)
    return Clustering(table, clusters, report, like(data))


__all__ = ["Clustering", "Table", "cluster"]
