"""What no server of ours can show: that a real one, of other people's making, is understood."""

import json
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
import polars as pl
import pytest

from tasks.annotate.task import annotate
from tasks.embed.task import embed
from tasks.refs import Ref, Run
from tasks.settings import AnnotateSettings, EmbedSettings, LlmSettings
from tasks.vectors.grid import STEPS, to_grid
from tasks.vectors.shards import load
from tests.plugins.homes import read

SETTINGS = AnnotateSettings(annotator="gemma", rubric=str(Path(__file__).parent / "rubric.md"))
TOPICS = Ref(stage="topics", table="core.taxonomies", key="", rows=0)
DIMENSIONS = 640  # of gemma-3-270m


def post(url: str, body: dict[str, Any]) -> Any:
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=60) as response:
        return json.load(response)


def metric(url: str, name: str) -> int:
    """A counter of the server's own."""
    with urlopen(f"{url}/metrics", timeout=60) as response:
        lines = response.read().decode().splitlines()
    (value,) = [line.split()[1] for line in lines if line.startswith(f"llamacpp:{name} ")]
    return int(value)


@pytest.fixture(scope="module")
def annotator(run: Run, prompts: Ref, llm: LlmSettings) -> str:
    assert prompts.rows == 10
    return annotate.fn(run, prompts, TOPICS, SETTINGS, llm).key


def test_each_prompt_is_marked_or_has_a_reason_why_not(run: Run, annotator: str) -> None:
    found = read(run.home, "select * from core.annotations")
    assert found.height == 10
    assert set(found["annotator"]) == {annotator}
    assert set(found["outcome"]) <= {"ok", "empty", "refused", "unparsable", "truncated"}
    marked = found.filter(pl.col("outcome") == "ok")
    assert marked.height >= 5  # the schema holds the model to a list, of which only the end may be missing
    assert marked["score"].is_between(0, 7).all()


def test_what_the_server_counted_is_recorded(run: Run, annotator: str, model_url: str) -> None:
    calls = read(run.home, "select * from core.llm_calls where stage = 'annotate'")
    assert set(calls["model"]) == {"gemma-3-270m"}
    assert calls["output_tokens"].sum() == metric(model_url, "tokens_predicted_total")
    assert (calls["input_tokens"] - calls["cached_tokens"]).sum() == metric(model_url, "prompt_tokens_total")
    assert calls["cached_tokens"].sum() > 0  # the rubric, from the second request of a slot on
    assert calls["usd"].sum() > 0


def test_nothing_is_asked_twice(run: Run, prompts: Ref, llm: LlmSettings, annotator: str) -> None:
    before = read(run.home, "select call_id from core.llm_calls")["call_id"]
    assert annotate.fn(run, prompts, TOPICS, SETTINGS, llm).key == annotator
    assert read(run.home, "select call_id from core.llm_calls")["call_id"].to_list() == before.to_list()


def test_each_prompt_gets_the_vector_that_the_model_gives_it(
    run: Run, prompts: Ref, llm: LlmSettings, model_url: str
) -> None:
    ref = embed.fn(run, prompts, EmbedSettings(model="gemma"), llm)
    assert ref.key.startswith("gemma-3-270m-")  # and a hash of the endpoint's parameters
    assert ref.rows == 10
    eligible = read(run.home, "from core.prompts anti join core.flags using (prompt_id) order by prompt_id")
    vectors = load(run.home, ref.key, eligible["prompt_id"].to_list())
    assert vectors.shape == (10, DIMENSIONS)
    plain = post(f"{model_url}/v1/embeddings", {"input": eligible["prompt"][0], "encoding_format": "float"})
    expected = to_grid(np.array([plain["data"][0]["embedding"]]))[0]
    np.testing.assert_allclose(vectors[0], expected, atol=0.01 * STEPS)
