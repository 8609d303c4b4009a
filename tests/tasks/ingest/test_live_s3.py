"""Live sources on S3, served by moto on loopback: cheap listings, late and rewritten objects."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import fsspec
import pytest

from tasks import clock, warehouse
from tasks.errors import InputError
from tasks.ingest import live, task
from tasks.ingest.task import ingest_live
from tasks.refs import Run
from tasks.settings import IngestSettings, RefreshSettings

LAST = date(2026, 11, 20)
DAYS = [LAST - timedelta(days=n) for n in range(100)]
PER_DAY = 30


def put(s3: Any, key: str, *prompts: str) -> None:
    lines = "".join(json.dumps({"prompt": prompt}) + "\n" for prompt in prompts)
    s3.put_object(Bucket="logs", Key=key, Body=gzip.compress(lines.encode(), mtime=0))


def look(run: Run, *sources: str, run_id: str = "run-1") -> int:
    asked = RefreshSettings(sources=sources, retry_seconds=0)
    rows: int = ingest_live.fn(run.model_copy(update={"id": run_id}), IngestSettings(), asked).rows
    return rows


def checks(run: Run, run_id: str) -> list[tuple[Any, ...]]:
    with warehouse.transaction(run.home) as con:
        return con.execute(
            "select outcome, file_count, new_file_count from raw.source_checks "
            f"where run_id = '{run_id}' order by source"
        ).fetchall()


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The requests that are made meanwhile."""
    calls: list[str] = []
    filesystem = fsspec.get_filesystem_class("s3")
    plain = filesystem._call_s3

    async def counting(self: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        calls.append(method)
        return await plain(self, method, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(filesystem, "_call_s3", counting)
        yield calls


def test_late_and_rewritten_objects_are_read_beside_a_bucket_that_fails(s3: Any, run: Run) -> None:
    for day in (LAST, LAST - timedelta(days=3), LAST - timedelta(days=30)):
        put(s3, f"chat/dt={day}/a.jsonl.gz", f"Question of {day}?")
    assert look(run, "s3://logs/chat", "s3://absent/chat") == 3
    assert checks(run, "run-1") == [("failed", 0, 0), ("new", 3, 3)]
    put(s3, f"chat/dt={LAST - timedelta(days=5)}/late.jsonl.gz", "Late?")
    put(s3, f"chat/dt={LAST - timedelta(days=3)}/a.jsonl.gz", "Written again?", "And longer?")
    put(s3, f"chat/dt={LAST - timedelta(days=30)}/late.jsonl.gz", "Too late?")
    assert look(run, "s3://absent/chat", "s3://logs/chat", run_id="run-2") == 2 + 1 + 2
    assert checks(run, "run-2") == [("failed", 0, 0), ("new", 3, 2)]
    with warehouse.transaction(run.home) as con:
        lag = con.execute(
            "select source, outcome, newest_partition from out.source_lag order by 1"
        ).fetchall()
    assert lag == [("s3://absent/chat", "failed", None), ("s3://logs/chat", "new", LAST)]


def test_an_object_that_is_written_again_while_it_is_read_is_read_the_next_time(
    s3: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(s3, "chat/a.jsonl.gz", "One?")
    plain = task.read_records

    def with_a_writer(*args: Any) -> Any:
        yield from plain(*args)
        put(s3, "chat/a.jsonl.gz", "One?", "Two?")

    with monkeypatch.context() as patch:
        patch.setattr(task, "read_records", with_a_writer)
        with pytest.raises(InputError, match="nothing to begin with: s3://logs/chat: 1 still being written"):
            look(run, "s3://logs/chat")
    assert checks(run, "run-1") == [("nothing", 1, 0)]
    assert look(run, "s3://logs/chat", run_id="run-2") == 2


def test_thousands_of_objects_in_partitions_cost_a_few_requests(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(s3, [f"chat/dt={day}/{n:03}.jsonl" for day in DAYS for n in range(PER_DAY)])
    earliest = live.earliest_partition(None, None, 7)
    with counted(monkeypatch) as calls:
        everything = live.find_live("s3://logs/chat", earliest, _ever())
    assert len(everything.files) == 3_000
    assert len(calls) <= 3_000 / 1_000 + 3
    recent = LAST - timedelta(days=7)
    for source in ("s3://logs/chat", "s3://logs/chat/dt=*/*.jsonl"):
        with counted(monkeypatch) as calls:
            found = live.find_live(source, recent, _ever())
        assert len(found.files) == 8 * PER_DAY
        assert len(calls) <= 8 + 5, calls


def _ever() -> Any:
    return clock.utc_now() + timedelta(days=1)


def _fill(s3: Any, keys: list[str]) -> None:
    """Put objects where moto keeps them: as requests they would take minutes."""
    from moto.s3.models import s3_backends  # noqa: PLC0415

    backend = s3_backends["123456789012"]["aws"]
    for key in keys:
        backend.put_object("logs", key, b"{}")
