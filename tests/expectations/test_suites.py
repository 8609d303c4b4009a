"""Each suite lets good data pass, and each fault trips the check that is there for it."""

import hashlib
import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml

from tasks import warehouse
from tasks.gate import suite
from tasks.gate import task as gate_task
from tasks.gate.validate import Check, validate
from tasks.refs import Ref, Run
from tests.bench import near_duplicates_gate
from tests.plugins.homes import PROMPT_ID, run_on

KEYS = {
    "ingest": "all",
    "clean": "eligible",
    "embed": "static",
    "topics": "tax-1",
    "screen": "static",
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
    return {result.name: result for result in gate_task.check(run_on(home), ref_of(boundary))}


def run_check(con: duckdb.DuckDBPyConnection, boundary: str, name: str, docs: Path) -> Check:
    """One check of a suite: a fault is for one, and to run all takes ten times as long."""
    whole = suite.load(boundary)
    chosen = {
        kind: tuple(entry for entry in getattr(whole, kind) if entry.name == name)
        for kind in ("expectations", "rules")
    }
    offenders = {rule.name: read(con, rule.query, boundary) for rule in chosen["rules"]}
    rows = read(con, whole.query, boundary)
    (result,) = validate(whole.model_copy(update=chosen), rows, offenders, docs, "run-1")
    return result


def read(con: duckdb.DuckDBPyConnection, query: str, boundary: str) -> pd.DataFrame:
    """What the gate reads at a boundary."""
    return gate_task._read(con, query, run_on(Path()), ref_of(boundary))


def ref_of(boundary: str) -> Ref:
    return Ref(stage=boundary, table="any", key=KEYS[boundary], rows=1)


def plant(home: Path, fault: str) -> None:
    with warehouse.transaction(str(home)) as con:
        con.execute(f"{PROMPT_ID}; {fault}")


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
    con: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    boundary: str,
    name: str,
    fault: str,
    count: int,
    offender: str,
) -> None:
    con.execute(f"{PROMPT_ID}; {fault}")
    result = run_check(con, boundary, name, tmp_path)
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
def test_empty_warehouse_is_checked_without_breaking(run: Run, boundary: str) -> None:
    assert run_suite(Path(run.home), boundary)


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


def test_a_bad_file_of_an_earlier_run_stops_nobody(home: Path) -> None:
    plant(
        home,
        "insert into raw.files values ('f2', 'log.jsonl', 1, 'v', 1, 90000, 'run-0', now()::timestamp); "
        "insert into raw.conversations select * replace ('f2' as file_id) from raw.conversations limit 1; "
        "insert into raw.rejects select 'f2', i, 'wrong_type', '' from range(90000) as t (i)",
    )
    assert [name for name, result in run_suite(home, "ingest").items() if not result.passed] == []


def test_a_run_that_read_no_file_passes(home: Path) -> None:
    plant(home, "update raw.files set run_id = 'run-0'")
    assert [name for name, result in run_suite(home, "ingest").items() if not result.passed] == []


def test_what_is_no_address_may_be_released(con: duckdb.DuckDBPyConnection) -> None:
    texts = ["x = A@B.transpose()", "A @ b.com", "@jane.doe", "git@host", "a@b.c", ""]
    by_uid = {f"uid-{number}": text for number, text in enumerate(texts)}
    for uid, text in by_uid.items():
        changed = con.execute("update core.release_prompts set prompt = ? where uid = ?", [text, uid])
        assert changed.fetchall() == [(1,)]
    found = warehouse.run(con, "gate/no_email_released", {"key": "rel-1"})["id"]
    assert [by_uid.get(uid, uid) for uid in found] == []


def test_prompts_that_share_fewer_words_may_be_released(home: Path) -> None:
    plant(
        home,
        "update core.release_prompts set prompt = array_to_string(list_transform("
        "range(if(uid = 'uid-3', 19, 16)), lambda i: 'word' || i), ' ') where uid in ('uid-3', 'uid-7'); "
        "update core.release_prompts set prompt = '?!' where uid in ('uid-4', 'uid-8'); "
        "insert into core.release_prompts select * replace ('rel-0' as release_id) from core.release_prompts",
    )
    assert run_suite(home, "release")["no_near_duplicates_released"].passed


def test_a_taxonomy_may_place_prompts_that_are_no_longer_eligible(home: Path) -> None:
    plant(home, "insert into core.flags values (prompt_id(13), 'toxic', '')")
    assert [result for result in run_suite(home, "topics").values() if not result.passed] == []


def test_near_duplicates_are_those_of_all_pairs(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from core.release_prompts")
    near_duplicates_gate.fill(con, 200)
    found = warehouse.run(con, "gate/no_near_duplicates_released", {"key": "rel-1"})["id"].to_list()
    texts = con.execute("select uid, prompt from core.release_prompts order by uid").fetchall()
    words = [(uid, set(re.findall(r"\w+", text.lower()))) for uid, text in texts]
    pairs = ((a, b, other) for i, (other, b) in enumerate(words) for _, a in words[:i])
    assert found == sorted({uid for a, b, uid in pairs if len(a & b) >= 0.85 * len(a | b)})
    assert len(found) >= 20


def test_the_funnel_of_another_run_is_no_business_of_this_one(home: Path) -> None:
    plant(home, "insert into core.funnel values ('run-0', 1, 'ingest', 'kept', 7)")
    assert run_suite(home, "release")["funnel_adds_up"].passed


def test_the_commonest_reason_is_named_when_nothing_is_left(home: Path) -> None:
    plant(home, "insert into core.flags select prompt_id, 'language', '' from core.eligible_prompts")
    result = run_suite(home, "clean")["some_eligible"]
    assert result.observed == "no prompt is eligible; 150 were dropped as language"


def test_every_query_of_the_gate_runs_is_used_and_names_offenders(con: duckdb.DuckDBPyConnection) -> None:
    suites = [suite.load(boundary) for boundary in KEYS]
    of_rows, of_rules = ({s.query for s in suites}, {rule.query for s in suites for rule in s.rules})
    there = {f"gate/{path.stem}" for path in (warehouse.SQL / "queries" / "gate").glob("*.sql")}
    assert of_rows | of_rules == there - {"gate/add_checks", "gate/forget_checks"}  # they write
    columns = {name: list(read(con, name, "release").columns) for name in sorted(of_rows | of_rules)}
    assert {name for name in of_rules - of_rows if columns[name] != ["id", "detail"]} == set()
