"""What `estimate` says before, within and after a build, and what the build then asked of a server."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest
import yaml

from flows.build import build
from flows.cli import app
from flows.estimate import estimate
from flows.report import print_forecast
from tasks import warehouse
from tasks.config import load, override
from tasks.estimate.forecast import Forecast, Step
from tasks.estimate.task import estimate as estimate_task
from tasks.llm import tokens
from tasks.refs import Ref, Run
from tests.flows.conftest import SAMPLE, Command
from tests.openai_server.process import OpenAIServer

KEY = "EVERGREEN_TEST_KEY"
MODELS = {
    "vectors": ("text-embedding-3-small", {"input": 0.02}, False),
    "cheap": ("gpt-3.5-turbo-0125", {"input": 0.5, "output": 1.5}, False),
    "dear": ("gpt-4-turbo-2024-04-09", {"input": 10, "output": 30}, True),
}
PROFILE = """
[embed]
model = "vectors"
[topics]
namer = "cheap"
umap_epochs = 50
[annotate]
annotator = "cheap"
second_annotator = "dear"
second_min_topic_mean = 2.5
[select]
size = 10
min_topic_mean = 0
"""
# The server counts a token for every 4 characters, which is more than ours in English.
TOLERANCE = 0.3


@dataclass(frozen=True)
class Story:
    """Forecasts for the same sources: of an empty home, of a built one, and of one built but for pass 2."""

    before: Forecast
    after: Forecast
    between: Forecast
    asked_before: int
    home: Path
    calls: pl.DataFrame

    def made(self, stage: str, endpoint: str) -> tuple[int, int, float]:
        """Calls of the build, the tokens of their input by the server, and their USD."""
        found = self.calls.filter(stage=stage, endpoint=endpoint)
        return found.height, found["input_tokens"].sum(), found["usd"].sum()


@pytest.fixture(scope="module")
def models() -> Iterator[OpenAIServer]:
    with OpenAIServer() as models:
        yield models


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / "conversations.jsonl"
    path.write_text("".join(SAMPLE.read_text().splitlines(keepends=True)[:200]))
    return path


@pytest.fixture(scope="module")
def arguments(source: Path, models: OpenAIServer, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the command is given, but for the home."""
    folder = tmp_path_factory.mktemp("settings")
    profile, file = folder / "profile.toml", folder / "endpoints.yaml"
    entries = {
        name: {"model": m, "price": p, "json_schema": j, "base_url": models.base_url, "api_key_env": KEY}
        for name, (m, p, j) in MODELS.items()
    }
    file.write_text(yaml.safe_dump(entries))
    profile.write_text(PROFILE)
    return [str(source), "--profile", str(profile), "--endpoints", str(file), "--max-usd", "0.01"]


@pytest.fixture(scope="module")
def story(
    server: str, models: OpenAIServer, arguments: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Story]:
    home = tmp_path_factory.mktemp("home")
    source, _, profile, _, file, *_ = arguments
    settings = override(load(profile), llm__endpoints=file)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(KEY, raising=False)
        before = estimate([source], str(home), settings)
        asked_before = models.stats()["requests"]
        patch.setenv(KEY, "a-key")
        build([source], str(home), settings)
        patch.delenv(KEY)
        after = estimate([source], str(home), settings)
    with warehouse.transaction(str(home)) as con:
        calls = con.execute("from core.llm_calls").pl()
        con.execute("delete from core.annotations where annotator like 'gpt-4-turbo%'")
        con.execute("delete from core.llm_calls where endpoint = 'dear'")
    run = Run(id="between", home=str(home), seed=settings.seed, lock_wait_seconds=5)
    prompts = Ref(stage="clean", table="core.prompts", key="eligible", rows=before.prompts)
    between = estimate_task.fn(run, prompts, settings)
    yield Story(before, after, between, asked_before, home, calls)


def step(forecast: Forecast, name: str) -> Step:
    (found,) = [step for step in forecast.steps if step.name == name]
    return found


def test_no_model_is_asked_and_no_key_is_needed(story: Story) -> None:
    assert story.asked_before == 0
    assert sum(step.calls for step in story.before.steps) > 0


@pytest.mark.parametrize(("name", "endpoint"), [("embed", "vectors"), ("annotate 1", "cheap")])
def test_what_is_known_before_is_what_the_build_asks(story: Story, name: str, endpoint: str) -> None:
    said = step(story.before, name)
    calls, input_tokens, usd = story.made(name.split(maxsplit=1)[0], endpoint)
    assert said.calls == calls
    assert said.input_tokens == pytest.approx(input_tokens, rel=TOLERANCE)
    assert said.usd("sync") == pytest.approx(usd, rel=TOLERANCE)


def test_tokens_are_those_of_the_texts(story: Story) -> None:
    with warehouse.transaction(str(story.home)) as con:
        texts = con.execute("select prompt from core.eligible_prompts").fetchall()
    counted = sum(tokens.count([text for (text,) in texts], "text-embedding-3-small"))
    assert step(story.before, "embed").input_tokens == counted
    assert story.before.prompts == len(texts)


def test_what_is_guessed_before_is_near_what_the_build_asks(story: Story) -> None:
    calls, input_tokens, _ = story.made("topics", "cheap")
    said = step(story.before, "topics")
    assert calls / 2 <= said.calls <= calls * 2
    assert said.input_tokens / said.calls == pytest.approx(input_tokens / calls, rel=TOLERANCE)


def test_after_the_first_pass_the_second_is_known(story: Story) -> None:
    assert [step(story.between, name).calls for name in ("embed", "topics", "annotate 1")] == [0, 0, 0]
    said = step(story.between, "annotate 2")
    calls, input_tokens, _ = story.made("annotate", "dear")
    assert said.calls == calls > 0
    assert said.input_tokens == pytest.approx(input_tokens, rel=TOLERANCE)


def test_after_the_build_nothing_is_left_to_ask(story: Story) -> None:
    assert [step.calls for step in story.after.steps] == [0, 0, 0, 0]
    assert story.after.usd == 0


def test_the_command_prints_the_same_and_where_the_budget_ends(
    story: Story,
    models: OpenAIServer,
    arguments: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(KEY, raising=False)
    asked = models.stats()["requests"]
    app(["estimate", *arguments, "--home", str(tmp_path), "--json"], exit_on_error=False)
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["steps"] == [step.as_json() for step in story.before.steps]
    assert said["total"]["usd"] == pytest.approx(story.before.usd)
    assert said["stops_in"] == "annotate 1"
    assert models.stats()["requests"] == asked


def test_the_table_has_the_figures_and_says_how_they_were_found(
    story: Story, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    print_forecast(replace(story.before, max_usd=0.01))
    printed = capsys.readouterr().out
    for step in story.before.steps:
        assert f"{step.input_tokens:,}" in printed
        assert f"{step.usd('sync'):,.2f} *" in printed
    assert "it would stop the build in annotate 1" in printed
    assert "33.8%" in printed


def test_a_mistake_is_told_before_anything_is_read(command: Command, tmp_path: Path) -> None:
    profile = tmp_path / "profile.toml"
    profile.write_text('[annotate]\nannotator = "nobody"\n')
    done = command("estimate", SAMPLE, "--home", tmp_path / "home", "--profile", profile)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no endpoint 'nobody'" in done.stderr
    assert not (tmp_path / "home").exists()
