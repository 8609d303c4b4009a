"""Texts as embedding requests: never more than OpenAI takes, every prompt in exactly one."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.embed.batches import MAX_INPUTS, Batch, batches
from tasks.llm import tokens
from tasks.llm.endpoint import Endpoint

MODEL = "text-embedding-3-small"
ENDPOINT = Endpoint(name="e", model=MODEL, parameters={"dimensions": 8})
API_TOKENS = 300_000  # of all inputs of a request
API_INPUT_TOKENS = 8_192


def prompts(*texts: str) -> pl.DataFrame:
    rows = [(f"id{number}", text) for number, text in enumerate(texts)]
    return pl.DataFrame(rows, schema={"prompt_id": pl.String, "prompt": pl.String}, orient="row")


def test_short_prompts_are_limited_by_their_number() -> None:
    made = list(batches(prompts(*["hi"] * (2 * MAX_INPUTS + 1)), ENDPOINT))
    assert [len(batch.texts) for batch in made] == [MAX_INPUTS, MAX_INPUTS, 1]
    assert [i for batch in made for i in batch.prompt_ids] == [f"id{n}" for n in range(2 * MAX_INPUTS + 1)]


def test_long_prompts_are_limited_by_their_tokens() -> None:
    made = list(batches(prompts(*[f"{n} " + "bread " * 8_000 for n in range(80)]), ENDPOINT))
    assert len(made) == 3
    for batch in made:
        assert sum(tokens.count(batch.texts, MODEL)) <= API_TOKENS
        assert sum(batch.token_counts) == sum(tokens.count(batch.texts, MODEL))


@pytest.mark.parametrize("unit", ["bread ", "日本語", "\U0001f600", "x7 ", "<|endoftext|>"])
def test_a_prompt_that_is_too_long_is_cut_to_what_the_model_takes(unit: str) -> None:
    text = unit * 30_000
    [batch] = batches(prompts(text, "short"), ENDPOINT)
    assert text.startswith(batch.texts[0])
    assert 8_000 < tokens.count([batch.texts[0]], MODEL)[0] <= ENDPOINT.max_input_tokens < API_INPUT_TOKENS
    assert batch.texts[1] == "short"


def test_no_prompts_are_no_request() -> None:
    assert list(batches(prompts(), ENDPOINT)) == []


def test_a_request_has_its_texts_the_endpoints_parameters_and_its_tokens() -> None:
    [batch] = batches(prompts("one", "two words"), ENDPOINT)
    request = batch.request(ENDPOINT)
    assert request.body == {"input": ["one", "two words"], "encoding_format": "base64", "dimensions": 8}
    assert (request.input_tokens, request.output_tokens) == (3, 0)
    assert request.key == batch.request(ENDPOINT).key
    assert request.key != batch.request(ENDPOINT.model_copy(update={"parameters": {}})).key


def test_halves_come_down_to_each_prompt_alone() -> None:
    [batch] = batches(prompts(*"abcdefg"), ENDPOINT)
    parts: list[Batch] = [batch]
    while any(len(part.texts) > 1 for part in parts):
        parts = [half for part in parts for half in (part.halves() if len(part.texts) > 1 else (part,))]
    assert [part.texts for part in parts] == [(text,) for text in "abcdefg"]
    assert [part.prompt_ids for part in parts] == [(f"id{number}",) for number in range(7)]
    assert all(len(part.token_counts) == 1 for part in parts)


@settings(max_examples=30)
@given(st.lists(st.text(min_size=1, max_size=200) | st.just("bread " * 8_500), max_size=40))
def test_any_prompts_are_sent_whole_in_their_order(texts: list[str]) -> None:
    made = list(batches(prompts(*texts), ENDPOINT))
    sent = [text for batch in made for text in batch.texts]
    assert len(sent) == len(texts)
    assert all(text.startswith(start) for text, start in zip(texts, sent, strict=True))
    for batch in made:
        assert 0 < len(batch.texts) <= MAX_INPUTS
        assert sum(batch.token_counts) <= API_TOKENS
