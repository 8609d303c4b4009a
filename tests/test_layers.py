"""Imports only go down: flows → task.py → pure modules → shared plain Python."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from source import CODE, ROOT, flow_functions, imports, relative, strings, tree

# Who may import what, by path.
MAY_IMPORT = {
    "flows": r"flows/.*",
    "prefect": r"flows/.*|tasks/\w+/task\.py|tasks/stage\.py",
    "great_expectations": r"tasks/gate/.*",
    "tasks.stage": r"tasks/\w+/task\.py",
    # Fits and journals are files; pictures are drawn of a connection that is handed to them.
    "tasks.storage": r"tasks/\w+/task\.py|tasks/llm/\w+\.py|tasks/topics/taxonomy\.py"
    r"|flows/(scope|cli|options|status)\.py",
    "tasks.warehouse": r"tasks/\w+/task\.py|tasks/topics/pictures/write\.py|tasks/publish/events\.py"
    r"|flows/((topics|releases)_report|scope|status)\.py",
    r"tasks\.\w+\.task": r"flows/.*|tasks/\w+/task\.py",
}
PURE = [
    path
    for path in CODE
    if relative(path).startswith("tasks/")
    and path.name not in {"task.py", "stage.py", "__init__.py"}
    and path.parent.name != "gate"
]

IMPORT_ALL = """
import importlib, json, sys
culprits = {}
for name in sys.argv[1:]:
    importlib.import_module(name)
    found = [heavy for heavy in ("prefect", "great_expectations") if heavy in sys.modules]
    if found:
        culprits[name] = found
        break
print(json.dumps(culprits))
"""

# A statement, not prose that has one of its words in it.
SQL = re.compile(
    r"\bselect\b[\s\S]+\bfrom\s+\w+|\binsert\s+(or\s+\w+\s+)?into\b|\bdelete\s+from\b|\bupdate\s+\w+\.\w+\s+set\b"
    r"|\b(create|drop|alter)\s+(or\s+replace\s+)?(temp\s+)?(table|view|schema)\b",
    re.IGNORECASE,
)


def test_no_pure_module_brings_prefect_or_great_expectations_with_it() -> None:
    names = [relative(path).removesuffix(".py").replace("/", ".") for path in PURE]
    command = [sys.executable, "-W", "ignore", "-c", IMPORT_ALL, *names]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert json.loads(output) == {}


@pytest.mark.parametrize(("module", "places"), MAY_IMPORT.items(), ids=list(MAY_IMPORT))
def test_only_its_layer_imports(module: str, places: str) -> None:
    importers = {
        relative(path)
        for path in CODE
        if any(re.match(rf"({module})(\.|$)", name) for name in imports(tree(path)))
    }
    assert importers
    assert not {path for path in importers if not re.fullmatch(places, path)}


@pytest.mark.parametrize(
    "path", [path for path in CODE if relative(path) != "tasks/warehouse.py"], ids=relative
)
def test_no_sql_is_written_in_python(path: Path) -> None:
    assert not [text for text in strings(tree(path)) if SQL.search(text)]


def test_sql_is_told_from_prose() -> None:
    assert SQL.search("select a\nfrom core.prompts")
    assert SQL.search("INSERT INTO t values (1)")
    assert not SQL.search("Lower select.min_score, or bring more prompts; update the program")


def test_a_flow_is_a_list_of_steps() -> None:
    flows = list(flow_functions())
    assert flows
    for path, function in flows:
        lines = (function.end_lineno or 0) - function.body[0].lineno + 1
        assert lines <= 40, f"{relative(path)}: {function.name} has {lines} lines"
        branches = [node for node in ast.walk(function) if isinstance(node, ast.If | ast.IfExp | ast.Match)]
        assert not branches, f"{relative(path)}: {function.name} decides something"
