"""Each suite lets good data pass, and each fault trips the check that is there for it."""

import hashlib
import re
from pathlib import Path

import duckdb
import pytest
import yaml

from tasks import warehouse
from tasks.gate import suite
from tasks.gate.task import check
from tasks.gate.validate import Check
from tasks.refs import Ref, Run

KEYS = {
    "ingest": "all",
    "clean": "eligible",
    "embed": "tfidf",
    "topics": "tax-1",
    "annotate": "heuristic-1",
    "select": "run-1",
    "release": "rel-1",
}

FAULTS = [
    pytest.param(boundary, name, *fault.values(), id=f"{boundary}-{name}-{number}")
    for boundary, checks in yaml.safe_load((Path(__file__).parent / "faults.yaml").read_text()).items()
    for name, faults in checks.items()
    for number, fault in enumerate(faults)
]


def run_suite(home: Path, boundary: str) -> dict[str, Check]:
    run = Run(id="run-1", home=str(home), seed=42, lock_wait_seconds=5)
    ref = Ref(stage=boundary, table="any", key=KEYS[boundary], rows=1)
    return {result.name: result for result in check(run, ref)}


def plant(home: Path, fault: str) -> None:
    with warehouse.transaction(str(home)) as con:
        con.execute("create temp macro prompt_id(i) as left(md5(i::varchar), 16)")
        con.execute(fault)


def to_id(text: str) -> str:
    """The id in a fault's `id`: as it stands, or of the prompt that it numbers."""
    number = re.fullmatch(r"prompt_id\((\d+)\)", text)
    return hashlib.md5(number[1].encode()).hexdigest()[:16] if number else text


def test_every_suite_is_a_boundary() -> None:
    assert {path.stem for path in suite.FOLDER.glob("*.yaml")} == set(KEYS)


@pytest.mark.parametrize("boundary", KEYS)
def test_good_data_passes(home: Path, boundary: str) -> None:
    assert [result for result in run_suite(home, boundary).values() if not result.passed] == []


@pytest.mark.parametrize(("boundary", "name", "fault", "count", "offender"), FAULTS)
def test_fault_trips_its_check(
    home: Path, boundary: str, name: str, fault: str, count: int, offender: str
) -> None:
    plant(home, fault)
    result = run_suite(home, boundary)[name]
    assert not result.passed
    assert result.unexpected_count == count
    assert to_id(offender) in result.sample_ids
    assert len(set(result.sample_ids)) == len(result.sample_ids) <= min(count, 10)


def test_every_check_has_a_fault() -> None:
    checks = {
        (boundary, entry.name)
        for boundary in KEYS
        for entry in (*suite.load(boundary).expectations, *suite.load(boundary).rules)
    }
    assert {fault.values[:2] for fault in FAULTS} == checks


@pytest.mark.parametrize("boundary", KEYS)
def test_empty_warehouse_is_checked_without_breaking(tmp_path: Path, boundary: str) -> None:
    warehouse.migrate(str(tmp_path))
    assert run_suite(tmp_path, boundary)


def test_a_stray_file_and_an_image_stop_nobody(home: Path) -> None:
    plant(
        home,
        "insert into raw.files values ('f2', 'log.jsonl', 1, 'v', 0, 90000, 'run-1', now()::timestamp); "
        "insert into raw.rejects select 'f2', i, 'unknown_schema', '' from range(90000) as t (i); "
        "update raw.conversations set prompt = '', has_image = true where position = 3",
    )
    results = run_suite(home, "ingest")
    assert [name for name, result in results.items() if not result.passed] == ["few_rejects"]
    assert results["few_rejects"].observed == "log.jsonl: 90000 of 90000 records rejected"


def test_the_commonest_reason_is_named_when_nothing_is_left(home: Path) -> None:
    plant(home, "insert into core.flags select prompt_id, 'language', '' from core.eligible_prompts")
    result = run_suite(home, "clean")["some_eligible"]
    assert result.observed == "no prompt is eligible; 150 were dropped as language"


@pytest.mark.parametrize(
    "path", sorted((warehouse.SQL / "queries" / "gate").glob("*.sql")), ids=lambda path: path.stem
)
def test_query_runs_and_is_used(path: Path) -> None:
    name = f"gate/{path.stem}"
    con = duckdb.connect()
    warehouse.apply_migrations(con)
    if path.stem == "add_checks":
        return  # writes; run by the tests of the gate's task
    parameters = {"key": "k"} if "$key" in path.read_text() else {}
    columns = warehouse.run(con, name, parameters).columns
    suites = [suite.load(boundary) for boundary in KEYS]
    assert name in {s.query for s in suites} or columns == ["id", "detail"]
    assert name in {s.query for s in suites} | {rule.query for s in suites for rule in s.rules}
