"""Runs that share an endpoint hold blocks of one Prefect limit, and together stay within it."""

import logging
from contextlib import ExitStack, suppress
from pathlib import Path

import polars as pl
import pytest
import yaml
from prefect.client.orchestration import get_client
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectNotFound

from deploy import bootstrap
from tasks.errors import EvergreenError, InputError
from tasks.llm import task as llm_task
from tasks.llm.task import Models
from tasks.refs import Run
from tasks.settings import LlmSettings
from tests.openai_server.process import OpenAIServer
from tests.plugins.models import Servers
from tests.tasks.llm.asking import PLAIN

LIMIT = "llm-small"
TEXTS = pl.DataFrame({"id": [f"{n:02d}" for n in range(40)], "text": [f"text {n}" for n in range(40)]})


@pytest.fixture
def models(
    run: Run, openai_servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Models, OpenAIServer]:
    openai_server = openai_servers(latency=0.05)
    entry = {"model": "small-1", "base_url": openai_server.base_url, "api_key_env": "", "concurrency": 8}
    path = tmp_path / "endpoints.yaml"
    path.write_text(yaml.safe_dump({"small": entry}))
    monkeypatch.setenv("EVERGREEN_LLM__ENDPOINTS", str(path))
    return Models(run, LlmSettings(endpoints=str(path), shared_limits=True)), openai_server


def ask(models: Models) -> list[str]:
    answers = models.ask_texts("annotate", models.endpoint("small"), PLAIN, TEXTS)
    return answers["outcome"].unique().to_list()


def active_slots() -> int:
    with get_client(sync_client=True) as client:
        return client.read_global_concurrency_limit_by_name(LIMIT).active_slots


def test_without_the_limit_it_is_said_how_to_make_it(
    server_alone: str, models: tuple[Models, OpenAIServer]
) -> None:
    with get_client(sync_client=True) as client, suppress(ObjectNotFound):
        client.delete_global_concurrency_limit_by_name(LIMIT)  # which other tests need
    with pytest.raises(InputError, match=r"no Prefect limit llm-small: run python -m deploy\.bootstrap"):
        ask(models[0])
    assert models[1].stats()["requests"] == 0


def test_bootstrap_makes_the_limits_and_may_run_again(
    server_alone: str, models: tuple[Models, OpenAIServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["bootstrap"])
    bootstrap.main()
    bootstrap.main()
    with get_client(sync_client=True) as client:
        assert client.read_global_concurrency_limit_by_name(LIMIT).limit == 8
        assert client.read_global_concurrency_limit_by_name("llm-gpt-4-turbo").limit == 64


def test_an_endpoint_with_a_slash_in_its_name_has_a_limit(
    server_alone: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "endpoints.yaml"
    path.write_text(yaml.safe_dump({"org/model & more": {"model": "m", "api_key_env": "", "concurrency": 3}}))
    monkeypatch.setenv("EVERGREEN_LLM__ENDPOINTS", str(path))
    monkeypatch.setattr("sys.argv", ["bootstrap"])
    bootstrap.main()
    name = Models(run, LlmSettings(endpoints=str(path))).endpoint("org/model & more").limit_name
    with get_client(sync_client=True) as client:
        assert client.read_global_concurrency_limit_by_name(name).limit == 3
    with concurrency(name, occupy=3, strict=True):
        pass


def test_a_limit_that_is_too_small_is_told_from_one_that_is_missing(
    server_alone: str, models: tuple[Models, OpenAIServer]
) -> None:
    with get_client(sync_client=True) as client:
        client.upsert_global_concurrency_limit_by_name(LIMIT, 1)
    with pytest.raises(
        EvergreenError, match=r"greater than the limit.*run python -m deploy\.bootstrap"
    ) as raised:
        ask(models[0])
    assert "no Prefect limit" not in str(raised.value)
    assert models[1].stats()["requests"] == 0


def test_a_run_that_waits_for_others_says_so(
    server_alone: str,
    models: tuple[Models, OpenAIServer],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("sys.argv", ["bootstrap"])
    bootstrap.main()
    monkeypatch.setattr(llm_task, "_PATIENCE_SECONDS", 0.2)
    others = ExitStack()
    others.enter_context(concurrency(LIMIT, occupy=8, strict=True))

    def let_go(record: logging.LogRecord) -> bool:
        if "waiting for" in record.getMessage():
            others.close()
        return True

    llm_task.logger.addFilter(let_go)
    try:
        with caplog.at_level("INFO", "tasks"):
            assert ask(models[0]) == ["ok"]
    finally:
        llm_task.logger.removeFilter(let_go)
    assert f"waiting for 2 of the Prefect limit {LIMIT}: other runs hold it" in caplog.text


@pytest.mark.parametrize(("taken", "left"), [(0, 8), (4, 4), (6, 2)])
def test_a_run_takes_what_others_leave_and_gives_it_back(
    server_alone: str,
    models: tuple[Models, OpenAIServer],
    taken: int,
    left: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Where others hold some, all of it is spent; else it is as long as a busy server may take.
    monkeypatch.setattr(llm_task, "_PATIENCE_SECONDS", 2.0 if taken else 20.0)
    monkeypatch.setattr("sys.argv", ["bootstrap"])
    bootstrap.main()
    if taken:
        with concurrency(LIMIT, occupy=taken, strict=True):
            assert ask(models[0]) == ["ok"]
    else:
        assert ask(models[0]) == ["ok"]
    assert models[1].stats()["max_in_flight"] == left
    assert active_slots() == 0
