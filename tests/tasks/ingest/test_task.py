"""The ingest task: sources in, rows and rejects in the warehouse, each file once."""

import gzip
import json
import zipfile
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks import warehouse
from tasks.clean.task import clean
from tasks.errors import EvergreenError, InputError
from tasks.ingest import task
from tasks.ingest.records import SourceError
from tasks.ingest.task import ingest
from tasks.refs import Ref, Run
from tasks.settings import CleanSettings
from tests.plugins.homes import fetch
from tests.tasks.ingest.home import Write, ingest_all, lines_of, prompts_of


def test_every_row_is_kept_or_rejected_with_file_position_and_reason(run: Run, write: Write) -> None:
    path = write(
        "a.jsonl",
        lines_of("one") + "{oops\n" + '{"prompt": " "}\n{"prompt": 5}\n{"x": 1}\n' + lines_of("two\0"),
    )
    assert ingest_all(run, path) == Ref(stage="ingest", table="raw.conversations", key="all", rows=2)
    assert prompts_of(run) == ["one", "two\0"]
    rejects = fetch(
        run.home,
        "select url, position, reason from raw.rejects inner join raw.files using (file_id) order by all",
    )
    reasons = ["bad_json", "no_user_text", "wrong_type", "unknown_schema"]
    assert rejects == [(str(path), line, reason) for line, reason in enumerate(reasons, start=2)]
    assert fetch(run.home, "select row_count, reject_count, run_id from raw.files") == [(2, 4, "run-1")]


def test_a_file_is_read_once_and_again_when_it_changes(run: Run, write: Write) -> None:
    path = write("a.jsonl", lines_of("one", "two"))
    assert ingest_all(run, path, path.parent, path.parent / "*").rows == 2
    assert ingest_all(run, path).rows == 2
    write("a.jsonl", lines_of("one", "two", "three"))
    assert ingest_all(run, path).rows == 3


def _clean(run: Run) -> dict[str, list[tuple[Any, ...]]]:
    clean.fn(run, Ref(stage="ingest", table="raw.conversations", key="all", rows=0), CleanSettings())
    for query in ("prompts_sighted", "conversations_sighted", "duplicates_known"):
        assert warehouse.read(run.home, f"gate/{query}").is_empty(), query
    tables = {"prompts": "* exclude (run_id)", "sightings": "* exclude (file_id)", "flags": "*"}
    return {
        name: fetch(run.home, f"select {what} from core.{name} order by all") for name, what in tables.items()
    }


def _questions(*days: int) -> str:
    rows = [(f"What changed in the garden on day {day}, and why?", f"2024-01-{day:02}") for day in days]
    return "".join(json.dumps({"prompt": prompt, "asked_at": day}) + "\n" for prompt, day in rows)


@pytest.mark.parametrize(
    "versions",
    [
        (_questions(1, 2), _questions(1, 2, 3)),
        (_questions(1, 2) + "{oops\n", _questions(2, 3)),
        (_questions(1, 2, 3), _questions(4), _questions(1, 2, 3)),
    ],
    ids=["grown", "rewritten", "restored"],
)
def test_a_new_version_of_a_file_takes_the_place_of_the_old_one(
    run: Run, write: Write, tmp_path: Path, versions: tuple[str, ...]
) -> None:
    write("other.jsonl", _questions(2, 5))
    for version in versions:
        folder = write("a.jsonl", version).parent
        ingest_all(run, folder)
        cleaned = _clean(run)
    fresh = Run(id="run-1", home=str(tmp_path / "fresh"), seed=42, lock_wait_seconds=5)
    Path(fresh.home).mkdir()
    warehouse.migrate(fresh.home)
    ingest_all(fresh, folder)
    assert cleaned == _clean(fresh)
    for table in ("files", "conversations", "rejects"):
        rows = [fetch(home.home, f"select file_id from raw.{table} order by all") for home in (run, fresh)]
        assert rows[0] == rows[1], table


