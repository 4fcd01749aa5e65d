"""The code blocks of README and docs: what is run as written, and what only where its reader has an account or a clone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# A mark stands in a paragraph of its own before the block, where readers see it.
MARKS = {
    "Needs an AWS account.": "aws",
    "Needs a key of the image service.": "key",
    "In a clone of the repository.": "clone",
    "Needs files of your own.": "files",
    "Needs further Python packages.": "packages",
}
COMMANDS = {"sh", "console"}
FILE_NAME = re.compile(r"^# ([\w./-]+\.(?:toml|json))$")


@dataclass(frozen=True)
class Block:
    """A fenced block."""

    document: str
    line: int
    language: str
    text: str
    mark: str | None

    @property
    def file(self) -> str | None:
        """The name of the file that the block shows, if its first line says so."""
        named = FILE_NAME.match(self.text.split("\n", 1)[0])
        return named and named.group(1)

    def commands(self) -> list[tuple[str, list[str]]]:
        """Each command with the output that is shown below it; lines that end in a backslash go on."""
        found: list[tuple[str, list[str]]] = []
        if self.language == "console":
            for line in self.text.splitlines():
                if line.startswith("$ "):
                    found.append((line[2:], []))
                elif found:
                    found[-1][1].append(line)
            return found
        for line in self.text.splitlines():
            if found and found[-1][0].endswith("\\"):
                found[-1] = (found[-1][0][:-1] + line.strip(), [])
            elif line.strip() and not line.startswith("#"):
                found.append((line, []))
        return found


def documents() -> list[Path]:
    """README and all pages."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "examples").rglob("*.md"))]


def blocks(document: Path) -> list[Block]:
    """The fenced blocks of a document, in order."""
    found, mark, inside = [], None, None
    for number, line in enumerate(document.read_text().splitlines(), 1):
        if inside is not None:
            if line.strip() == "```":
                start, language, lines = inside
                found.append(Block(str(document.relative_to(ROOT)), start, language, "\n".join(lines), mark))
                inside, mark = None, None
            else:
                inside[2].append(line)
        elif line.startswith("```"):
            inside = (number, line[3:].strip(), [])
        elif line.strip():
            said = line.strip().strip("*")
            mark = MARKS.get(said) if line.strip() == f"*{said}*" else None
    if inside is not None:
        raise ValueError(f"{document}: the block of line {inside[0]} does not end")
    return found
