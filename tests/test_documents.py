"""Every command block of README and docs is run as written, in order, in one empty folder a document.

Blocks that need an account, a key, a clone or files of one's own say so in the line above; of those it is checked that
the commands and options exist.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path

import draw_architecture
import pytest
import reference
from documents import COMMANDS, MARKS, ROOT, Block, blocks, documents

ALL = [block for document in documents() for block in blocks(document)]
NAMES = sorted({block.document for block in ALL})
# What a line of a block may show besides languages that readers know.
LANGUAGES = COMMANDS | {"", "csv", "json", "python", "rust", "text", "toml"}
LONGEST_LINE = 120


def environment(programs: Path) -> dict[str, str]:
    """A shell that finds the program, and no account."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MAPBOX", "TRANSECT"))}
    return kept | {"PATH": f"{programs}:{Path(sys.executable).parent}:{kept['PATH']}", "NO_COLOR": "1", "COLUMNS": "120"}


def in_shell(command: str, folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command], cwd=folder, env=env, text=True, capture_output=True, timeout=120, check=False
    )


def is_shown(shown: list[str], printed: str) -> bool:
    """Whether what a document shows is what was printed; `...` stands for anything."""
    pattern = r"\s+".join(re.escape(word) for word in " ".join(shown).split()).replace(re.escape("..."), ".*?")
    return re.fullmatch(pattern, " ".join(printed.split()), re.DOTALL) is not None


@pytest.mark.parametrize("document", NAMES)
def test_commands_run_as_written(document: str, programs: Path, tmp_path: Path):
    env = environment(programs)
    for block in (block for block in ALL if block.document == document):
        if block.file and block.mark is None:
            (tmp_path / block.file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / block.file).write_text(block.text)
        if block.language not in COMMANDS or block.mark is not None:
            continue
        for command, shown in block.commands():
            done = in_shell(command, tmp_path, env)
            where = f"{document}, block of line {block.line}: {command}"
            assert done.returncode == 0, f"{where}\n{done.stdout}{done.stderr}"
            if any(line.strip() for line in shown):
                assert is_shown(shown, done.stdout), f"{where}\nshown:\n{chr(10).join(shown)}\nprinted:\n{done.stdout}"


def words_of(command: str) -> list[str]:
    return shlex.split(command, comments=True)


@pytest.mark.parametrize("document", NAMES)
def test_commands_that_are_not_run_exist(document: str, programs: Path):
    """Subcommands, options and targets of make that marked blocks name."""
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for block in (block for block in ALL if block.document == document and block.language in COMMANDS and block.mark):
        for command, _ in block.commands():
            words = words_of(command)
            where = f"{document}, block of line {block.line}: {command}"
            if "make" in words:
                after = itertools.takewhile(lambda word: word not in {"&&", "|", ";"}, words[words.index("make") + 1 :])
                named = [word for word in after if re.fullmatch(r"[a-z0-9-]+", word)]
                assert set(named) <= targets, where
            if "transect" in words:
                check_options(words[words.index("transect") + 1 :], programs, where)


def check_options(words: list[str], programs: Path, where: str) -> None:
    """Whether the help of a command has its options."""
    command: list[str] = []
    for word in words:
        if not re.fullmatch(r"[a-z-]+", word) or word.startswith("-"):
            break
        told = subprocess.run([programs / "transect", *command, word, "--help"], text=True, capture_output=True, check=False)
        if told.returncode != 0:
            break
        command.append(word)
    assert command, where
    told = subprocess.run([programs / "transect", *command, "--help"], text=True, capture_output=True, check=True).stdout
    for word in words:
        if word.startswith("--"):
            assert re.search(rf"{re.escape(word.split('=')[0])}\b", told), f"{where}: no option {word}"


def test_every_block_says_what_it_is():
    """A block of commands is marked as one; where it needs more than the program, its mark is known."""
    for block in ALL:
        assert block.language in LANGUAGES, f"{block.document}, line {block.line}: a block of {block.language!r}"
        looks_like_commands = re.match(r"\$?\s*(transect|make|cargo|pip|aws) ", block.text)
        assert not (looks_like_commands and block.language == ""), f"{block.document}, line {block.line}: commands without `sh`"


