"""Endpoints: what the shipped file has, what a user's file changes, what is refused without telling a key."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from tasks.errors import InputError
from tasks.llm.endpoint import Endpoint, Price, get, load

SECRET = "sk-Zq81kd03bGty"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.yaml"


def refusal(file: Path, text: str) -> str:
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        load(str(file))
    message = str(caught.value)
    assert str(file) in message
    assert "\n" not in message
    assert SECRET not in message
    assert caught.value.__suppress_context__ or SECRET not in str(caught.value.__cause__)
    return message


def test_the_shipped_endpoints_are_the_methods_at_published_prices() -> None:
    endpoints = load()
    assert get(endpoints, "text-embedding-3-small").price == Price(input=0.02)
    assert get(endpoints, "gpt-3.5-turbo").model == "gpt-3.5-turbo-0125"
    assert get(endpoints, "gpt-3.5-turbo").price == Price(input=0.5, output=1.5)
    turbo = get(endpoints, "gpt-4-turbo")
    assert (turbo.model, turbo.json_schema) == ("gpt-4-turbo-2024-04-09", False)
    assert turbo.price == Price(input=10, cached_input=10, output=30)
    assert all(get(endpoints, name).json_schema for name in ("gpt-4o-mini", "gpt-4.1-mini"))


def test_the_entry_that_shows_every_field_shows_the_defaults() -> None:
    shown = load()["gpt-4-turbo"]
    stated = {"name", "model", "concurrency", "rpm", "tpm", "price"}
    plain = Endpoint(name="plain", model="plain")
    assert shown.model_dump(exclude=stated) == plain.model_dump(exclude=stated)
    assert shown.model_fields_set == set(Endpoint.model_fields)


def test_the_local_server_wants_no_key_and_costs_nothing() -> None:
    local = get(load(), "local")
    assert (local.base_url, local.served_as) == ("http://127.0.0.1:8080/v1", "*")
    assert local.api_key() == ""
    assert local.price == Price()


def test_a_file_adds_to_the_shipped_ones_and_replaces_the_same_name(file: Path) -> None:
    file.write_text("gpt-4-turbo: {model: other, price: {input: 2}}\nmine: {model: m, base_url: null}\n")
    endpoints = load(str(file))
    assert get(endpoints, "gpt-4-turbo") == Endpoint(name="gpt-4-turbo", model="other", price=Price(input=2))
    assert get(endpoints, "mine").base_url == ""
    assert get(endpoints, "gpt-3.5-turbo") == load()["gpt-3.5-turbo"]


def test_cached_input_costs_what_input_does_unless_stated(file: Path) -> None:
    file.write_text(
        "a: {model: m, price: {input: 4, output: 8}}\nb: {model: m, price: {input: 4, cached_input: 0}}\n"
    )
    endpoints = load(str(file))
    assert [endpoints[name].price.cached_input for name in "ab" if endpoints[name].price] == [4, 0]


def test_parameters_may_be_nested_or_null(file: Path) -> None:
    file.write_text("a: {model: m, parameters: {temperature: null, extra: {think: false}, top_p: 0.5}}")
    assert load(str(file))["a"].parameters == {"temperature": None, "extra": {"think": False}, "top_p": 0.5}


@pytest.mark.parametrize(
    ("text", "clue"),
    [
        ("a: {model: m, rmp: 5}", "a: rmp: unknown setting"),
        ("a: {model: m, name: b}", "a: name: unknown setting"),
        ("a: {rpm: 5}", "a: model"),
        ("a: {model: m, rpm: -1}", "a: rpm"),
        ("a: {model: m, concurrency: 0}", "a: concurrency"),
        ("a: {model: m, mode: slow}", "a: mode"),
        ("a: {model: m, price: {input: -1}}", "a: price.input"),
        ("a: {model: m, price: {input: .nan}}", "a: price.input"),
        ("a: {model: m, price: {inputs: 1}}", "a: price.inputs: unknown setting"),
        ("a: {model: m, price: 3}", "a: price"),
        ("a: {model: m, parameters: {stream: true}}", "the program sets stream itself"),
        ("a: gpt-4", "a: not a table"),
        ("a:", "a: not a table"),
        ("- a", "not a file of endpoints"),
        ("5: {model: m}", "not a file of endpoints"),
        ("", "not a file of endpoints"),
        ("a: {model: m, base_url: 'ftp://host/v1'}", "a: base_url"),
        ("a: {model: m, base_url: 'host:8080/v1'}", "a: base_url"),
        ("a: {model: m, base_url: 'http://'}", "a: base_url"),
        ("a: {model: m, base_url: 'http://host:port/v1'}", "a: base_url"),
        ("a: {model: m, base_url: 'http://[::1/v1'}", "a: base_url"),
        ("a:\n  model: m\n  rpm: [1\nb: {", "line 4: not valid YAML"),
        ("a: {model: 2024-99-99}", "not valid YAML"),
        ("a: \x00", "not valid YAML"),
    ],
)
def test_a_faulty_file_is_one_clear_line(file: Path, text: str, clue: str) -> None:
    assert clue in refusal(file, text)


@pytest.mark.parametrize(
    "text",
    [
        f"a: {{model: m, api_key: {SECRET}}}",
        f"a: {{model: m, key: {SECRET}}}",
        f"a: {{model: m, openai-api-key: {SECRET}}}",
        f"a: {{model: m, token: {SECRET}}}",
        f"a: {{model: m, api_key_env: {SECRET}}}",
        f"a: {{model: m, api_key_env: '{SECRET} '}}",
        "a: {model: m, api_key_env: SK-abc}",
        "a: {model: m, api_key_env: $OPENAI_API_KEY}",
        f"a: {{model: m, parameters: {{api_key: {SECRET}}}}}",
        f"a: {{model: m, base_url: 'https://me:{SECRET}@host/v1'}}",
        f"a: {{model: m, base_url: 'https://{SECRET}@host/v1'}}",
        f"a: {{model: m, base_url: 'https://host/v1?api_key={SECRET}'}}",
        f"a: {{model: m, api_key_env: {SECRET}\nb: [",
        f"a: {SECRET}",
    ],
)
def test_a_key_in_a_file_is_refused_and_not_repeated(file: Path, text: str) -> None:
    refusal(file, text)


def test_a_file_that_is_not_there_or_not_text_is_refused(file: Path) -> None:
    with pytest.raises(InputError, match=r"mine\.yaml: no such endpoints file"):
        load(str(file))
    with pytest.raises(InputError, match="cannot be read"):
        load(str(file.parent))
    file.write_bytes(b"a: \xff")
    with pytest.raises(InputError, match="UTF-8"):
        load(str(file))


def test_the_key_is_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = Endpoint(name="a", model="m", api_key_env="MY_KEY")
    monkeypatch.setenv("MY_KEY", f"{SECRET}\n")
    assert endpoint.api_key() == SECRET
    monkeypatch.setenv("MY_KEY", f"{SECRET} {SECRET}")
    with pytest.raises(InputError, match="MY_KEY") as caught:
        endpoint.api_key()
    assert SECRET not in str(caught.value)
    monkeypatch.setenv("MY_KEY", " ")
    with pytest.raises(InputError, match="endpoint a: set the environment variable MY_KEY"):
        endpoint.api_key()
    monkeypatch.delenv("MY_KEY")
    with pytest.raises(InputError, match="MY_KEY"):
        endpoint.api_key()


def test_the_name_of_a_shared_limit_has_nothing_that_prefect_bans_and_is_nobody_elses() -> None:
    names = ["gpt-4o-mini", "org/model", "org~2Fmodel", "50 % <b> & c", "a?b#c", "modèle"]
    limits = [Endpoint(name=name, model="m").limit_name for name in names]
    assert limits[:2] == ["llm-gpt-4o-mini", "llm-org~2Fmodel"]
    assert len(set(limits)) == len(names)
    assert not set("".join(limits)) & set("/%&<>?#")


def test_an_unknown_endpoint_says_which_are() -> None:
    with pytest.raises(InputError, match=r"no endpoint 'gpt-9': name one of .*gpt-4-turbo, .*local"):
        get(load(), "gpt-9")


def test_an_endpoint_is_frozen() -> None:
    with pytest.raises(ValidationError):
        load()["local"].rpm = 1  # type: ignore[misc]
