"""Batches that the server refuses, for good or for now."""

import asyncio
from pathlib import Path

import pytest

from tasks.errors import EvergreenError
from tasks.llm import batch_queue, batch_shards
from tasks.llm.outcome import Outcome
from tests.plugins.models import Servers
from tests.tasks.llm.batch_run import left_on_disk, run, some_requests, statuses, times_asked, work_of


@pytest.fixture
def five_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_shards, "MAX_REQUESTS", 5)


@pytest.mark.usefixtures("five_a_batch")
@pytest.mark.parametrize(("enqueued_tokens", "refused"), [(0, True), (100, False)])
def test_a_limit_of_enqueued_tokens_is_waited_for(
    openai_servers: Servers, tmp_path: Path, enqueued_tokens: int, refused: bool
) -> None:
    requests = some_requests(15)
    server = openai_servers(enqueued_tokens=100, batch_seconds=0.3)
    work = work_of(server.base_url, enqueued_tokens=enqueued_tokens)
    assert asyncio.run(run(work, tmp_path, requests)) == {Outcome.OK: 15}
    assert times_asked(server, requests) == [1] * 15
    assert ("failed" in statuses(server)) == refused


def test_a_batch_that_can_never_be_queued_is_an_error_that_says_what_to_set(
    openai_servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_queue, "_MOST_REFUSALS", 2)
    server = openai_servers(enqueued_tokens=50)
    with pytest.raises(EvergreenError, match=r"token_limit_exceeded.*set enqueued_tokens"):
        asyncio.run(run(work_of(server.base_url), tmp_path, some_requests(15)))
    work = work_of(server.base_url, enqueued_tokens=50)
    assert asyncio.run(run(work, tmp_path, some_requests(15))) == {Outcome.OK: 15}


def test_a_batch_that_is_refused_is_told_by_its_code(openai_servers: Servers, tmp_path: Path) -> None:
    server = openai_servers(models="gpt-4-turbo")
    with pytest.raises(EvergreenError, match="a batch was refused: model_not_found;"):
        asyncio.run(run(work_of(server.base_url), tmp_path, some_requests(3)))
    assert left_on_disk(tmp_path) == []