def test_blocks_that_are_not_run_are_the_fewer(record_testsuite_property):
    counted = Counter(block.mark or "run" for block in ALL if block.language in COMMANDS)
    for what, count in sorted(counted.items()):
        record_testsuite_property(f"command blocks: {what}", count)
    print(dict(counted))
    assert counted["run"] > sum(counted[mark] for mark in ("key", "files", "packages")), dict(counted)


@pytest.mark.parametrize("document", ["README.md", "docs/README.md", "docs/architecture.md", "docs/python.md", "examples/README.md"])
def test_lines_are_short(document: str):
    """Of the pages that a newcomer reads first. Rows of a table and commands cannot be broken."""
    free = ("|", "![", "transect ")
    lines = (ROOT / document).read_text().splitlines()
    long = [number for number, line in enumerate(lines, 1) if len(line) > LONGEST_LINE and not line.startswith(free)]
    assert not long, f"{document}: lines {long} are longer than {LONGEST_LINE}"


def links(document: Path) -> list[str]:
    text = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
    return re.findall(r"\]\(([^)\s]+)\)", text)


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path):
    for link in links(document):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        path = (document.parent / target).resolve() if target else document
        assert path.exists(), f"{document.relative_to(ROOT)}: no {link}"
        if anchor and path.suffix == ".md":
            heads = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}
            assert anchor in slugs, f"{document.relative_to(ROOT)}: no {link}"


def test_a_mark_is_known():
    """A mark with a slip of the pen would let a block be run, or be skipped in silence."""
    for document in documents():
        for line in document.read_text().splitlines():
            if re.fullmatch(r"\*(Needs|In a clone)[^*]*\*", line.strip()):
                assert line.strip().strip("*") in MARKS, f"{document.relative_to(ROOT)}: {line}"


def test_output_is_compared():
    assert is_shown(["3 rows ..."], "3 rows in a table\n")
    assert not is_shown(["3 rows"], "4 rows\n")
    block = Block("x", 1, "console", "$ a\nb\n$ c \\", None)
    assert [command for command, _ in block.commands()] == ["a", "c \\"]


def test_the_reference_is_in_step(programs: Path):
    """The pages that are made from the code: `make reference` writes them anew."""
    for name, text in reference.pages(programs / "transect").items():
        assert (ROOT / "docs" / "reference" / name).read_text() == text.rstrip() + "\n", f"docs/reference/{name}: run `make reference`"


def test_the_drawing_of_the_crates_is_in_step():
    told = subprocess.run(["cargo", "metadata", "--no-deps", "--locked", "--format-version", "1"], cwd=ROOT, text=True, capture_output=True, check=True)
    drawn = draw_architecture.draw(draw_architecture.members(json.loads(told.stdout)))
    assert (ROOT / "docs/images/architecture.svg").read_text() == drawn, "run `make reference`"


def test_every_crate_is_in_the_description_of_the_architecture():
    text = (ROOT / "docs/architecture.md").read_text()
    for folder in [*ROOT.glob("crates/*/Cargo.toml"), *ROOT.glob("functions/*/Cargo.toml")]:
        assert f"`{folder.parent.name}`" in text, folder.parent.name


def test_the_site_has_no_dead_links(tmp_path: Path):
    """mkdocs in its strict mode: pages that the navigation lacks, links and anchors that lead nowhere."""
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path], cwd=ROOT, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "index.html").is_file()


@pytest.mark.parametrize(("study", "valid"), [("per_area = 5", True), ("per_aera = 5", False), ('per_area = "five"', False)])
def test_editors_can_check_a_study(study: str, valid: bool, programs: Path, tmp_path: Path):
    """taplo, which editors run, reads the schema that `transect schema` writes, named in the study's first line."""
    schema = subprocess.run([programs / "transect", "schema"], capture_output=True, check=True).stdout
    (tmp_path / "study.schema.json").write_bytes(schema)
    text = next(block.text for block in ALL if block.document == "README.md" and block.file == "study.toml")
    assert "per_area = 5" in text
    (tmp_path / "study.toml").write_text("#:schema ./study.schema.json\n" + text.replace("per_area = 5", study))
    taplo = Path(sys.executable).parent / "taplo"
    done = subprocess.run([taplo, "check", "study.toml"], cwd=tmp_path, text=True, capture_output=True, check=False)
    assert (done.returncode == 0) == valid, done.stderr
    assert valid or "study.toml:" in done.stderr