def test_the_old_version_stays_until_the_new_one_is_read_to_its_end(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("a.jsonl", lines_of("one", "two"))
    ingest_all(run, path)
    write("a.jsonl", lines_of(*map(str, range(100))))
    plain = task.read_records

    def dies(*args: Any) -> Any:
        yield from (item for item in plain(*args) if item.position < 50)
        raise ConnectionResetError

    monkeypatch.setattr(task, "_refuse_unreadable", lambda *_, **__: None)
    monkeypatch.setattr(task, "read_records", dies)
    with pytest.raises(ConnectionResetError):
        ingest_all(run, path, batch_rows=10)
    assert warehouse.read(run.home, "ingest/count").item() == 2
    monkeypatch.undo()
    assert ingest_all(run, path, batch_rows=10).rows == 100
    assert len(prompts_of(run)) == 100


def test_files_of_one_name_in_two_archives_are_two_files(run: Run, tmp_path: Path) -> None:
    for name, prompt in (("a.zip", "one"), ("b.zip", "two")):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("logs.jsonl", lines_of(prompt))
        ingest_all(run, f"zip://logs.jsonl::{tmp_path / name}")
    assert prompts_of(run) == ["one", "two"]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_text_in_the_place_of_column_names_is_not_told(run: Run, write: Write, name: str) -> None:
    secret = "my name is Ann"
    content = f"{secret},prompts\n{secret},b\n" if name == "a.csv" else json.dumps({secret: 1, "uid": secret})
    write("good.jsonl", lines_of("one"))
    ingest_all(run, write(name, content).parent)
    ((detail,),) = fetch(run.home, "select detail from raw.rejects")
    assert secret not in detail
    assert detail.startswith("2 columns, of which known: ")


def test_a_failure_of_the_source_is_tried_again_and_a_fault_of_the_input_is_not() -> None:
    for error, is_retried in (
        (SourceError("gone"), True),
        (TimeoutError(), True),
        (InputError("bad"), False),
    ):
        state = SimpleNamespace(result=lambda error=error, **_: error)
        assert ingest.retry_condition_fn(ingest, None, state) is is_retried
    assert isinstance(SourceError("gone"), EvergreenError), "the command says it in one line"
    assert (str(SourceError("gone")), SourceError.exit_code) == ("gone", 1)


def test_an_interrupted_file_is_read_again_without_double_rows(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("b.jsonl", lines_of(*map(str, range(100))) + "{oops\n")
    first = write("a.jsonl", lines_of("whole"))
    plain = task.read_records

    def dies(*args: Any) -> Any:
        for number, item in enumerate(plain(*args)):
            if number == 55:
                raise ConnectionResetError
            yield item

    monkeypatch.setattr(task, "_refuse_unreadable", lambda *_, **__: None)
    monkeypatch.setattr(task, "read_records", dies)
    with pytest.raises(ConnectionResetError):
        ingest_all(run, first.parent, batch_rows=10)
    assert fetch(run.home, "select url from raw.files") == [(str(first),)]
    assert len(prompts_of(run)) == 51
    monkeypatch.undo()
    assert ingest_all(run, path, batch_rows=10).rows == 101
    assert len(prompts_of(run)) == 101
    assert fetch(run.home, "select count(*) from raw.rejects") == [(1,)]


def test_rows_without_their_file_are_made_good(run: Run, write: Write) -> None:
    path = write("a.jsonl", lines_of("one", "two") + "{oops\n")
    ingest_all(run, path)
    with warehouse.transaction(run.home) as con:  # as a process leaves it that was killed
        con.execute("delete from raw.files")
        con.execute("delete from raw.conversations where prompt = 'two'")
    assert ingest_all(run, path).rows == 2
    assert prompts_of(run) == ["one", "two"]
    assert fetch(run.home, "select count(*) from raw.rejects") == [(1,)]


def test_a_bad_file_in_a_folder_stops_nothing(run: Run, write: Write) -> None:
    write("a.jsonl", "")
    write("b.csv", b"\x89PNG\r\n\x1a\n\0")
    write("c.parquet", b"PAR1 and no more")
    write("d.jsonl.gz", gzip.compress(lines_of("one", "two").encode())[:-4])
    write("e.json", '[{"prompt": "three"}, {"prompt": "fo')
    assert ingest_all(run, write("f.csv", "prompt\nfive\n").parent).rows == 4
    assert prompts_of(run) == ["five", "one", "three", "two"]
    reasons = Counter(row[0] for row in fetch(run.home, "select reason from raw.rejects"))
    assert reasons == {"empty_file": 1, "unknown_format": 1, "truncated": 3}


def test_small_files_share_transactions(run: Run, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        folder = write(f"{number}.jsonl", lines_of(str(number))).parent
    opened: list[str] = []
    plain = warehouse.transaction
    monkeypatch.setattr(warehouse, "transaction", lambda *args: opened.append("") or plain(*args))
    assert ingest_all(run, folder).rows == 30
    assert len(opened) <= 4


@pytest.mark.parametrize(
    ("source", "conversations"),
    [
        ("prompts/fastchat_battles.jsonl", 1_135),
        ("prompts/arena_prompts.jsonl", 11_295),
        ("questions/arena_hard_v0.1.jsonl", 500),
        ("questions/arena_hard_v2.0.jsonl", 750),
        ("questions/mt_bench.jsonl", 80),
        ("questions/alpaca_eval.jsonl", 805),
        ("questions/*.jsonl", 2_135),
        ("formats/*.csv", 52),
    ],
)
def test_real_files_are_read_without_a_reject(
    run: Run, real_data: Path, source: str, conversations: int
) -> None:
    assert ingest_all(run, real_data / source).rows == conversations
    assert fetch(run.home, "select count(*) from raw.rejects") == [(0,)]
