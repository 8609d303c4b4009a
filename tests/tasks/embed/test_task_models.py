"""Vectors from a model: a shard a request, there when it arrives; nothing is paid twice, no prompt lost."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.embed.batches import MAX_INPUTS
from tasks.embed.task import embed
from tasks.errors import BudgetSpent, EvergreenError, InputError
from tasks.gate.task import check
from tasks.llm.journal import journal_folder
from tasks.refs import Ref, Run
from tasks.settings import EmbedSettings, LlmSettings
from tasks.vectors.grid import STEPS
from tasks.vectors.shards import load, shard_folder
from tests.openai_server.counts import text_key
from tests.openai_server.process import OpenAIServer
from tests.plugins.homes import fetch
from tests.plugins.models import Servers
from tests.tasks.llm.asking import write_endpoints
from tests.tasks.prompts import HomeOf, add_prompts

MODEL = "text-embedding-3-small"
TOO_LONG = "bread " * 8_500  # the server takes 8,192 tokens
Embed = Callable[..., Ref]


@pytest.fixture
def server(openai_servers: Servers) -> OpenAIServer:
    return openai_servers(dimensions=8)


@pytest.fixture
def by_model(server: OpenAIServer, eligible: Ref, tmp_path: Path) -> Embed:
    """Embeds a home's prompts with the model, of which fields may be other than usual."""

    def run_stage(run: Run, model: str = MODEL, max_usd: float = 0, **fields: Any) -> Ref:
        path = write_endpoints(tmp_path, server, **{model: fields})
        llm = LlmSettings(endpoints=path, max_usd=max_usd)
        ref: Ref = embed.fn(run, eligible, EmbedSettings(model=model), llm)
        return ref

    return run_stage


def small(home_of: HomeOf, **more: str) -> Run:
    return home_of({f"{n:02d}": f"write about number{n}" for n in range(15)} | more)


def shards(run: Run) -> list[Path]:
    return sorted(shard_folder(run.home, MODEL).iterdir())


def test_every_prompt_gets_its_own_vector(by_model: Embed, home_of: HomeOf, server: OpenAIServer) -> None:
    run = small(home_of)
    ref = by_model(run)
    assert (ref.stage, ref.key, ref.rows) == ("embed", MODEL, 15)
    ids = [f"{n:02d}" for n in range(15)]
    vectors = load(run.home, MODEL, ids)
    assert vectors.shape == (15, 8)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), STEPS, rtol=1e-3)
    assert fetch(run.home, "select row_count, dimensions from core.vectors") == [(15, 8)]
    alone = small(home_of)
    by_model(alone, max_input_tokens=2)  # cut to the same two words: other texts, other vectors
    assert not np.array_equal(load(alone.home, MODEL, ids), vectors)


def test_a_second_run_asks_nothing(by_model: Embed, home_of: HomeOf, server: OpenAIServer) -> None:
    run = small(home_of)
    first = by_model(run)
    before = [path.stat().st_mtime_ns for path in shards(run)]
    assert by_model(run.model_copy(update={"id": "run-2"})) == first
    assert server.stats()["requests"] == 1
    assert [path.stat().st_mtime_ns for path in shards(run)] == before


def test_a_call_between_its_shard_and_its_journal_line_is_found_in_the_shard(
    by_model: Embed, home_of: HomeOf, server: OpenAIServer
) -> None:
    run = small(home_of)
    by_model(run)
    [call] = fetch(run.home, "select * from core.llm_calls")
    shutil.rmtree(journal_folder(run.home))  # as if the process had been killed after the shard
    for table in ("llm_calls", "journals", "vectors"):
        fetch(run.home, f"delete from core.{table}")
    by_model(run.model_copy(update={"id": "run-2"}))
    assert fetch(run.home, "select * from core.llm_calls") == [call]
    assert server.stats()["requests"] == 1
    assert fetch(run.home, "select row_count from core.vectors") == [(15,)]


def test_a_call_that_is_in_shard_and_journal_counts_once(
    by_model: Embed, home_of: HomeOf, server: OpenAIServer
) -> None:
    run = small(home_of)
    by_model(run)
    for table in ("llm_calls", "journals", "vectors"):
        fetch(run.home, f"delete from core.{table}")
    by_model(run.model_copy(update={"id": "run-2"}))
    assert len(fetch(run.home, "select * from core.llm_calls")) == 1
    assert server.stats()["requests"] == 1


@pytest.fixture(scope="module")
def large() -> dict[str, str]:
    return {f"{n:04d}": f"number{n}" for n in range(2 * MAX_INPUTS + 10)}


def test_each_batch_is_kept_when_it_arrives_and_only_the_others_are_asked_again(
    by_model: Embed, home_of: HomeOf, large: dict[str, str], server: OpenAIServer
) -> None:
    run = home_of(large)
    server.set_plan({"quota_after": 1})
    with pytest.raises(EvergreenError, match="insufficient_quota"):
        by_model(run, concurrency=1)
    assert fetch(run.home, "select row_count from core.vectors") == [(MAX_INPUTS,)]
    assert fetch(run.home, "select outcome from core.llm_calls") == [("ok",)]
    server.set_plan({})
    by_model(run.model_copy(update={"id": "run-2"}), concurrency=1)
    assert fetch(run.home, "select row_count from core.vectors order by all") == [
        (10,),
        (MAX_INPUTS,),
        (MAX_INPUTS,),
    ]
    texts = server.counts()["texts"]
    assert {texts[text_key(MODEL, text)] for text in large.values()} == {1}
    assert load(run.home, MODEL, list(large)).shape == (len(large), 8)


