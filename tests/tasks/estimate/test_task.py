"""What is left to ask of a small home, worked out by hand; no server, no key."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import yaml

from tasks import warehouse
from tasks.errors import InputError
from tasks.estimate.forecast import Forecast, Step
from tasks.estimate.task import estimate
from tasks.llm import tokens
from tasks.llm.task import add_calls
from tasks.refs import Run
from tasks.settings import (
    AnnotateSettings,
    EmbedSettings,
    LlmSettings,
    ScreenSettings,
    Settings,
    TopicsSettings,
)
from tasks.vectors.shards import shard_folder, to_frame
from tests.tasks.estimate.home import ENTRIES, IDS, PROMPTS, TEXTS, add_run, call, mark, place, tokens_of


@pytest.fixture
def run(home_of: Callable[[Mapping[str, str]], Run], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return home_of(TEXTS)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Models in all stages, and a budget."""
    path = tmp_path / "endpoints.yaml"
    path.write_text(yaml.safe_dump(ENTRIES))
    return Settings(
        llm=LlmSettings(endpoints=str(path), max_usd=5),
        embed=EmbedSettings(model="vectors"),
        topics=TopicsSettings(namer="cheap"),
        annotate=AnnotateSettings(annotator="cheap", second_annotator="dear"),
    )


def steps_of(forecast: Forecast) -> dict[str, Step]:
    return {step.name: step for step in forecast.steps}


def test_without_models_nothing_is_asked(run: Run) -> None:
    forecast = estimate.fn(run, PROMPTS, Settings())
    assert [(step.name, step.endpoint, step.calls) for step in forecast.steps] == [
        ("embed", None, 0),
        ("topics", None, 0),
        ("annotate 1", None, 0),
    ]
    assert (forecast.usd, forecast.sync_hours) == (0, 0)


def test_a_new_home_has_all_to_ask(run: Run, settings: Settings) -> None:
    forecast = estimate.fn(run, PROMPTS, settings)
    steps = steps_of(forecast)
    embedded = sum(tokens.count(list(TEXTS.values()), "text-embedding-3-small"))
    assert (steps["embed"].calls, steps["embed"].input_tokens) == (1, embedded)
    assert steps["topics"].calls == round(40 / 15)
    first = tokens_of(settings, "cheap", IDS)
    assert (steps["annotate 1"].calls, steps["annotate 1"].input_tokens) == (40, first)
    # 33.8 % of GPT-3.5-Turbo's scores were 5 or more, as published.
    second = tokens_of(settings, "dear", IDS)
    assert (steps["annotate 2"].calls, steps["annotate 2"].input_tokens) == (14, round(0.338 * second))
    assert steps["annotate 1"].usd("sync") == pytest.approx((first * 0.5 + 40 * 15 * 1.5) / 1e6)
    assert [note for note in forecast.notes if "33.8%" in note and "published" in note]
    assert [note for note in forecast.notes if note.startswith("annotate 1: 15.0 tokens")]


def test_embedded_prompts_are_not_embedded_again(run: Run, settings: Settings) -> None:
    folder = shard_folder(run.home, "text-embedding-3-small")
    folder.mkdir(parents=True)
    to_frame(IDS[:30], np.ones((30, 4), dtype=np.float32)).write_parquet(folder / "some.parquet")
    step = steps_of(estimate.fn(run, PROMPTS, settings))["embed"]
    assert (step.calls, step.input_tokens) == (
        1,
        sum(tokens.count([TEXTS[i] for i in IDS[30:]], "text-embedding-3-small")),
    )


