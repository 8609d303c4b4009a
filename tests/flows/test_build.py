"""The whole way, on the sample that ships."""

import itertools
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    TaskRunFilter,
    TaskRunFilterFlowRunId,
)

from flows.build import build
from tasks import warehouse
from tasks.annotate.task import annotate
from tasks.clean.personal_data import find_personal_data
from tasks.config import override
from tasks.errors import GateRefused, InputError
from tasks.gate.task import gate
from tasks.home.task import start
from tasks.refs import Ref, Run
from tasks.select.task import select
from tasks.settings import Settings
from tests.flows.forks import Command
from tests.flows.homes import Built
from tests.places import PROFILE, ROOT, SAMPLE
from tests.plugins.homes import Copy

# What was planted in the sample: 576 prompts of 36 topics, and the dirt of real logs.
INGEST = {"kept": 683, "bad_json": 4, "no_user_text": 4, "wrong_type": 1, "unknown_schema": 1}
CLEAN = {
    "kept": 576,
    "exact_duplicate": 24,
    "personal_data": 19,  # 7 e-mail addresses, 6 phone numbers, 6 keys
    "language": 18,
    "multi_turn": 14,
    "too_short": 12,
    "near_duplicate": 10,
    "toxic": 6,
    "image": 4,
}


def _funnel(built: Built) -> dict[str, dict[str, int]]:
    funnel: dict[str, dict[str, int]] = {}
    for row in json.loads((built.release / "manifest.json").read_bytes())["funnel"]:
        funnel.setdefault(row["stage"], {})[row["reason"]] = row["rows"]
    return funnel


def test_the_sample_is_as_large_and_as_varied_as_it_says() -> None:
    lines = SAMPLE.read_bytes().splitlines()
    assert len(lines) == sum(INGEST.values()) == 693


def test_the_funnel_finds_all_the_dirt_of_the_sample(demo: Built) -> None:
    funnel = _funnel(demo)
    assert funnel["ingest"] == INGEST
    assert funnel["clean"] == CLEAN


def test_each_stage_gets_what_the_one_before_it_kept(demo: Built) -> None:
    stages = list(_funnel(demo).values())
    for before, after in itertools.pairwise(stages):
        assert before["kept"] == sum(after.values())


def test_the_test_set_is_of_the_size_asked_for_and_spread_over_topics(demo: Built) -> None:
    questions = [json.loads(line) for line in (demo.release / "question.jsonl").open()]
    assert len(questions) == 60
    per_topic = pl.DataFrame(questions)["cluster"].value_counts()["count"]
    assert per_topic.to_list() == [2] * 30


def test_no_question_nearly_repeats_another_or_holds_personal_data(demo: Built) -> None:
    prompts = [json.loads(line)["prompt"] for line in (demo.release / "question.jsonl").open()]
    words = [frozenset(re.findall(r"\w+", prompt.lower())) for prompt in prompts]
    pairs = ((a, b) for i, a in enumerate(words) for b in words[:i])
    assert max(len(a & b) / len(a | b) for a, b in pairs) < 0.7
    assert [find_personal_data(prompt) for prompt in prompts] == [None] * 60


@dataclass(frozen=True)
class Again:
    """The same build again, in a copy of the home that is named by a relative path."""

    home: Path
    stdout: str


@pytest.fixture(scope="module")
def again(demo: Built, command: Command, copy: Copy) -> Again:
    home = copy(demo.home)
    done = command("build", SAMPLE, "--home", os.path.relpath(home, ROOT), "--profile", PROFILE, "--json")
    assert done.returncode == 0, done.stderr
    return Again(home, done.stdout)


def test_a_second_run_adds_nothing_and_comes_to_the_same_release(demo: Built, again: Again) -> None:
    count = "select count(*) from raw.conversations union all select count(*) from core.sightings"
    counts = []
    for home in (demo.home, again.home):
        with warehouse.transaction(str(home)) as con:
            counts.append(con.execute(count).fetchall())
    assert counts[0] == counts[1]
    assert [path.name for path in (again.home / "releases").iterdir() if path.is_dir()] == [demo.release.name]


def test_json_ends_stdout_with_one_object_that_names_the_release(demo: Built, again: Again) -> None:
    summary = json.loads(again.stdout.splitlines()[-1])
    assert summary["release_id"] == demo.release.name
    assert summary["questions"] == 60
    assert "prompt" not in summary


def test_the_release_that_passed_is_the_latest(demo: Built) -> None:
    latest = json.loads((demo.home / "releases" / "latest.json").read_bytes())
    assert [path.name for path in demo.release.parent.iterdir() if path.is_dir()] == [latest["release_id"]]


def test_analysts_find_the_run_its_funnel_and_its_test_set(demo: Built) -> None:
    with duckdb.connect(demo.home / "analytics.duckdb", read_only=True) as con:
        assert con.sql("select distinct state from out.runs").fetchall() == [("done",)]
        assert con.sql("select count(*) from out.test_set").fetchone() == (60,)
        assert con.sql(
            "select count(*) from out.checks where severity = 'critical' and not passed"
        ).fetchone() == (0,)
        assert con.sql("select max(rows_in) from out.funnel").fetchone() == (693,)


