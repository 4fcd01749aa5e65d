"""Draws docs/images/architecture.svg: the members of the workspace, in layers, as cargo knows them.

    cargo metadata --no-deps --format-version 1 | python tools/draw_architecture.py docs/images/architecture.svg

A crate stands one layer above the highest crate it uses. Lines that follow from other lines are left out.
"""

from __future__ import annotations

import json
import sys
from html import escape
from pathlib import Path

# Crates without work of their own.
LEFT_OUT = {"workspace-hack", "workspace-hack-network"}
WIDTH, BOX, HEIGHT, GAP = 1120, 132, 40, 52
STYLE = """
svg { background: #fff; font: 13px system-ui, sans-serif }
rect { fill: #eef3f8; stroke: #33536e; rx: 5 }
.function rect { fill: #fdf1e3; stroke: #8a5a1c }
.face rect { fill: #e9f5ea; stroke: #2f6b37 }
text { fill: #1b2733; text-anchor: middle }
path { fill: none; stroke: #7d8fa0; stroke-width: 1.2 }
"""


def members(metadata: dict) -> dict[str, dict]:
    """Name, folder and uses of each member."""
    packages = {package["name"]: package for package in metadata["packages"] if package["name"] not in LEFT_OUT}
    return {
        name: {
            "folder": Path(package["manifest_path"]).parent.relative_to(metadata["workspace_root"]).as_posix(),
            "about": package["description"] or "",
            "uses": {used["name"] for used in package["dependencies"] if used["kind"] is None and used["name"] in packages},
        }
        for name, package in packages.items()
    }


def layers(uses: dict[str, set[str]]) -> list[list[str]]:
    """Names by layer, the lowest first."""
    level: dict[str, int] = {}

    def level_of(name: str) -> int:
        if name not in level:
            level[name] = 1 + max((level_of(used) for used in uses[name]), default=-1)
        return level[name]

    for name in uses:
        level_of(name)
    return [sorted(name for name in uses if level[name] == at) for at in range(max(level.values()) + 1)]


def reaches(uses: dict[str, set[str]], start: str, end: str) -> bool:
    return any(used == end or reaches(uses, used, end) for used in uses[start])


def draw(found: dict[str, dict]) -> str:
    # All functions are one box: each is thin and uses what it needs.
    functions = {name for name, member in found.items() if member["folder"].startswith("functions/")}
    uses = {name: set(member["uses"]) - functions for name, member in found.items() if name not in functions}
    uses["functions"] = set().union(*(found[name]["uses"] for name in functions)) - functions
    about = {name: member["about"] for name, member in found.items()} | {"functions": "one Lambda function each: " + ", ".join(sorted(functions))}
    if any(found[name]["uses"] & functions for name in uses if name in found):
        uses["transect"] = uses["transect"] | {"functions"}
    rows = layers(uses)
    place: dict[str, tuple[float, float]] = {}
    for number, row in enumerate(reversed(rows)):
        step = WIDTH / len(row)
        for index, name in enumerate(row):
            place[name] = (step * (index + 0.5), 30 + number * (HEIGHT + GAP))
    lines, boxes = [], []
    for name, (x, y) in place.items():
        for used in sorted(uses[name]):
            if any(other != used and reaches(uses, other, used) for other in uses[name]):
                continue
            to_x, to_y = place[used]
            middle = (y + HEIGHT + to_y) / 2
            lines.append(f'<path d="M{x:.0f} {y + HEIGHT:.0f}C{x:.0f} {middle:.0f} {to_x:.0f} {middle:.0f} {to_x:.0f} {to_y:.0f}"/>')
        kind = {"functions": "function", "transect": "face", "transect-python": "face"}.get(name, "crate")
        label = {"transect": "cli (transect)", "transect-python": "python"}.get(name, name)
        boxes.append(
            f'<g class="{kind}"><title>{escape(about[name])}</title>'
            f'<rect x="{x - BOX / 2:.0f}" y="{y:.0f}" width="{BOX}" height="{HEIGHT}"/><text x="{x:.0f}" y="{y + 25:.0f}">{label}</text></g>'
        )
    height = 60 + len(rows) * (HEIGHT + GAP)
    body = "\n".join(lines + boxes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height - GAP}" role="img" '
        f'aria-label="The crates of the workspace and which uses which"><style>{STYLE}</style>\n{body}\n</svg>\n'
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(draw(members(json.load(sys.stdin))))
