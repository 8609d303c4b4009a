"""arena-hard-auto's api_config.yaml: its files load, and what cannot be asked says why."""

from pathlib import Path

import pytest

from tasks.errors import InputError
from tasks.llm.endpoint import Endpoint, Endpoints, Price, get, load

SECRET = "sk-Zq81kd03bGty"

THEIRS = """
gpt-4.1:
    model: gpt-4.1
    endpoints: null
    api_type: openai
    parallel: 64
    max_tokens: 32000
    temperature: 0.0
old-one:
    model_name: gpt-3.5-turbo-0125
    endpoints: null
    api_type: openai
    tokenizer: gpt2
o3-mini-high:
    model: o3-mini-2025-01-31
    endpoints: null
    reasoning_effort: high
    max_tokens: 9000
    api_type: openai_thinking
    parallel: 32
gemma:
    model: google/gemma-3-27b-it
    endpoints:
        - api_base: http://0.0.0.0:8000/v1
          api_key: '-'
    api_type: openai
    parallel: 128
claude:
    model: claude-3-5-sonnet-20241022
    endpoints: null
    max_tokens: 20000
    api_type: anthropic
    parallel: 32
gpt-4-turbo:
    model: gemini-2.5-pro
    endpoints: null
    api_type: vertex
    project_id: <project_id>
"""


def read(tmp_path: Path, text: str) -> Endpoints:
    path = tmp_path / "api_config.yaml"
    path.write_text(text)
    return load(str(path))


def refusal(tmp_path: Path, entry: str) -> str:
    """Why an entry cannot be used, while the rest of its file can."""
    endpoints = read(tmp_path, f"{{mine: {entry}, other: {{model: m, api_type: openai}}}}")
    assert get(endpoints, "other").model == "m"
    with pytest.raises(InputError) as caught:
        get(endpoints, "mine")
    assert "endpoint mine" in str(caught.value)
    assert SECRET not in str(caught.value)
    return str(caught.value)


def test_what_speaks_openais_api_becomes_an_endpoint(tmp_path: Path) -> None:
    endpoints = read(tmp_path, THEIRS)
    assert get(endpoints, "gpt-4.1") == Endpoint(
        name="gpt-4.1",
        model="gpt-4.1",
        concurrency=64,
        parameters={"max_tokens": 32000, "temperature": 0.0},
    )
    assert get(endpoints, "old-one") == Endpoint(name="old-one", model="gpt-3.5-turbo-0125", concurrency=1)
    gemma = get(endpoints, "gemma")
    assert (gemma.base_url, gemma.api_key(), gemma.concurrency) == ("http://0.0.0.0:8000/v1", "", 128)


def test_a_reasoning_model_gets_an_effort_and_no_temperature(tmp_path: Path) -> None:
    assert get(read(tmp_path, THEIRS), "o3-mini-high").parameters == {
        "temperature": None,
        "max_tokens": None,
        "max_completion_tokens": 9000,
        "reasoning_effort": "high",
    }


def test_other_apis_are_refused_by_name_when_asked_for(tmp_path: Path) -> None:
    endpoints = read(tmp_path, THEIRS)
    with pytest.raises(InputError, match="endpoint claude: api_type anthropic is not OpenAI-compatible"):
        get(endpoints, "claude")


def test_a_refused_entry_is_not_the_shipped_one_of_its_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="api_type vertex"):
        get(read(tmp_path, THEIRS), "gpt-4-turbo")


@pytest.mark.parametrize("key", ["EMPTY", "-", "null", "''", "none"])
def test_a_placeholder_is_no_key(tmp_path: Path, key: str) -> None:
    text = f"mine: {{model: m, api_type: openai, endpoints: [{{api_base: 'http://h/v1', api_key: {key}}}]}}"
    assert get(read(tmp_path, text), "mine").api_key_env == ""


def test_a_variable_and_a_price_of_ours_may_stand_in_their_entry(tmp_path: Path) -> None:
    server = "[{api_base: 'http://h/v1', api_key_env: MY_KEY, model_name: theirs}]"
    entry = get(
        read(
            tmp_path,
            f"mine: {{model: m, api_type: openai, endpoints: {server}, rpm: 9, price: {{input: 1}}}}",
        ),
        "mine",
    )
    assert (entry.model, entry.api_key_env, entry.rpm, entry.price) == ("theirs", "MY_KEY", 9, Price(input=1))


@pytest.mark.parametrize(
    ("entry", "clue"),
    [
        (
            f"{{model: m, api_type: openai, endpoints: [{{api_base: 'http://h/v1', api_key: {SECRET}}}]}}",
            "api_key_env",
        ),
        (f"{{model: m, api_type: openai, api_key: {SECRET}}}", "keys stay out of files"),
        (f"{{model: m, api_type: openai, endpoints: [{{api_key_env: {SECRET}}}]}}", "api_key_env"),
        (
            "{model: m, api_type: openai, endpoints: [{api_base: 'http://a/v1'}, {api_base: 'http://b/v1'}]}",
            "several",
        ),
        (
            "{model: m, api_type: openai, endpoints: [{api_base: 'http://a/v1', api_version: x}]}",
            "api_version",
        ),
        ("{model: m, api_type: openai, endpoints: [{api_base: 'http://0.0.0.0:<port>/v1'}]}", "base_url"),
        ("{model: m, api_type: openai, endpoints: http://a/v1}", "endpoints: not a list"),
        ("{model: m, api_type: openai, sys_prompt: Be brief.}", "sys_prompt: unknown setting"),
        ("{model: m, api_type: openai, parallel: 0}", "concurrency"),
        ("{model: m, api_type: openai, parameters: [1]}", "parameters: not a table"),
        ("{api_type: openai, endpoints: null}", "model: missing"),
        ("{endpoints: null, api_type: deepseek_reasoner}", "api_type deepseek_reasoner"),
    ],
)
def test_what_cannot_be_kept_to_is_refused_by_name(tmp_path: Path, entry: str, clue: str) -> None:
    assert clue in refusal(tmp_path, entry)
