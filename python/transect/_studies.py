"""Whole studies on this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Union

from transect import _transect
from transect._tables import PathLike, Table, is_path, open_table

#: Called with the samples done, those that failed, and all there are.
Progress = Callable[[int, int, int], object]


class StudyRun:
    """What a study left in its folder.

    Attributes:
        plan_id: The plan: a hash of the study and its inputs.
        samples: Samples of the plan.
        done: Samples with a row in the ledger.
        failed: Samples that failed in this run; the next run tries them again.
        rejected: Places that could not be planned.
        tables: Files of the tables, by name: ``areas``, ``towns``, ``ledger`` and others.
        maps: Files of the GeoJSON maps, by name.
        report: File of the report, a page that needs no network.
    """

    def __init__(self, out: Path, reply: dict[str, Any]) -> None:
        self.out = out
        self.plan_id: str = reply["plan_id"]
        self.samples: int = reply["samples"]
        self.done: int = reply["done"]
        self.failed: int = reply["failed"]
        self.rejected: int = reply["rejected"]
        self.tables = {Path(key).stem: out / key for key in reply["tables"]}
        self.maps = {Path(key).stem: out / key for key in reply["geojson"]}
        self.report = out / reply["report"] if reply["report"] else None

    def table(self, name: str) -> Table:
        """One of the tables, such as ``"areas"``."""
        if name not in self.tables:
            raise KeyError(f"no table {name!r}; there are {', '.join(sorted(self.tables))}")
        return open_table(self.tables[name])

    def __repr__(self) -> str:
        return f"<transect.StudyRun {self.plan_id}: {self.done} of {self.samples} samples, {self.failed} failed>"


def run(
    study: Union[PathLike, dict[str, Any]],
    out: PathLike = "transect-out",
    *,
    progress: Union[Progress, bool] = False,
) -> StudyRun:
    """Carry out a study on this machine: plan, images, measures, tables, report.

    Ctrl-C stops it; the same call goes on where it stopped.

    Args:
        study: The path of a study in TOML, or its settings as a dictionary. Files that a study in TOML names count from
            its folder, those of a dictionary from the working directory.
        out: Folder for the plan, the images, the tables and the report.
        progress: True for a line on standard error, or a function that is called with the samples done, those that
            failed, and all there are.

    Raises:
        transect.errors.InvalidStudy: The study has mistakes: a line for each.
    """
    if is_path(study):
        path = Path(study)  # type: ignore[arg-type]
        text, folder = path.read_text(encoding="utf-8"), path.parent
    else:
        text, folder = json.dumps(study), Path()
    tell = _line if progress is True else (progress or None)
    reply = json.loads(_transect.run(text, folder, Path(out), tell))
    if progress is True:
        sys.stderr.write("\n")
    return StudyRun(Path(out), reply)


def _line(done: int, failed: int, total: int) -> None:
    sys.stderr.write(f"\r{done + failed} of {total} samples, {failed} failed")
    sys.stderr.flush()
