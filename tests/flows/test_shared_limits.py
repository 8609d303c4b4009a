"""Runs that share an endpoint hold blocks of one Prefect limit, and together stay within it."""

from pathlib import Path

import polars as pl
import pytest
import yaml
from prefect.client.orchestration import get_client
from prefect.concurrency.sync import concurrency

from deploy import bootstrap
from tasks.errors import InputError
from tasks.llm.task import Models
from tasks.refs import Run
from tasks.settings import LlmSettings
from tests.openai_server.process import OpenAIServer
from tests.tasks.llm.asking import PLAIN

LIMIT = "llm-small"
TEXTS = pl.DataFrame({"id": [f"{n:02d}" for n in range(40)], "text": [f"text {n}" for n in range(40)]})


@pytest.fixture
def models(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Models, OpenAIServer]:
    with OpenAIServer(latency=0.05) as openai_server:
        entry = {"model": "small-1", "base_url": openai_server.base_url, "api_key_env": "", "concurrency": 8}
        path = tmp_path / "endpoints.yaml"
        path.write_text(yaml.safe_dump({"small": entry}))
        monkeypatch.setenv("EVERGREEN_LLM__ENDPOINTS", str(path))
        yield Models(run, LlmSettings(endpoints=str(path), shared_limits=True)), openai_server


def ask(models: Models) -> list[str]:
    answers = models.ask_texts("annotate", models.endpoint("small"), PLAIN, TEXTS)
    return answers["outcome"].unique().to_list()


def active_slots() -> int:
    with get_client(sync_client=True) as client:
        return client.read_global_concurrency_limit_by_name(LIMIT).active_slots


def test_without_the_limit_it_is_said_how_to_make_it(
    server: str, models: tuple[Models, OpenAIServer]
) -> None:
    with pytest.raises(InputError, match=r"no Prefect limit llm-small: run python -m deploy\.bootstrap"):
        ask(models[0])
    assert models[1].stats()["requests"] == 0


def test_bootstrap_makes_the_limits_and_may_run_again(
    server: str, models: tuple[Models, OpenAIServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["bootstrap"])
    bootstrap.main()
    bootstrap.main()
    with get_client(sync_client=True) as client:
        assert client.read_global_concurrency_limit_by_name(LIMIT).limit == 8
        assert client.read_global_concurrency_limit_by_name("llm-gpt-4-turbo").limit == 64


@pytest.mark.parametrize(("taken", "left"), [(0, 8), (4, 4), (6, 2)])
def test_a_run_takes_what_others_leave_and_gives_it_back(
    server: str, models: tuple[Models, OpenAIServer], taken: int, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["bootstrap"])
    bootstrap.main()
    if taken:
        with concurrency(LIMIT, occupy=taken, strict=True):
            assert ask(models[0]) == ["ok"]
    else:
        assert ask(models[0]) == ["ok"]
    assert models[1].stats()["max_in_flight"] == left
    assert active_slots() == 0