def test_questions_of_public_test_sets_are_embedded_too(run: Run, settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "question.jsonl"
    questions = [f"Name {n} rivers of Chile." for n in range(3)]
    path.write_text("".join(json.dumps({"question_id": n, "turns": [n]}) + "\n" for n in questions))
    without = steps_of(estimate.fn(run, PROMPTS, settings))["embed"]
    screen = ScreenSettings(references=(str(path),))
    forecast = estimate.fn(run, PROMPTS, settings.model_copy(update={"screen": screen}))
    more = sum(tokens.count(questions, "text-embedding-3-small"))
    assert steps_of(forecast)["embed"].input_tokens == without.input_tokens + more
    assert [note for note in forecast.notes if "with 3 questions of public test sets" in note]
    no_vectors = screen.model_copy(update={"semantic": False})
    forecast = estimate.fn(run, PROMPTS, settings.model_copy(update={"screen": no_vectors}))
    assert steps_of(forecast)["embed"] == without


def test_answers_in_the_journals_are_not_paid_again_and_tell_what_others_are_like(
    run: Run, settings: Settings
) -> None:
    add_run(run, settings)
    add_calls(
        run,
        [
            call(settings, "cheap", "00"),
            call(settings, "cheap", "01", outcome="refused", output_tokens=20, latency_seconds=2.0),
            call(settings, "cheap", "02", outcome="error", error="timeout", output_tokens=0, usd=0),
            call(settings, "cheap", "03", outcome="unparsable", mode="batch", latency_seconds=9_000.0),
        ],
    )
    forecast = estimate.fn(run, PROMPTS, settings)
    step = steps_of(forecast)["annotate 1"]
    assert (step.calls, step.input_tokens) == (38, tokens_of(settings, "cheap", IDS[2:]))
    assert (step.answers.output_tokens, step.answers.seconds) == (pytest.approx(80 / 3), 3.0)
    assert forecast.spent_usd == 1.5


def test_answers_in_another_format_say_nothing_of_these(run: Run, settings: Settings) -> None:
    add_run(run, settings)
    add_calls(run, [call(settings, "cheap", "00", output_tokens=1)])
    explain = settings.model_copy(
        update={"annotate": settings.annotate.model_copy(update={"format": "explain"})}
    )
    step = steps_of(estimate.fn(run, PROMPTS, explain))["annotate 1"]
    assert (step.calls, step.answers.output_tokens) == (40, 250)


def test_after_the_first_pass_the_second_one_is_counted_and_not_guessed(run: Run, settings: Settings) -> None:
    scores = {i: 6 if n % 4 == 0 else 2 for n, i in enumerate(IDS)} | {"01": None}
    add_run(run, settings)
    add_calls(run, [call(settings, "cheap", "01", outcome="refused")])
    mark(run, settings, "cheap", scores)
    passing = [i for i in IDS if scores[i] == 6]
    steps = steps_of(estimate.fn(run, PROMPTS, settings))
    assert steps["annotate 1"].calls == 0
    assert (steps["annotate 2"].calls, steps["annotate 2"].input_tokens) == (
        10,
        tokens_of(settings, "dear", passing),
    )
    mark(run, settings, "dear", dict.fromkeys(passing[:9], 7))
    assert steps_of(estimate.fn(run, PROMPTS, settings))["annotate 2"].calls == 1


def test_prompts_that_are_new_pass_in_the_share_of_those_that_are_marked(
    run: Run, settings: Settings
) -> None:
    mark(run, settings, "cheap", {i: 7 if n < 5 else 0 for n, i in enumerate(IDS[:20])})
    forecast = estimate.fn(run, PROMPTS, settings)
    steps = steps_of(forecast)
    assert steps["annotate 1"].calls == 20
    assert steps["annotate 2"].calls == 5 + round(20 * 5 / 20)
    assert [note for note in forecast.notes if "5 of 20 prompts" in note]


def test_weak_topics_and_prompts_without_one_do_not_get_to_the_second_pass(
    run: Run, settings: Settings
) -> None:
    # Topic 0 has a mean of 4, topic 1 one of 2, and the last prompt has no topic.
    topics = {i: n % 2 for n, i in enumerate(IDS)} | {IDS[-1]: None}
    scores = {i: (6 if n % 4 < 2 else 2) - 2 * (n % 2) for n, i in enumerate(IDS)} | {IDS[1]: 7, IDS[-1]: 7}
    mark(run, settings, "cheap", scores)
    place(run, settings, topics)
    steps = steps_of(estimate.fn(run, PROMPTS, settings))
    assert steps["annotate 2"].calls == len([i for n, i in enumerate(IDS) if n % 4 == 0])
    assert steps["topics"].calls == 2


def test_a_taxonomy_of_other_prompts_or_settings_is_not_taken(run: Run, settings: Settings) -> None:
    place(run, settings, dict.fromkeys(IDS, 0))
    assert steps_of(estimate.fn(run, PROMPTS, settings))["topics"].calls == 2
    other = settings.model_copy(update={"topics": settings.topics.model_copy(update={"min_topic_size": 2})})
    assert steps_of(estimate.fn(run, PROMPTS, other))["topics"].calls == round(40 / 6)
    with warehouse.transaction(run.home) as con:
        con.execute("delete from core.prompt_topics where prompt_id = '39'")
    assert steps_of(estimate.fn(run, PROMPTS, settings))["topics"].calls == round(40 / 15)


def test_the_same_annotator_twice_is_asked_once(run: Run, settings: Settings) -> None:
    twice = settings.annotate.model_copy(update={"second_annotator": "cheap"})
    steps = steps_of(estimate.fn(run, PROMPTS, settings.model_copy(update={"annotate": twice})))
    assert (steps["annotate 1"].calls, steps["annotate 2"].calls) == (40, 0)


def test_an_unknown_endpoint_is_told(run: Run, settings: Settings) -> None:
    unknown = settings.model_copy(update={"topics": TopicsSettings(namer="nobody")})
    with pytest.raises(InputError, match="nobody"):
        estimate.fn(run, PROMPTS, unknown)


def test_prompts_that_are_read_in_pages_are_all_counted(
    run: Run, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = estimate.fn(run, PROMPTS, settings)
    monkeypatch.setattr("tasks.estimate.task._PAGE_ROWS", 7)
    paged = estimate.fn(run, PROMPTS, settings)
    assert paged == whole


def test_embeddings_are_asked_for_at_once_whatever_the_mode(run: Run, settings: Settings) -> None:
    entries = {name: {**entry, "mode": "batch"} for name, entry in ENTRIES.items()}
    Path(settings.llm.endpoints).write_text(yaml.safe_dump(entries))
    forecast = estimate.fn(run, PROMPTS, settings)
    assert {name: step.mode for name, step in steps_of(forecast).items()} == {
        "embed": "sync",
        "topics": "batch",
        "annotate 1": "batch",
        "annotate 2": "batch",
    }
    assert forecast.batch_hours == 3 * 24
