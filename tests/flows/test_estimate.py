"""What `estimate` says before, within and after a build, and what the build asked of a server."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest

from flows.cli import app
from flows.estimate import estimate
from flows.report import print_forecast
from tasks import warehouse
from tasks.estimate.forecast import Forecast, Step
from tasks.estimate.task import estimate as estimate_task
from tasks.llm import tokens
from tasks.refs import Ref, Run
from tests.flows.forks import Command
from tests.flows.llm_home import CHEAP, DIMENSIONS, EMBEDDER, GOOD, NAMER, Eve, Project, write_project
from tests.openai_server.process import OpenAIServer
from tests.places import SAMPLE
from tests.plugins.homes import Copy
from tests.plugins.models import Servers

KEY = "EVERGREEN_TEST_KEY"  # is not set: an estimate asks nobody
MAX_USD = 0.1
# The server counts a token for every 4 characters, which is more than ours in English.
TOLERANCE = 0.3


@dataclass(frozen=True)
class Story:
    """Forecasts for the same sources: of an empty home, of a built one, and of one built but for pass 2."""

    before: Forecast
    after: Forecast
    between: Forecast
    home: Path
    calls: pl.DataFrame

    def made(self, stage: str, endpoint: str) -> tuple[int, int, float]:
        """Calls of the build, the tokens of their input by the server, and their USD."""
        found = self.calls.filter(stage=stage, endpoint=endpoint)
        return found.height, found["input_tokens"].sum(), found["usd"].sum()


@pytest.fixture(scope="module")
def models(openai_servers: Servers) -> OpenAIServer:
    return openai_servers(dimensions=DIMENSIONS)


@pytest.fixture(scope="module")
def project(eve: Eve, models: OpenAIServer, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """What the home `eve` was built from, with prices and a key that is not there."""
    folder = tmp_path_factory.mktemp("project")
    return write_project(folder, eve.logs / "first.jsonl", models, api_key_env=KEY)


@pytest.fixture(scope="module")
def story(eve: Eve, project: Project, copy: Copy, tmp_path_factory: pytest.TempPathFactory) -> Story:
    source, settings = [str(project.source)], project.settings
    before = estimate(source, str(tmp_path_factory.mktemp("empty")), settings)
    after = estimate(source, str(copy(eve.home)), settings)
    home = copy(eve.home)
    with warehouse.transaction(str(home)) as con:
        calls = con.execute("from core.llm_calls").pl()
        con.execute(f"delete from core.annotations where annotator like '{GOOD}%'")
        con.execute(f"delete from core.llm_calls where endpoint = '{GOOD}'")
    run = Run(id="between", home=str(home), seed=settings.seed, lock_wait_seconds=5)
    prompts = Ref(stage="clean", table="core.prompts", key="eligible", rows=before.prompts)
    between = estimate_task.fn(run, prompts, settings)
    return Story(before, after, between, eve.home, calls)


def step(forecast: Forecast, name: str) -> Step:
    (found,) = [step for step in forecast.steps if step.name == name]
    return found


@pytest.mark.parametrize(("name", "endpoint"), [("embed", EMBEDDER), ("annotate 1", CHEAP)])
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
    calls, input_tokens, _ = story.made("topics", NAMER)
    said = step(story.before, "topics")
    assert calls / 2 <= said.calls <= calls * 2
    assert said.input_tokens / said.calls == pytest.approx(input_tokens / calls, rel=TOLERANCE)


def test_after_the_first_pass_the_second_is_known(story: Story) -> None:
    assert [step(story.between, name).calls for name in ("embed", "topics", "annotate 1")] == [0, 0, 0]
    said = step(story.between, "annotate 2")
    calls, input_tokens, _ = story.made("annotate", GOOD)
    assert said.calls == calls > 0
    assert said.input_tokens == pytest.approx(input_tokens, rel=TOLERANCE)


def test_after_the_build_nothing_is_left_to_ask(story: Story) -> None:
    assert [step.calls for step in story.after.steps] == [0, 0, 0, 0]
    assert story.after.usd == 0


def test_the_command_prints_the_same_and_where_the_budget_ends_and_asks_no_model(
    story: Story,
    project: Project,
    models: OpenAIServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = [*map(str, project.arguments("estimate", tmp_path)), "--max-usd", str(MAX_USD), "--json"]
    app(arguments, exit_on_error=False)
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["steps"] == [step.as_json() for step in story.before.steps]
    assert said["total"]["usd"] == pytest.approx(story.before.usd)
    assert said["stops_in"] == "annotate 1"
    assert models.stats()["requests"] == 0


def test_the_table_has_the_figures_and_says_how_they_were_found(
    story: Story, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    print_forecast(replace(story.before, max_usd=MAX_USD))
    printed = capsys.readouterr().out
    for step in story.before.steps:
        assert f"{step.input_tokens:,}" in printed
        assert f"{step.usd('sync'):,.2f} *" in printed
    assert "it would stop the build in annotate 1" in printed
    assert "61.9%" in printed


def test_a_mistake_is_told_before_anything_is_read(command: Command, tmp_path: Path) -> None:
    profile = tmp_path / "profile.toml"
    profile.write_text('[annotate]\nannotator = "nobody"\n')
    done = command("estimate", SAMPLE, "--home", tmp_path / "home", "--profile", profile)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no endpoint 'nobody'" in done.stderr
    assert not (tmp_path / "home").exists()
