"""Pages to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Union

from transect._clusters import Clustering
from transect._studies import StudyRun
from transect._tables import PathLike


def report(result: Union[Clustering, StudyRun], path: Union[PathLike, None] = None) -> str:
    """The page of a clustering or of a study, as HTML that needs no network; written to ``path`` if that is given."""
    if isinstance(result, Clustering):
        page = result.page(Path(path).name if path is not None else "table")
    elif isinstance(result, StudyRun):
        if result.report is None:
            raise ValueError("the study left no report")
        page = result.report.read_text(encoding="utf-8")
    else:
        raise TypeError(f"expected what cluster() or run() gave, not {type(result).__name__}")
    if path is not None:
        Path(path).write_text(page, encoding="utf-8")
    return page
