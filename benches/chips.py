"""Cuts labelled chips from a local COG by ours and by rasterio in one Python process, and prints one table.

    python3 benches/chips.py [--programs target/release] [--side 71] [--runs 3]

About side x side chips of 256 pixels, overlap 0.8, four bands of 16 bits, labels burnt in as a fifth band, written as
GeoTIFF with deflate. Ours is the whole of `transect run`: plan, chips, ledger, summary, report, catalogue. The peer is
given the plan. A share of the chips is compared, pixel for pixel. The median run by processor time counts.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

from measuring import Cost, median_of, print_table, python_with, run

HERE = Path(__file__).resolve().parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, default=HERE.parent / "target/release")
    parser.add_argument("--side", type=int, default=71, help="chips along a side of the lattice")
    parser.add_argument("--runs", type=int, default=3)
    a = parser.parse_args()
    python = python_with(HERE / "chips-requirements.txt")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run([python, HERE / "chip_inputs.py", "make", folder, a.side])
        run([a.programs / "transect", "plan", folder / "study.toml", "--out", folder / "planned"])
        [samples] = (folder / "planned/plans").glob("*/samples.parquet")
        inputs = [folder / "raster.tif", samples, folder / "fields.parquet"]
        costs: dict[str, list[Cost]] = {"transect run": [], "rasterio windows": []}
        for number in range(a.runs):
            ours, peers = folder / f"ours-{number}", folder / f"peer-{number}"
            costs["transect run"].append(run([a.programs / "transect", "run", folder / "study.toml", "--out", ours]))
            costs["rasterio windows"].append(run([python, HERE / "peers/rasterio_windows.py", *inputs, peers]))
        [pictures] = (folder / "ours-0/images").iterdir()
        folders = {"transect run": pictures, "rasterio windows": folder / "peer-0"}
        command = [python, HERE / "chip_inputs.py", "compare", pictures, folder / "peer-0", "10"]
        same = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout.strip()
        count = len(list(pictures.glob("*.tif")))
        print(f"{count} chips of 256 px, {a.runs} runs each; {same} of them compared: equal\n")
        best = median_of(costs["transect run"]).cpu_s
        rows = []
        for contender, runs in costs.items():
            cost = median_of(runs)
            stored = sum(path.stat().st_size for path in folders[contender].glob("*.tif")) / 1e6
            rows.append([
                contender, f"{cost.cpu_s:.1f}", f"{cost.wall_s:.1f}", f"{1000 * cost.cpu_s / count:.2f}",
                f"{cost.peak_mb:.0f}", f"{stored:.0f}", f"{cost.cpu_s / best:.1f}",
            ])
        print_table(["", "CPU s", "wall s", "CPU ms a chip", "peak MB", "stored MB", "CPU ratio"], rows)


if __name__ == "__main__":
    main()
