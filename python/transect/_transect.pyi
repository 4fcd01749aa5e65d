from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any

__version__: str

class Table:
    num_rows: int
    column_names: list[str]
    geometry_column: str | None
    crs: str | None
    @staticmethod
    def open(
        path: str | PathLike[str],
        *,
        assume_crs: str | None = None,
        lon_column: str | None = None,
        lat_column: str | None = None,
    ) -> Table: ...
    @staticmethod
    def from_bytes(
        bytes: bytes,
        *,
        name: str = "table.parquet",
        assume_crs: str | None = None,
        lon_column: str | None = None,
        lat_column: str | None = None,
    ) -> Table: ...
    def to_parquet(self) -> bytes: ...
    def write(self, path: str | PathLike[str]) -> None: ...
    def __len__(self) -> int: ...

def main(arguments: list[str]) -> int: ...
def cluster(table: Table, settings: str, name: str) -> tuple[Table, Table, str]: ...
def cluster_map(table: Table, clusters: Table | None = None) -> str: ...
def cluster_page(table: Table, clusters: Table, report: str, name: str) -> str: ...
def write_clusters(table: Table, clusters: Table, report: str, path: str | PathLike[str]) -> None: ...
def measure_array(samples: bytes, bits: int, height: int, width: int, bands: int, measures: str) -> str: ...
def measure_bytes(bytes: bytes, measures: str) -> str: ...
def plan(
    input: Any,
    settings: str,
    seed: int,
    batches: int,
    batch_size: int | None = None,
    towns: Table | None = None,
) -> tuple[Table, str]: ...
def run(
    study: str,
    folder: Path,
    out: Path,
    progress: Callable[[int, int, int], object] | None = None,
) -> str: ...
