"""Each suite lets good data pass, and each fault trips the check that is there for it."""

import hashlib
import re
import time
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


@pytest.mark.parametrize("text", ["x = A@B.transpose()", "A @ b.com", "@jane.doe", "git@host", "a@b.c", ""])
def test_what_is_no_address_may_be_released(home: Path, text: str) -> None:
    with warehouse.transaction(str(home)) as con:
        con.execute("update core.release_prompts set prompt = $text where uid = 'uid-3'", {"text": text})
        assert warehouse.run(con, "gate/no_email_released", {"key": "rel-1"}).is_empty()


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


def test_near_duplicates_are_those_of_all_pairs_and_are_found_fast() -> None:
    con = duckdb.connect()
    warehouse.apply_migrations(con)
    con.execute(
        # 500 prompts of 300 words, as frequent as in a language; 50 are the one before them, changed a bit.
        "select setseed(0.5); "
        "insert into core.release_prompts select 'rel-1', 'uid-' || i, 'p', 0, 't', 6, "
        "array_to_string(list_transform(range(300), lambda j: 'w' || floor(1 / (random() + 1e-4))), ' '), "
        "null from range(500) as t (i); "
        "update core.release_prompts set prompt = twin.words || ' ' || uid "
        "from (select uid as id, prompt as words from core.release_prompts) as twin "
        "where uid like '%5' and twin.id = left(uid, len(uid) - 1) || '4'"
    )
    start = time.perf_counter()
    found = warehouse.run(con, "gate/no_near_duplicates_released", {"key": "rel-1"})["id"].to_list()
    assert time.perf_counter() - start < 2
    texts = con.execute("select uid, prompt from core.release_prompts order by uid").fetchall()
    words = [(uid, set(re.findall(r"\w+", text.lower()))) for uid, text in texts]
    pairs = ((a, b, other) for i, (other, b) in enumerate(words) for _, a in words[:i])
    assert found == sorted({uid for a, b, uid in pairs if len(a & b) >= 0.85 * len(a | b)})
    assert len(found) >= 50


def test_the_funnel_of_another_run_is_no_business_of_this_one(home: Path) -> None:
    plant(home, "insert into core.funnel values ('run-0', 1, 'ingest', 'kept', 7)")
    assert run_suite(home, "release")["funnel_adds_up"].passed


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
    if path.stem in {"add_checks", "forget_checks"}:
        return  # they write; run by the tests of the gate's task
    parameters = {name: "k" for name in ("key", "run_id") if f"${name}" in path.read_text()}
    columns = warehouse.run(con, name, parameters).columns
    suites = [suite.load(boundary) for boundary in KEYS]
    assert name in {s.query for s in suites} or columns == ["id", "detail"]
    assert name in {s.query for s in suites} | {rule.query for s in suites for rule in s.rules}