def test_a_budget_stops_it_and_a_higher_one_goes_on(
    by_model: Embed, home_of: HomeOf, large: dict[str, str], server: OpenAIServer
) -> None:
    run = home_of(large)
    with pytest.raises(BudgetSpent):
        by_model(run, concurrency=1, max_usd=0.012)  # a batch is some 7,000 tokens at 1 USD for a million
    assert len(fetch(run.home, "select * from core.llm_calls")) == 1
    by_model(run.model_copy(update={"id": "run-2"}), max_usd=1)
    assert set(server.counts()["texts"].values()) == {1}


def test_a_batch_that_is_refused_is_halved_until_the_bad_prompt_is_alone(
    by_model: Embed, home_of: HomeOf, server: OpenAIServer
) -> None:
    run = small(home_of, bad=TOO_LONG)
    ref = by_model(run, max_input_tokens=20_000)
    assert load(run.home, MODEL, [f"{n:02d}" for n in range(15)]).shape == (15, 8)
    assert fetch(run.home, "select prompt_id, rule from core.flags") == [("bad", "not_embedded")]
    # 16, 8, 4, 2 and 1 prompts; their other halves
    assert server.stats()["by_status"] == {"400": 5, "200": 4}
    texts = server.counts()["texts"]
    assert {texts[text_key(MODEL, f"write about number{n}")] for n in range(15)} == {1}
    [failed] = [result for result in check(run, ref) if not result.passed]
    assert (failed.name, failed.observed) == ("few_refused", "1 were refused, 15 are left")


def test_only_the_bad_prompt_is_asked_again_and_a_cut_heals_it(
    by_model: Embed, home_of: HomeOf, server: OpenAIServer
) -> None:
    run = small(home_of, bad=TOO_LONG)
    by_model(run, max_input_tokens=20_000)
    asked = server.stats()["requests"]
    by_model(run, max_input_tokens=20_000)
    assert server.stats()["requests"] == asked + 1
    by_model(run)
    assert fetch(run.home, "select prompt_id from core.flags") == []
    assert set(server.counts()["texts"].values()) == {1}
    assert load(run.home, MODEL, ["bad", "00"]).shape == (2, 8)


FAULTS = {
    "rate_limit": 0.15,
    "server_error": 0.15,
    "cut": 0.1,
    "bad_json": 0.1,
    "truncated": 0.1,  # a vector is missing
    "empty": 0.05,
}


def test_faults_of_the_server_leave_no_prompt_without_its_vector(
    by_model: Embed, home_of: HomeOf, large: dict[str, str], server: OpenAIServer
) -> None:
    run = home_of(large)
    server.set_plan(FAULTS | {"retry_after_seconds": 0.05, "seed": 2})
    by_model(run, max_attempts=12)
    assert server.stats()["faults"]
    vectors = load(run.home, MODEL, list(large))
    undisturbed = home_of(large)
    server.set_plan({})
    by_model(undisturbed)
    np.testing.assert_array_equal(vectors, load(undisturbed.home, MODEL, list(large)))


def test_a_damaged_shard_is_named_and_once_deleted_bought_again(
    by_model: Embed, home_of: HomeOf, server: OpenAIServer
) -> None:
    run = small(home_of)
    by_model(run)
    [shard] = shards(run)
    shard.write_bytes(shard.read_bytes()[:-20])
    with pytest.raises(InputError, match=f"{shard}.*delete the shard and build again"):
        by_model(run)
    assert server.stats()["requests"] == 1
    shard.unlink()
    assert by_model(run).rows == 15
    assert load(run.home, MODEL, ["00", "14"]).shape == (2, 8)
    assert server.stats()["requests"] == 2


def test_another_model_in_its_place_is_no_vector(
    by_model: Embed, home_of: HomeOf, server: OpenAIServer
) -> None:
    run = small(home_of)
    server.set_plan({"wrong_model": 1})
    by_model(run)
    assert len(fetch(run.home, "select * from core.unembedded")) == 15
    assert fetch(run.home, "select outcome, error from core.llm_calls") == [("error", "wrong_model")]
    assert not shard_folder(run.home, MODEL).exists()


@pytest.mark.parametrize("model", ["/models/embed.gguf", "owner/model", "model:tag@1 ä"])
def test_a_model_of_any_name_has_its_shards_in_the_home(by_model: Embed, home_of: HomeOf, model: str) -> None:
    run = small(home_of)
    ref = by_model(run, model)
    folder = shard_folder(run.home, ref.key).resolve()
    assert folder.is_relative_to(Path(run.home).resolve())
    assert load(run.home, ref.key, ["00"]).shape == (1, 8)
    assert len(list(folder.glob("*.parquet"))) == 1


def test_a_prompt_that_came_later_alone_is_asked(
    by_model: Embed, home_of: HomeOf, server: OpenAIServer
) -> None:
    run = small(home_of)
    by_model(run)
    later = run.model_copy(update={"id": "run-2"})
    add_prompts(later, {"99": "a prompt that came later"})
    assert by_model(later).rows == 16
    assert set(server.counts()["texts"].values()) == {1}
    assert load(run.home, MODEL, ["99", "00"]).shape == (2, 8)
