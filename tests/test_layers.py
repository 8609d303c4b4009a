"""Imports only go down: flows → task.py → pure modules → shared plain Python.

A test here reads all of the code, and names each file that breaks its rule and what it does.
"""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache

from tests.source import CODE, ROOT, Function, flow_functions, imports, relative, strings, tree

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
    relative(path)
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


@cache
def trees() -> dict[str, ast.Module]:
    """Each file of the code, parsed once for all rules."""
    return {relative(path): tree(path) for path in CODE}


@cache
def importers(module: str) -> list[str]:
    """The files that import a module, given as a pattern, or something in it."""
    pattern = re.compile(rf"({module})(\.|$)")
    return [path for path, code in trees().items() if any(map(pattern.match, imports(code)))]


def decisions(function: Function) -> Iterator[str]:
    """What a flow does that is no step, each as the rest of a sentence."""
    lines = (function.end_lineno or 0) - function.body[0].lineno + 1
    if lines > 40:
        yield f"has {lines} lines; a flow has at most 40"
    for node in ast.walk(function):
        if isinstance(node, ast.If | ast.IfExp | ast.Match):
            yield f"decides something in line {node.lineno}; a flow is a list of steps"


def assert_none(culprits: list[str]) -> None:
    assert not culprits, "\n".join(culprits)


def test_no_pure_module_brings_prefect_or_great_expectations_with_it() -> None:
    names = [path.removesuffix(".py").replace("/", ".") for path in PURE]
    command = [sys.executable, "-W", "ignore", "-c", IMPORT_ALL, *names]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert_none([f"{name}: brings {', '.join(heavy)} with it" for name, heavy in json.loads(output).items()])


def test_only_its_layer_imports_a_module() -> None:
    assert_none(
        [
            f"{path}: imports {module}, which is only for {places}"
            for module, places in MAY_IMPORT.items()
            for path in importers(module)
            if not re.fullmatch(places, path)
        ]
    )


def test_every_rule_is_about_something_that_is_imported() -> None:
    assert [module for module in MAY_IMPORT if not importers(module)] == []


def test_no_sql_is_written_in_python() -> None:
    assert_none(
        [
            f"{path}: has SQL, which belongs to sql/: {text.strip()[:60]!r}"
            for path, code in trees().items()
            if path != "tasks/warehouse.py"
            for text in strings(code)
            if SQL.search(text)
        ]
    )


def test_sql_is_told_from_prose() -> None:
    assert SQL.search("select a\nfrom core.prompts")
    assert SQL.search("INSERT INTO t values (1)")
    assert not SQL.search("Lower select.min_score, or bring more prompts; update the program")


def test_a_flow_is_a_list_of_steps() -> None:
    flows = list(flow_functions())
    assert flows
    assert_none(
        [
            f"{relative(path)}: {function.name} {what}"
            for path, function in flows
            for what in decisions(function)
        ]
    )
