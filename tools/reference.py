"""Writes the pages of docs/reference from the code: keys of a study, errors, the Python module, and the commands.

    python tools/reference.py docs/reference [--program target/release/transect]

The commands are left as they are without a program. `tests/test_documents.py` keeps the pages in step.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MADE = "<!-- Made by `make reference`: change the code instead. -->\n"
UNITS = {"_m": "metres", "_px": "pixels", "_km2": "per square kilometre", "per_second": "requests a second"}


def study_page() -> str:
    schema = json.loads((ROOT / "statemachines/schemas/study.schema.json").read_text())
    defined = schema["$defs"]
    page = [
        "# Keys of a study\n",
        MADE,
        "A study is a TOML file; an event carries the same keys as JSON. `transect check` names every key that is wrong.",
        "Editors complete and check a study whose first line names the schema:\n",
        "```toml\n#:schema https://raw.example.org/transect/study.schema.json\n```\n".replace(
            "https://raw.example.org/transect/", "./"
        ),
        "`transect schema > study.schema.json` writes the schema beside the study.\n",
        "## The study\n",
        *keys(schema, defined),
    ]
    parts = [("plan", "Plan"), ("source", "Source"), ("picture", "Picture"), ("measures", "MeasureSpec"), ("limits", "Limits"), ("filling", "Filling")]
    for key, name in parts:
        definition = defined[name]
        variants = [v for v in definition.get("oneOf", []) + definition.get("anyOf", []) if "properties" in v]
        for variant in variants or [definition]:
            kind = variant.get("properties", {}).get("kind", {}).get("const")
            page.append(f"## `[{key}]`" + (f" with `kind = \"{kind}\"`" if kind else "") + "\n")
            page.append(one_line(variant.get("description", "")) + "\n")
            page += keys(variant, defined)
    used = set()
    page.append("## Values by name\n")
    for name, definition in sorted(defined.items()):
        choices = names_of(definition)
        if choices and name not in used:
            page.append(f"### {name}\n\n{one_line(definition.get('description', ''))}\n\n| value | what |\n| --- | --- |")
            page += [f"| `\"{value}\"` | {cell(about)} |" for value, about in choices]
            page.append("")
    return "\n".join(page)


def keys(schema: dict, defined: dict) -> list[str]:
    """A table of an object's keys."""
    rows = ["| key | type | default | unit | what |", "| --- | --- | --- | --- | --- |"]
    required = set(schema.get("required", []))
    for key, value in schema.get("properties", {}).items():
        if key == "kind":
            continue
        default = "required" if key in required else literal(value.get("default"))
        rows.append(f"| `{key}` | {type_of(value, defined)} | {default} | {unit(key)} | {cell(value.get('description', ''))} |")
    return [*rows, ""]


def unit(key: str) -> str:
    return next((unit for suffix, unit in UNITS.items() if key.endswith(suffix)), "")


def literal(default: object) -> str:
    if default is None or default == []:
        return "–"
    if isinstance(default, dict):
        return "as below"
    return f"`{json.dumps(default)}`"


def type_of(value: dict, defined: dict) -> str:
    if "const" in value:
        return f"`{json.dumps(value['const'])}`"
    if "enum" in value:
        return ", ".join(f"`\"{item}\"`" for item in value["enum"] if item is not None)
    if "$ref" in value:
        name = value["$ref"].rsplit("/", 1)[-1]
        choices = names_of(defined[name])
        return ", ".join(f"`\"{choice}\"`" for choice, _ in choices) if choices else f"{name}"
    for union in ("anyOf", "oneOf"):
        if union in value:
            kinds = [type_of(item, defined) for item in value[union] if item.get("type") != "null"]
            return " or ".join(dict.fromkeys(kinds))
    kind = value.get("type", "anything")
    kinds = [item for item in (kind if isinstance(kind, list) else [kind]) if item != "null"]
    if kinds == ["array"]:
        return f"list of {type_of(value.get('items', {}), defined)}"
    return " or ".join(kinds)


def names_of(definition: dict) -> list[tuple[str, str]]:
    """The values of a definition that is a choice of names."""
    if "enum" in definition:
        return [(name, "") for name in definition["enum"]]
    choices = definition.get("oneOf", [])
    if choices and all("const" in choice or "enum" in choice for choice in choices):
        return [
            (name, choice.get("description", ""))
            for choice in choices
            for name in ([choice["const"]] if "const" in choice else choice["enum"])
        ]
    return []


def one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def cell(text: str) -> str:
    return one_line(text).replace("|", "\\|")


