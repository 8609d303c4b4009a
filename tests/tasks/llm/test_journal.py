"""The journal: what it says is on the disk is there, whatever was before and whatever comes next."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import orjson
import pytest

from tasks.errors import EvergreenError
from tasks.llm.journal import Journal, read_journal
from tests.places import ROOT
from tests.tasks.llm.asking import call_of


def append(path: Path, *keys: str) -> None:
    async def main() -> None:
        async with Journal(path) as journal:
            await asyncio.gather(*(journal.append(call_of(key)) for key in keys))

    asyncio.run(main())


def keys_in(path: Path, start: int = 0) -> list[str]:
    return [call["key"] for call, _ in read_journal(path, start)]


def test_a_call_comes_back_as_it_was(path: Path) -> None:
    call = call_of(
        "k", text='line\nbreak, "quotes", \u2028 and \U0001f600', usd=0.1 + 0.2, error="http_500:x"
    )

    async def main() -> None:
        async with Journal(path) as journal:
            await journal.append(call)

    asyncio.run(main())
    [(read, end)] = read_journal(path)
    assert read == asdict(call)
    assert end == path.stat().st_size


def test_append_returns_when_its_line_is_on_the_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed = 0

    def fsync(descriptor: int) -> None:
        nonlocal flushed
        flushed = os.fstat(descriptor).st_size
        time.sleep(0.05)  # a slow disk

    async def main() -> None:
        async with Journal(path) as journal:
            for number in range(5):
                await journal.append(call_of(str(number)))
                assert keys_in(path)[-1] == str(number)  # through another handle, the journal still open
                assert flushed == path.stat().st_size

    monkeypatch.setattr(os, "fsync", fsync)
    asyncio.run(main())


def test_calls_that_arrive_together_are_flushed_together(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushes = 0
    real = os.fsync

    def fsync(descriptor: int) -> None:
        nonlocal flushes
        flushes += 1
        real(descriptor)

    async def worker(journal: Journal, number: int) -> None:
        for turn in range(10):
            await journal.append(call_of(f"{number}-{turn}"))

    async def main() -> None:
        async with Journal(path) as journal:
            await asyncio.gather(*(worker(journal, number) for number in range(60)))

    monkeypatch.setattr(os, "fsync", fsync)
    asyncio.run(main())
    assert set(keys_in(path)) == {f"{number}-{turn}" for number in range(60) for turn in range(10)}
    assert flushes < 100  # for 600 lines


def test_half_a_line_at_the_end_is_passed_over_and_not_glued_to_the_next(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    append(path, "first")
    whole = path.stat().st_size
    with path.open("ab") as file:
        file.write(orjson.dumps(call_of("torn"))[:100])
    assert keys_in(path) == ["first"]
    assert not caplog.records  # another process may be writing it
    append(path, "second")
    assert keys_in(path) == ["first", "second"]
    assert keys_in(path, whole) == ["second"]


def test_lines_that_are_no_calls_are_passed_over_with_one_warning(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    append(path, "first")
    with path.open("ab") as file:
        file.write(b"secret prompt\n\n\xff\xfe\n[1]\n{}\n" + orjson.dumps({"key": "secret prompt"}) + b"\n")
    append(path, "second")
    with caplog.at_level(logging.DEBUG):
        assert keys_in(path) == ["first", "second"]
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert "6 lines" in record.getMessage()
    assert "secret" not in record.getMessage()


def test_lines_of_an_older_and_of_a_newer_version_are_calls(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    newer = asdict(call_of("newer")) | {"invented_later": 1}
    older = {"call_id": "1", "key": "older", "outcome": "ok", "text": "[1]"}
    path.parent.mkdir(parents=True)
    path.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in (newer, older)))
    [(first, _), (second, _)] = read_journal(path)
    assert first == asdict(call_of("newer"))
    assert second.keys() == first.keys()
    assert {name: second[name] for name in older} == older
    assert (second["usd"], second["round"], second["error"]) == (0, 0, "")
    assert not caplog.records


def test_reading_goes_on_from_any_call(path: Path) -> None:
    append(path, *"abcdef")
    read = list(read_journal(path))
    for number, (_, end) in enumerate(read):
        assert keys_in(path, end) == list("abcdef")[number + 1 :]


def test_calls_that_wait_when_the_journal_closes_are_kept(path: Path) -> None:
    async def main() -> None:
        async with Journal(path) as journal:
            waiting = [asyncio.create_task(journal.append(call_of(key))) for key in "abc"]
            await asyncio.sleep(0)
            for task in waiting:  # as an interrupt does
                task.cancel()

    asyncio.run(main())
    assert keys_in(path) == list("abc")


def test_a_journal_may_close_while_a_slow_disk_flushes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync
    faults: list[Exception] = []

    def fsync(descriptor: int) -> None:
        time.sleep(0.2)
        try:
            real(descriptor)
        except OSError as error:
            faults.append(error)

    async def main() -> None:
        async with Journal(path) as journal:
            waiting = asyncio.create_task(journal.append(call_of("k")))
            await asyncio.sleep(0.1)
            waiting.cancel()

    monkeypatch.setattr(os, "fsync", fsync)
    asyncio.run(main())
    assert keys_in(path) == ["k"]
    assert not faults  # such as that of a file closed too early


def test_a_full_disk_is_told_to_all_who_wait_and_names_the_file(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.symlink_to("/dev/full")

    async def main() -> list[BaseException | None]:
        async with Journal(path) as journal:
            appends = (journal.append(call_of(key)) for key in "abc")
            first = await asyncio.gather(*appends, return_exceptions=True)
            return [*first, *await asyncio.gather(journal.append(call_of("d")), return_exceptions=True)]

    errors = asyncio.run(main())  # and closing it is no further error
    assert len(errors) == 4
    for error in errors:
        assert isinstance(error, OSError)
        assert (error.strerror, error.filename) == ("No space left on device", str(path))


def test_a_writer_that_breaks_lets_nobody_wait(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(descriptor: int) -> None:
        raise ZeroDivisionError("a fault of ours")

    async def main() -> None:
        async with Journal(path) as journal, asyncio.timeout(30):
            monkeypatch.setattr(os, "fsync", fsync)
            for key in "ab":
                with pytest.raises(ZeroDivisionError):
                    await journal.append(call_of(key))

    asyncio.run(main())


def test_a_folder_that_cannot_be_made_is_one_clear_error(path: Path) -> None:
    path.parent.parent.write_text("a file in the place of the folder")

    async def main() -> None:
        async with Journal(path):
            pytest.fail("there is nowhere to write")

    with pytest.raises(EvergreenError, match=str(path.parent)):
        asyncio.run(main())


WRITER = """
import asyncio, sys
from pathlib import Path
from tasks.llm.journal import Journal
from tests.tasks.llm.asking import call_of
async def worker(journal, number):
    turn = 0
    while True:
        await journal.append(call_of(f"{number}-{turn}", text="x" * 5_000))
        print(f"{number}-{turn}", flush=True)
        turn += 1
async def main():
    async with Journal(Path(sys.argv[1])) as journal:
        await asyncio.gather(*(worker(journal, number) for number in range(20)))

asyncio.run(main())
"""


def test_a_killed_process_leaves_each_call_that_it_counted_on(path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        counted = [process.stdout.readline().strip() for _ in range(500)]
        process.send_signal(signal.SIGKILL)
        counted += [line.strip() for line in process.stdout if line.endswith("\n")]
    kept = keys_in(path)
    assert len(counted) >= 500
    assert set(counted) <= set(kept)
    assert len(kept) == len(set(kept))
    append(path, "next")
    assert keys_in(path) == [*kept, "next"]
