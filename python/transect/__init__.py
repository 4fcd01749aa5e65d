"""Sample places, look at each, measure it, and build balanced survey clusters.

The functions do what the commands of the program ``transect`` do, with the same results::

    import transect

    clustering = transect.cluster("grid.parquet", weight="population", target_weight=240)
    clustering.report["clusters"]
    clustering.clusters.to_geopandas().explore()
    clustering.write("clustered_grid.parquet")

Data go in as a path, a GeoDataFrame, a polars frame, a pyarrow table, or anything else that has
``__arrow_c_stream__``. Tables come out as the same kind; for a path, as a :class:`Table`, which converts to any
of them. What is wrong is raised by its name: see :mod:`transect.errors`. Ctrl-C stops every function.
"""

from __future__ import annotations

from transect._clusters import Clustering, cluster
from transect._pictures import green, measure
from transect._plans import Plan, plan_areas, plan_chips, plan_roads
from transect._report import report
from transect._studies import StudyRun, run
from transect._tables import Table, open_table
from transect._transect import __version__
from transect.errors import TransectError

__all__ = [
    "Clustering",
    "Plan",
    "StudyRun",
    "Table",
    "TransectError",
    "__version__",
    "cluster",
    "green",
    "measure",
    "open_table",
    "plan_areas",
    "plan_chips",
    "plan_roads",
    "report",
    "run",
]