def test_the_run_graph_reads_like_the_stage_list(demo: Built) -> None:
    run_id = json.loads((demo.release / "manifest.json").read_bytes())["run_id"]
    with get_client(sync_client=True) as client:
        by_flow = TaskRunFilter(flow_run_id=TaskRunFilterFlowRunId(any_=[run_id]))
        runs = sorted(client.read_task_runs(task_run_filter=by_flow), key=lambda run: run.start_time)
    stages = ["ingest", "clean", "embed", "topics", "screen", "annotate", "select", "release"]
    gated = [name for stage in stages for name in (stage, f"gate: {stage}")]
    assert [run.name for run in runs] == ["start", *gated, "publish", "finish"]


def test_the_run_leaves_artifacts_that_say_what_came_of_it_and_hold_no_prompt(demo: Built) -> None:
    run_id = json.loads((demo.release / "manifest.json").read_bytes())["run_id"]
    with get_client(sync_client=True) as client:
        by_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]))
        sent = {made.key: made.data for made in client.read_artifacts(artifact_filter=by_run)}
    funnel = {row["stage"]: row for row in json.loads(sent["funnel"])}
    assert (funnel["clean"]["rows_in"], funnel["clean"]["kept"]) == (683, 576)
    assert "exact_duplicate 24" in funnel["clean"]["dropped_by_rule"]
    gates = json.loads(sent["gates"])
    assert {f"checks-{row['after_stage']}" for row in gates} == {key for key in sent if "checks" in key}
    [total] = json.loads(sent["costs"])
    assert (total["stage"], total["calls"], total["month_usd"]) == ("total", 0, 0)
    assert sent["contamination"] == "[]"
    assert demo.release.as_uri() in sent["release"]
    assert (demo.release / "CARD.md").as_uri() in sent["card"]
    assert "## Contamination" in sent["report"]
    prompts = pl.read_parquet(demo.release / "questions.parquet")["prompt"]
    assert not [prompt for prompt in prompts if prompt[:40] in str(sent)]


def test_no_prompt_reaches_the_data_docs(demo: Built) -> None:
    prompts = pl.read_parquet(demo.release / "questions.parquet")["prompt"]
    pages = b"".join(path.read_bytes() for path in (demo.home / "docs").rglob("*") if path.is_file())
    assert b"some_eligible" in pages
    assert not [prompt for prompt in prompts if prompt[:60].encode() in pages]


def test_without_a_prompt_that_passes_the_gate_refuses_and_names_the_check(
    demo: Built, tmp_path: Path
) -> None:
    source = tmp_path / "turns.jsonl"
    turns = [
        {"question_id": n, "turns": [f"first question number {n}, long enough", "second"]} for n in range(9)
    ]
    source.write_text("\n".join(map(json.dumps, turns)))
    with pytest.raises(GateRefused, match=r"gate after clean.*some_eligible"):
        build([str(source)], str(tmp_path / "home"), demo.settings)
    with duckdb.connect(tmp_path / "home" / "analytics.duckdb", read_only=True) as con:
        [(state, error)] = con.sql("select state, error from out.runs").fetchall()
    assert state == "failed"
    assert "some_eligible" in error
    assert not (tmp_path / "home" / "releases").exists()


@flow
def choose_again(home: str, settings: Settings) -> Ref:
    """Stages annotate and select and the gate behind them, in a home in which all else is done."""
    run = Run(id="again", home=home, seed=settings.seed, lock_wait_seconds=5)
    start(run, "build", settings)
    with warehouse.transaction(home) as con:
        [(taxonomy_id,)] = con.execute("select taxonomy_id from core.taxonomies").fetchall()
    prompts = Ref(stage="clean", table="core.prompts", key="eligible", rows=1)
    taxonomy = Ref(stage="topics", table="core.topics", key=taxonomy_id, rows=1)
    marks = annotate(run, prompts, taxonomy, settings.annotate, settings.llm)
    chosen: Ref = gate(run, select(run, taxonomy, marks, settings.select, settings.rotation))
    return chosen


def test_too_few_topics_make_a_smaller_test_set_and_a_warning(demo: Built, copy: Copy) -> None:
    home = copy(demo.home)
    chosen = choose_again(str(home), override(demo.settings, select__min_score=6, select__size=500))
    assert 0 < chosen.rows < 500
    with warehouse.transaction(str(home)) as con:
        failed = con.sql(
            "select check_name, severity from core.checks where run_id = 'again' and not passed"
        ).fetchall()
    assert ("size_reached", "warning") in failed


def test_a_threshold_that_no_topic_reaches_is_refused(demo: Built, copy: Copy) -> None:
    with pytest.raises(GateRefused, match=r"gate after select.*some_chosen"):
        choose_again(str(copy(demo.home)), override(demo.settings, select__min_topic_mean=7.0))


def test_a_missing_source_is_an_input_error_and_leaves_no_rows(demo: Built, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=re.escape("nowhere.jsonl")):
        build(["nowhere.jsonl"], str(tmp_path / "home"), demo.settings)
    with warehouse.transaction(str(tmp_path / "home")) as con:
        assert con.execute("select count(*) from raw.conversations").fetchone() == (0,)
