"""Conventions that matter: sizes, one name for a stage everywhere, and what files must not say."""

import ast
import re
import statistics
from collections.abc import Iterator

import pytest

from tasks import settings
from tests.source import CODE, ROOT, functions, imports, relative, tracked, tree

LENGTHS = {
    f"{relative(path)}: {function.name}": (function.end_lineno or 0) - function.lineno + 1
    for path in CODE
    for function in functions(tree(path))
}

# Each in two parts, so that this file does not hold what it looks for.
HOSTS = [
    "".join(parts)
    for parts in (
        ("pypi", ".org"),
        ("pythonhosted", ".org"),
        ("anaconda", ".org"),
        ("download.pytorch", ".org"),
        ("--index", "-url"),
        ("--find", "-links"),
    )
]
ALLOWED = {"--no-emit-index-url", "--no-emit-find-links"}


BUILD = tree(ROOT / "flows" / "build.py")


def called(node: ast.AST) -> Iterator[str]:
    """Names of the functions called in a piece of code, in order."""
    calls = [n for n in ast.walk(node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    yield from (call.func.id for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)))


def build_stages() -> list[str]:
    """The stages of the flow `build`, in its order; `refresh` has the same from the second on."""
    tasks = {name.split(".")[1] for name in imports(BUILD) if re.fullmatch(r"tasks\.\w+\.task", name)}
    return [name for name in called(BUILD) if name in tasks - {"gate"}]


def gated_stages() -> set[str]:
    """The stages whose output a gate looks at."""
    gates = [n for n in ast.walk(BUILD) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "gate"]
    return {name for gate in gates for name in called(gate)} - {"gate"}


STAGES = build_stages()
# What is told to several stages, or to a flow, has a table too.
SHARED = {"warehouse", "llm", "refresh", "rotation"}
TABLES = set(settings.Settings.model_fields) - {"seed", *SHARED}


def test_functions_are_short() -> None:
    assert {name: lines for name, lines in LENGTHS.items() if lines > 60} == {}
    assert statistics.median(LENGTHS.values()) <= 14


def test_files_are_short() -> None:
    lines = {relative(path): len(path.read_text(encoding="utf-8").splitlines()) for path in CODE}
    assert {name: count for name, count in lines.items() if count > 250} == {}


def test_a_test_file_is_named_for_the_module_that_it_tests() -> None:
    strangers = []
    for path in [*(ROOT / "tests/tasks").rglob("test_*.py"), *(ROOT / "tests/flows").glob("test_*.py")]:
        modules = (ROOT / path.parent.relative_to(ROOT / "tests")).glob("*.py")
        subject = path.stem.removeprefix("test_")
        if not any(subject == module.stem or subject.startswith(f"{module.stem}_") for module in modules):
            strangers.append(relative(path))
    assert not strangers


def test_nothing_is_imported_from_a_conftest() -> None:
    found = [
        relative(path)
        for path in (ROOT / "tests").rglob("*.py")
        if any(name.endswith(".conftest") for name in imports(tree(path)))
    ]
    assert not found


def test_no_test_asserts_seconds() -> None:
    timed = re.compile(r"assert\b.*\b(monotonic|perf_counter|process_time|time)\(\) *-")
    found = [
        relative(path)
        for path in (ROOT / "tests").rglob("test_*.py")
        if timed.search(path.read_text(encoding="utf-8"))
    ]
    assert not found, "what is measured belongs to tests/bench"


def test_the_order_of_stages_is_the_methods() -> None:
    assert STAGES == [
        "ingest",
        "clean",
        "embed",
        "topics",
        "screen",
        "annotate",
        "select",
        "release",
        "publish",
    ]
    assert gated_stages() == set(STAGES) - {"publish"}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_has_one_name_everywhere(stage: str) -> None:
    task = tree(ROOT / "tasks" / stage / "task.py")
    (made,) = [function for function in functions(task) if function.name == stage]
    assert f"@stage('{stage}'" in f"@{ast.unparse(made.decorator_list[0])}"
    assert list((ROOT / "sql" / "queries" / stage).glob("*.sql"))
    assert list((ROOT / "tests" / "tasks" / stage).glob("test_*.py"))
    assert f"| `{stage}` |" in (ROOT / "flows" / "README.md").read_text(encoding="utf-8")
    assert (ROOT / "expectations" / f"{stage}.yaml").is_file() == (stage in gated_stages())
    asked = {ast.unparse(argument.annotation) for argument in made.args.args if argument.arg == "settings"}
    assert asked <= {f"{stage.title()}Settings", "Settings"}
    if stage in TABLES:
        table = settings.Settings.model_fields[stage].annotation
        assert table is getattr(settings, f"{stage.title()}Settings")


def test_nothing_but_stages_has_a_table_of_settings_queries_or_a_suite() -> None:
    assert set(STAGES) >= TABLES
    folders = {path.name for path in (ROOT / "sql" / "queries").iterdir()}
    assert folders - set(STAGES) <= {"calibrate", "estimate", "gate", "home", "llm", "show"}
    assert {path.stem for path in (ROOT / "expectations").glob("*.yaml")} == gated_stages()


def test_settings_are_flat_and_described() -> None:
    for table in TABLES | SHARED:
        model = settings.Settings.model_fields[table].annotation
        for name, field in model.model_fields.items():
            assert field.description, f"{table}.{name} is not described"
            assert not isinstance(field.default, dict | settings.StageSettings), f"{table}.{name} is not flat"


def test_no_file_names_a_package_registry() -> None:
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        for option in ALLOWED:
            text = text.replace(option, "")
        found += [f"{relative(path)}: {host}" for host in HOSTS if host in text]
    assert not found


def test_the_lock_is_complete_and_hashed_and_names_no_host() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if "://" in line or line.startswith("-")]
    pins = "\n".join(lines).replace("\\\n", " ").splitlines()
    names = {pin.split("==")[0].strip() for pin in pins if pin.strip() and not pin.startswith("#")}
    assert not [pin for pin in pins if "==" in pin and "--hash=sha256:" not in pin]
    assert not [name for name in names if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name)]
    assert not names & {"torch", "sentence-transformers", "transformers"}
    assert {"bertopic", "duckdb", "prefect", "pytest", "ruff"} <= names
