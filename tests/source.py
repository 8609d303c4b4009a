"""The project's own source, as the tests of its shape read it."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.places import ROOT

CODE = sorted(path for folder in ("flows", "tasks") for path in (ROOT / folder).rglob("*.py"))
FLOWS = sorted((ROOT / "flows").glob("*.py"))

Function = ast.FunctionDef | ast.AsyncFunctionDef


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(module: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(module) if isinstance(node, Function))


def flow_functions() -> Iterator[tuple[Path, Function]]:
    """The functions that are Prefect flows."""
    for path in FLOWS:
        for function in functions(tree(path)):
            decorators = (getattr(call, "func", call) for call in function.decorator_list)
            if any(isinstance(name, ast.Name) and name.id == "flow" for name in decorators):
                yield path, function


def imports(module: ast.Module) -> set[str]:
    """Dotted names of all that a module imports, inside functions too; `from a import b` is `a` and `a.b`."""
    names: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def strings(module: ast.Module) -> Iterator[str]:
    """String constants, parts of f-strings among them, without docstrings."""
    prose = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def tracked() -> list[Path]:
    """All files that are, or are about to be, under version control."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for path in map(ROOT.joinpath, output.splitlines()) if path.is_file()]
