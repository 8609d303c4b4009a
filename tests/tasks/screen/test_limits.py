"""The limit of cosine is the embedder's own."""

import pytest

from tasks.errors import InputError
from tasks.ready import check_models
from tasks.screen.limits import CALIBRATED, min_cosine
from tasks.settings import EmbedSettings, LlmSettings, ScreenSettings, Settings

DEFAULT = ScreenSettings()
MODEL = "text-embedding-3-small"


@pytest.mark.parametrize(
    ("embedder", "model"),
    [
        ("static-01234567", "static"),
        ("static", "static"),
        (MODEL, MODEL),
        (f"{MODEL}-0a1b2c3d", MODEL),
    ],
)
def test_an_embedder_is_known_by_its_model(embedder: str, model: str) -> None:
    assert min_cosine(embedder, DEFAULT) == CALIBRATED[model]


def test_a_set_limit_comes_first() -> None:
    assert min_cosine("my-embedder", ScreenSettings(min_cosine=0.8)) == 0.8
    assert min_cosine(MODEL, ScreenSettings(min_cosine=0.8)) == 0.8


@pytest.mark.parametrize("embedder", ["my-embedder", "text-embedding-3-large", "text-embedding-3-smaller"])
def test_an_unknown_embedder_is_refused_with_what_to_set(embedder: str) -> None:
    with pytest.raises(InputError, match=rf"{embedder}.*set screen.min_cosine.*or screen.semantic = false"):
        min_cosine(embedder, DEFAULT)


def test_it_is_refused_before_a_build_begins(tmp_path: object) -> None:
    path = tmp_path / "endpoints.yaml"  # type: ignore[operator]
    path.write_text("mine: {model: my-embedder, base_url: 'http://127.0.0.1:1/v1', api_key_env: ''}")
    llm, embed = LlmSettings(endpoints=str(path)), EmbedSettings(model="mine")
    with pytest.raises(InputError, match=r"my-embedder.*screen\.min_cosine"):
        check_models(Settings(llm=llm, embed=embed))
    check_models(Settings(llm=llm, embed=embed, screen=ScreenSettings(semantic=False)))


def test_a_missing_list_is_refused_before_a_build_begins() -> None:
    with pytest.raises(InputError, match=r"nowhere/q\.jsonl: no such file"):
        check_models(Settings(screen=ScreenSettings(references=("nowhere/q.jsonl",))))
