"""Tables in and out: whatever comes in, the same kind goes out."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Union

from transect import _transect

if TYPE_CHECKING:
    import geopandas
    import pandas
    import polars
    import pyarrow

#: A path, a GeoDataFrame, a polars frame, a pyarrow table, a Table, or anything with ``__arrow_c_stream__``.
TableLike = Any
PathLike = Union[str, "os.PathLike[str]"]


class Table:
    """A table of typed columns, at most one of them its geometry in a known coordinate reference system.

    Made by :func:`open_table` and by the functions of this module when they are given a path. ``pyarrow.table(table)``,
    DuckDB and others that know ``__arrow_c_stream__`` take it as it is, where pyarrow is installed.
    """

    def __init__(self, data: TableLike, **options: Any) -> None:
        """Take over ``data``; options as of :func:`open_table`."""
        self._native = native(data, **options)

    @classmethod
    def _of(cls, table: _transect.Table) -> Table:
        made = cls.__new__(cls)
        made._native = table
        return made

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        return self._native.num_rows

    @property
    def column_names(self) -> list[str]:
        """The names of the columns, in order."""
        return self._native.column_names

    @property
    def geometry_column(self) -> str | None:
        """The name of the geometry column; None where there is none."""
        return self._native.geometry_column

    @property
    def crs(self) -> str | None:
        """The reference system, such as ``EPSG:4326``; None where it is unknown."""
        return self._native.crs

    def to_arrow(self) -> pyarrow.Table:
        """As a pyarrow table; geometries, if any, as Well-Known Binary with the metadata of GeoParquet."""
        import pyarrow.parquet

        return pyarrow.parquet.read_table(io.BytesIO(self._native.to_parquet()))

    def to_geopandas(self) -> geopandas.GeoDataFrame:
        """As a GeoDataFrame."""
        import geopandas

        return geopandas.read_parquet(io.BytesIO(self._native.to_parquet()))

    def to_pandas(self) -> pandas.DataFrame:
        """As a DataFrame; geometries, if any, as Well-Known Binary."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> polars.DataFrame:
        """As a polars frame; geometries, if any, as Well-Known Binary."""
        import polars

        return polars.read_parquet(io.BytesIO(self._native.to_parquet()))

    def write(self, path: PathLike) -> None:
        """Write the file whole or not at all; its extension says in which format (GeoParquet)."""
        self._native.write(path)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def __len__(self) -> int:
        return self.num_rows

    def __repr__(self) -> str:
        where = f", {self.geometry_column} in {self.crs or 'an unknown CRS'}" if self.geometry_column else ""
        return f"<transect.Table: {self.num_rows} rows, {len(self.column_names)} columns{where}>"


def open_table(
    path: PathLike,
    *,
    assume_crs: str | None = None,
    lon_column: str | None = None,
    lat_column: str | None = None,
) -> Table:
    """Open GeoParquet, GeoJSON, CSV with longitudes and latitudes, FlatGeobuf or a Shapefile.

    Args:
        path: The file; a Shapefile may be zipped.
        assume_crs: The reference system of a file that states none, such as ``"EPSG:4326"``.
        lon_column: The column of longitudes or eastings of a table without geometries.
        lat_column: The column of latitudes or northings.
    """
    options = {"assume_crs": assume_crs, "lon_column": lon_column, "lat_column": lat_column}
    return Table._of(_transect.Table.open(path, **options))


def is_path(data: object) -> bool:
    """Whether ``data`` names a file."""
    return isinstance(data, (str, os.PathLike))


#: What columns of longitudes and latitudes are called in a frame without geometries, as in CSV.
_LONGITUDES = ("longitude", "lon", "lng", "long")
_LATITUDES = ("latitude", "lat")


def native(data: TableLike, **options: Any) -> _transect.Table:
    """The native table of anything that is a table."""
    table = _native(data, options)
    if table.geometry_column is None and options.get("lon_column") is None and not is_path(data):
        lon, lat = (_named(table.column_names, names) for names in (_LONGITUDES, _LATITUDES))
        if lon is not None and lat is not None:
            return _native(data, options | {"lon_column": lon, "lat_column": lat})
    return table


def _named(columns: list[str], names: tuple[str, ...]) -> str | None:
    return next((column for name in names for column in columns if column.lower() == name), None)


def _native(data: TableLike, options: dict[str, Any]) -> _transect.Table:
    if isinstance(data, Table):
        return data._native
    if isinstance(data, _transect.Table):
        return data
    if is_path(data):
        return _transect.Table.open(data, **options)
    if _is_geopandas(data) or _module(data) == "pandas":
        return _transect.Table.from_bytes(_written(data.to_parquet), **options)
    if _module(data) == "polars":
        return _transect.Table.from_bytes(_written(data.write_parquet), **options)
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        import pyarrow
        import pyarrow.parquet

        table = pyarrow.table(data)
        return _transect.Table.from_bytes(_written(lambda file: pyarrow.parquet.write_table(table, file)), **options)
    if hasattr(data, "__geo_interface__"):
        raise TypeError("expected a table: make a GeoDataFrame of these features first (GeoDataFrame.from_features)")
    raise TypeError(f"expected a path, a GeoDataFrame, or a pyarrow, polars or pandas table, not {type(data).__name__}")


def like(data: TableLike) -> Callable[[_transect.Table], Any]:
    """How a result is given back: as the kind of table that came in."""
    if _is_geopandas(data):
        return lambda table: Table._of(table).to_geopandas()
    kinds = {"polars": "to_polars", "pyarrow": "to_arrow", "pandas": "to_pandas"}
    converter = kinds.get(_module(data))
    return Table._of if converter is None else lambda table: getattr(Table._of(table), converter)()


def _written(write: Callable[[io.BytesIO], object]) -> bytes:
    """What ``write`` puts into a file."""
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def _module(data: object) -> str:
    return type(data).__module__.partition(".")[0]


def _is_geopandas(data: object) -> bool:
    return _module(data) == "geopandas" and hasattr(data, "to_parquet")
