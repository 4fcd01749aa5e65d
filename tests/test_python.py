"""The wheel: installed into an empty environment, its program and its module give what the program built by cargo gives."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import venv
from pathlib import Path

import pytest
from cloud import run_transect

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = ["--weight", "population", "--target-weight", "60", "--target-radius", "1600"]
FILES = ["clustered_town.parquet", "clusters_town.parquet", "clusters_town.json", "clusters_town.html"]


def built_wheel() -> Path:
    folder = Path(os.environ.get("TRANSECT_WHEELS", ROOT / "dist"))
    wheels = sorted(folder.glob("transect-*.whl"), key=lambda path: path.stat().st_mtime)
    if not wheels:
        pytest.skip(f"no wheel in {folder}: `make wheel` builds it")
    return wheels[-1]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and nothing else."""
    wheel = built_wheel()
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", "--no-index", wheel], check=True)
    return folder


@pytest.fixture(scope="module")
def place(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the demo leaves."""
    folder = tmp_path_factory.mktemp("demo") / "made"
    run_transect(programs, "demo", folder, "--no-open")
    return folder


def python(environment: Path, folder: Path, script: str, packages: bool = False) -> str:
    """Runs a script; `packages` lets it see geopandas and the other packages of the tests."""
    # After the environment's own: the wheel that is tested comes first.
    others = next(path for path in sys.path if path.endswith("site-packages"))
    seen = f"import sys; sys.path.append({others!r})\n" if packages else ""
    done = subprocess.run(
        [environment / "bin" / "python", "-c", seen + textwrap.dedent(script)],
        cwd=folder,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_program_is_installed(environment: Path, tmp_path: Path):
    program = environment / "bin" / "transect"
    assert subprocess.run([program, "--version"], text=True, capture_output=True, check=True).stdout.startswith("transect ")
    subprocess.run([program, "demo", "--no-open"], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "transect-demo" / "clusters_town.html").stat().st_size > 10_000
    wrong = subprocess.run([program, "cluster", "none.parquet", "x.parquet"], cwd=tmp_path, text=True, capture_output=True, check=False)
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("error: none.parquet: ")


def test_manual_pages_and_completions_are_installed(environment: Path):
    share = environment / "share"
    assert (share / "man/man1/transect-cluster.1").read_text().startswith(".ie")
    assert "transect" in (share / "bash-completion/completions/transect").read_text()


def test_clusters_equal_those_of_the_command_line(environment: Path, place: Path, tmp_path: Path):
    python(
        environment,
        tmp_path,
        f"""
        import transect
        made = transect.cluster({str(place / "town.parquet")!r}, weight="population", target_weight=60, target_radius=1600)
        assert made.report["clusters"] == len(made.clusters) == 28
        made.write("clustered_town.parquet")
        """,
    )
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (place / name).read_bytes(), name


def test_every_kind_of_table_gives_the_same_clusters(environment: Path, place: Path):
    """As a GeoDataFrame, a pyarrow table, and a polars frame with longitudes and latitudes of the cells' own centroids."""
    python(
        environment,
        place,
        """
        import geopandas, polars, pyarrow.parquet, transect
        settings = dict(weight="population", target_weight=60, target_radius=1600)
        frame = geopandas.read_parquet("town.parquet")
        expected = transect.cluster("town.parquet", **settings)
        ids = expected.table.to_geopandas().set_index("grid_id").cluster_id
        for data in (frame, pyarrow.parquet.read_table("town.parquet")):
            made = transect.cluster(data, **settings)
            assert type(made.table) is type(data) and type(made.clusters) is type(data)
            assert made.report == expected.report
        made = transect.cluster(frame, **settings)
        assert made.table.crs == frame.crs
        assert (made.table.set_index("grid_id").cluster_id == ids).all()

        import warnings; warnings.simplefilter('ignore')
        centres = frame.geometry.centroid
        flat = polars.DataFrame({"grid_id": frame.grid_id.to_list(), "population": frame.population.to_list(), "lon": centres.x.to_list(), "lat": centres.y.to_list()})
        made = transect.cluster(flat, **settings)
        assert isinstance(made.table, polars.DataFrame) and made.table["cluster_id"].null_count() == 0
        assert abs(made.report["total_weight"] - expected.report["total_weight"]) < 1e-6
        """,
        packages=True,
    )


def test_plans_equal_those_of_the_command_line(environment: Path, programs: Path, place: Path, tmp_path: Path):
    run_transect(programs, "plan", "areas", place / "place" / "areas.parquet", "--id", "area_id", "--per-area", 3, "--seed", 7, "--out", tmp_path)
    run_transect(programs, "plan", "roads", place / "place" / "roads.parquet", "--interval", 20, "--out", tmp_path / "roads")
    python(
        environment,
        place,
        f"""
        import geopandas, transect
        for areas in ("place/areas.parquet", geopandas.read_parquet("place/areas.parquet")):
            plan = transect.plan_areas(areas, id="area_id", per_area=3, seed=7)
            samples = plan.samples if len(plan.samples) == 0 or hasattr(plan.samples, "geometry") else plan.samples.to_geopandas()
            told = geopandas.read_parquet({str(tmp_path / "samples.parquet")!r})
            assert samples.drop(columns="geometry").equals(told.drop(columns="geometry"))
            assert samples.geometry.geom_equals(told.geometry).all()
        roads = transect.plan_roads("place/roads.parquet", interval_m=20).samples.to_geopandas()
        assert roads.sample_id.equals(geopandas.read_parquet({str(tmp_path / "roads/samples.parquet")!r}).sample_id)
        """,
        packages=True,
    )


def test_a_study_gives_the_tables_of_the_command_line(environment: Path, place: Path):
    python(
        environment,
        place,
        """
        import transect
        seen = []
        run = transect.run("study.toml", "from-python", progress=lambda *counts: seen.append(counts))
        assert (run.done, run.failed) == (run.samples, 0)
        assert seen[-1] == (run.samples, 0, run.samples)
        assert run.tables["areas"].read_bytes() == open(f"out/tables/{run.plan_id}/areas.parquet", "rb").read()
        assert transect.report(run) == open(f"out/reports/{run.plan_id}/index.html").read()
        """,
    )


def test_pictures_are_measured_as_on_the_command_line(environment: Path):
    """A quarter of a meadow, of 8 and of 16 bits; a float array has no white."""
    python(
        environment,
        Path.cwd(),
        """
        import numpy, transect
        pixels = numpy.full((40, 40, 3), 128, numpy.uint8)
        pixels[:20, :20] = (90, 120, 70)
        assert transect.green(pixels) == transect.green(pixels.astype(numpy.uint16) * 257) == 0.25
        assert transect.green(pixels[::2, ::2]) == 0.25
        assert transect.measure(pixels[..., 0], ["green", "blank"]) == {"green": 0.0, "blank": 0.75}
        assert transect.measure(b"<html>too many requests</html>")["status"] == "unreadable"
        try:
            transect.green(pixels / 255)
        except TypeError as told:
            assert "float64" in str(told)
        else:
            raise AssertionError("a guess was made")
        """,
        packages=True,
    )


@pytest.mark.parametrize(
    ("call", "name", "builtin", "told"),
    [
        ("cluster('none.parquet')", "NotFound", "FileNotFoundError", "none.parquet: "),
        ("cluster('town.parquet', target_weight=-1)", "InvalidInput", "ValueError", "desired_cluster_weight"),
        ("cluster('town.parquet', tarket_radius=3)", "InvalidInput", "ValueError", "tarket_radius"),
        ("plan_areas('town.parquet', id='nope', per_area=1)", "InvalidInput", "ValueError", "nope"),
        ("run({'name': 'x'})", "InvalidStudy", "ValueError", "plan"),
    ],
)
def test_errors_have_names(environment: Path, place: Path, call: str, name: str, builtin: str, told: str):
    python(
        environment,
        place,
        f"""
        import transect
        try:
            transect.{call}
        except {builtin} as error:
            assert isinstance(error, transect.errors.{name}) and isinstance(error, transect.TransectError), type(error)
            assert {told!r} in str(error), error
        else:
            raise AssertionError("no error")
        """,
    )


def test_ctrl_c_stops_and_others_go_on_meanwhile(environment: Path, programs: Path, tmp_path: Path):
    """The interpreter's lock is free while a table is clustered, and Ctrl-C raises KeyboardInterrupt well before the end."""
    run_transect(programs, "generate", "town", tmp_path / "large.parquet", "--cells", 300_000)
    python(
        environment,
        tmp_path,
        """
        import os, signal, threading, time, transect
        # Whoever starts the tests in the background has Ctrl-C ignored, and children inherit that.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        ticks = []
        def tick():
            while True:
                ticks.append(time.monotonic()); time.sleep(0.02)
        threading.Thread(target=tick, daemon=True).start()
        threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        begun = time.monotonic()
        try:
            transect.cluster("large.parquet", starts=400, target_weight=60)
        except KeyboardInterrupt:
            assert len(ticks) > 10, len(ticks)
        else:
            raise AssertionError("the work went on")
        """,
    )


def test_outputs_open_elsewhere(place: Path):
    """In the reader that QGIS has (GDAL by pyogrio), in DuckDB and in geopandas."""
    import duckdb
    import geopandas
    import pyogrio

    out = next((place / "out" / "tables").iterdir())
    count = len(geopandas.read_parquet(out / "areas.parquet"))
    assert count == len(pyogrio.read_dataframe(out / "areas.geojson")) == 16
    for path in (place / "clustered_town.parquet", place / "clusters_town.parquet", out / "areas.parquet", out / "ledger.parquet"):
        rows = duckdb.sql(f"select count(*) from read_parquet('{path}')").fetchall()[0]
        frame = geopandas.read_parquet(path)
        assert rows == (len(frame),) and frame.crs is not None, path


@pytest.mark.parametrize("notebook", sorted((ROOT / "examples").glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_runs(environment: Path, notebook: Path, tmp_path: Path, monkeypatch):
    """From beginning to end, with the program and the module of the wheel."""
    import nbclient
    import nbformat

    inside = subprocess.run(
        [environment / "bin" / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True, capture_output=True, check=True
    ).stdout.strip()
    monkeypatch.setenv("PATH", f"{environment / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", inside)
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    read = nbformat.read(notebook, as_version=4)
    nbclient.NotebookClient(read, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