def errors_page() -> str:
    code = (ROOT / "crates/contracts/src/fault.rs").read_text()
    enum = code.split("pub enum FaultName {", 1)[1].split("}", 1)[0]
    found = re.findall(r"((?:\s*///[^\n]*\n)+)\s*(\w+),", enum)
    raised = {node.name: [base.id for base in node.bases if isinstance(base, ast.Name)] for node in classes(ROOT / "python/transect/errors.py")}
    rows = [
        f"| `{name}` | {cell(' '.join(re.findall(r'///(.*)', about)))} | {', '.join(f'`{base}`' for base in raised.get(name, []))} |"
        for about, name in found
    ]
    return "\n".join(
        [
            "# Errors by name\n",
            MADE,
            "The command line, the Lambda functions, the state machines and the Python module use the same names.",
            "In Python each is a class of `transect.errors`. What is tried again on AWS:",
            "[operations](../operations.md#failures).\n",
            "| name | when | in Python also a |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )


def classes(path: Path) -> list[ast.ClassDef]:
    return [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]


def python_page() -> str:
    folder = ROOT / "python/transect"
    listed = ast.parse((folder / "__init__.py").read_text())
    public = next(ast.literal_eval(node.value) for node in listed.body if isinstance(node, ast.Assign) and node.targets[0].id == "__all__")
    nodes = {
        node.name: node
        for path in sorted(folder.glob("_*.py"))
        for node in ast.parse(path.read_text()).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }
    page = ["# The Python module\n", MADE, "How to begin: [Python](../python.md). Errors: [errors by name](errors.md).\n"]
    for name in public:
        node = nodes.get(name)
        if isinstance(node, ast.FunctionDef):
            page.append(f"## `{name}`\n\n```python\n{signature(node)}\n```\n\n{docstring(node)}\n")
        elif isinstance(node, ast.ClassDef):
            page.append(f"## class `{name}`\n\n{docstring(node)}\n")
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
                    page.append(f"### `{name}.{method.name}`\n\n{docstring(method)}\n")
    return "\n".join(page)


def signature(node: ast.FunctionDef) -> str:
    arguments = ast.unparse(node.args)
    text = f"{node.name}({arguments})"
    if len(text) > 100:
        parts = re.split(r", (?![^\[(]*[\])])", arguments)
        text = f"{node.name}(\n" + "".join(f"    {part},\n" for part in parts) + ")"
    return text


def docstring(node: ast.AST) -> str:
    """The docstring as Markdown: sections of arguments become lists."""
    lines, out = (ast.get_docstring(node) or "").splitlines(), []
    for line in lines:
        section = re.fullmatch(r"(Args|Returns|Raises|Attributes):", line)
        named = re.fullmatch(r"    (\*{0,2}[\w.]+): (.*)", line)
        if section:
            out.append(f"{ {'Args': 'Arguments'}.get(section.group(1), section.group(1)) }:\n")
        elif named:
            out.append(f"- `{named.group(1)}`: {named.group(2)}")
        elif line.startswith("        "):
            out.append("  " + line.strip())
        else:
            out.append(line[4:] if line.startswith("    ") else line)
    return re.sub(r":\w+:`([^`]+)`", r"`\1`", "\n".join(out)).replace("``", "`")


def commands_page(program: Path) -> str:
    """What `--help` says of every command."""
    page = ["# Commands\n", MADE]

    def told(*words: str) -> str:
        environment = {"COLUMNS": "110", "NO_COLOR": "1", "PATH": ""}
        done = subprocess.run([program, *words, "--help"], text=True, capture_output=True, check=True, env=environment)
        return done.stdout

    def add(*words: str) -> None:
        text = told(*words)
        page.append(f"## `{' '.join(['transect', *words])}`\n\n```text\n{text.rstrip()}\n```\n")
        listed = re.search(r"^Commands:\n((?:  .*\n|\n)+)", text, re.MULTILINE)
        for name in re.findall(r"^  ([a-z][a-z-]*)", listed.group(1), re.MULTILINE) if listed else []:
            if name != "help":
                add(*words, name)

    add()
    return "\n".join(page)


def pages(program: Path | None) -> dict[str, str]:
    made = {"study.md": study_page(), "errors.md": errors_page(), "python.md": python_page()}
    if program:
        made["commands.md"] = commands_page(program)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--program", type=Path)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages(arguments.program).items():
        (arguments.folder / name).write_text(text.rstrip() + "\n")


if __name__ == "__main__":
    main()
