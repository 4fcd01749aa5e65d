"""Where to look: samples from areas, chips or roads."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from typing import Any

from transect import _transect
from transect._tables import TableLike, is_path, like, native


class Plan:
    """Samples and what was rejected.

    Attributes:
        samples: One row a sample, of the kind of table that was given.
        rejected: The rows of the input that gave no sample, each with its reason.
        left_out: The rows that the rules of the plan leave out, each with the rule.
        notes: What was taken otherwise than it might have been meant; also told as warnings.
    """

    samples: Any
    rejected: list[dict[str, Any]]
    left_out: list[dict[str, Any]]
    notes: list[str]

    def __init__(self, samples: Any, told: dict[str, Any]) -> None:
        self.samples = samples
        self.rejected, self.left_out, self.notes = told["rejected"], told["left_out"], told["notes"]

    def __repr__(self) -> str:
        return f"<transect.Plan: {len(self.samples)} samples, {len(self.rejected)} rejected>"


def plan_areas(
    areas: TableLike,
    *,
    id: str,
    per_area: int | None = None,
    per_km2: float | None = None,
    per_area_column: str | None = None,
    stratum: str | None = None,
    seed: int = 1,
    batches: int = 50,
    batch_size: int | None = None,
) -> Plan:
    """Random points in every polygon, uniform over the ground.

    Args:
        areas: Polygons.
        id: Column of unique names.
        per_area: Points in each area; or give ``per_km2`` or ``per_area_column``.
        per_km2: Points a square kilometre.
        per_area_column: Column that says how many points.
        stratum: Column of strata, carried into the samples.
        seed: The points of an area follow from the seed and its id alone.
        batches: Number of batches; or give ``batch_size``.
        batch_size: Samples in a batch.
    """
    settings = {"id": id, "per_area": per_area, "per_km2": per_km2, "per_area_column": per_area_column, "stratum": stratum}
    return _plan("areas", areas, settings, seed, batches, batch_size)


def plan_chips(
    features: TableLike,
    *,
    select: tuple[str, Any] | None = None,
    folds: tuple[int, int] | None = None,
    seed: int = 1,
    batches: int = 50,
    batch_size: int | None = None,
    **settings: Any,
) -> Plan:
    """Overlapping image chips over labelled features.

    Args:
        features: Points, lines or polygons.
        select: Column and value: only those rows.
        folds: Number of k-means folds, and which of them, from 0.
        **settings: As in a study: ``margin_m``, ``pixel_m``, ``chip_px``, ``overlap``, ``crs``, ``keep``, ``prefix``,
            ``min_label_share``, ``source_grid``.
    """
    if select is not None:
        settings["select"] = {"column": select[0], "value": select[1]}
    if folds is not None:
        settings["folds"] = {"chunks": folds[0], "index": folds[1]}
    return _plan("chips", features, settings, seed, batches, batch_size)


def plan_roads(
    roads: TableLike,
    *,
    interval_m: float = 10.0,
    sides: Sequence[str] = ("left", "right"),
    areas: TableLike | None = None,
    area_name: str | None = None,
    order: str = "fold",
    join_ways: bool = False,
    seed: int = 1,
    batches: int = 50,
    batch_size: int | None = None,
    **settings: Any,
) -> Plan:
    """A point every so many metres along every road, with directions to look and an order to visit.

    Args:
        roads: Lines, or the path of an OpenStreetMap extract (``.osm.pbf``) or of a CSV of points.
        interval_m: Metres between points.
        sides: ``left``, ``right``, ``leftup``, ``rightup``, ``up``, ``ahead``.
        areas: Polygons of towns; points in none are dropped.
        area_name: Column of the towns' names.
        order: Visiting order: ``"fold"`` or ``"gap"``.
        join_ways: Join ways of one name that meet end to end.
        **settings: Further settings of a study's plan, such as ``compat="ons-2017"``.
    """
    asked = {"interval_m": interval_m, "sides": list(sides), "order": order, "join_ways": join_ways, "area_name": area_name}
    towns = None if areas is None else native(areas)
    if towns is not None:
        asked["areas"] = str(areas) if is_path(areas) else "areas"
    return _plan("roads", roads, asked | settings, seed, batches, batch_size, towns)


def _plan(
    kind: str,
    data: TableLike,
    settings: dict[str, Any],
    seed: int,
    batches: int,
    batch_size: int | None,
    towns: _transect.Table | None = None,
) -> Plan:
    given = {name: value for name, value in settings.items() if value is not None}
    given |= {"kind": kind, "file": str(data) if is_path(data) else "table"}
    in_parts = is_path(data) and str(data).lower().endswith((".pbf", ".osm", ".osm.gz", ".osm.bz2"))
    samples, told = _transect.plan(
        data if in_parts else native(data), json.dumps(given), seed, batches, batch_size, towns
    )
    plan = Plan(like(data)(samples), json.loads(told))
    for note in plan.notes:
        warnings.warn(note, stacklevel=3)
    return plan
