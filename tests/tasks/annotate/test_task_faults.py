"""Marks by a server full of faults: each prompt ends ok or with its failure's name, and the gate counts."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tasks.annotate.task import annotate
from tasks.errors import GateRefused
from tasks.gate import task as gate_task
from tasks.home.task import start
from tasks.refs import Ref, Run
from tasks.settings import AnnotateSettings, LlmSettings, Settings
from tests.openai_server.process import OpenAIServer
from tests.plugins.homes import read
from tests.tasks.llm.asking import write_endpoints

MODEL = "gpt-3.5-turbo"
PROMPTS = {f"{n:03d}": f"Plan the garden of house number {n} and say what it costs." for n in range(300)}
TOPICS = Ref(stage="topics", table="core.topics", key="", rows=0)
FAULTS = {
    "server_error": 0.03,
    "cut": 0.03,
    "stall": 0.02,
    "bad_json": 0.03,
    "rate_limit": 0.03,
    "garbage": 0.02,
    "truncated": 0.03,
    "refusal": 0.02,
    "content_refusal": 0.02,
    "empty": 0.02,
    "out_of_range": 0.02,
    "bad_request": 0.02,
    "wrong_model": 0.01,
}


@pytest.fixture
def run(home_of: Callable[[Mapping[str, str]], Run], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(gate_task, "create_table_artifact", lambda *_, **__: None)  # Prefect's server
    return home_of(PROMPTS)


@pytest.fixture
def mark(run: Run, openai_server: OpenAIServer, eligible: Ref, tmp_path: Path) -> Callable[[float], Ref]:
    """Runs the stage and its gate, which asks for a share of marks, in a run of its own."""
    fields = {"timeout_seconds": 1, "max_attempts": 4, "concurrency": 16}
    llm = LlmSettings(endpoints=write_endpoints(tmp_path, openai_server, **{MODEL: fields}))

    def pass_on(min_coverage: float) -> Ref:
        settings = AnnotateSettings(annotator=MODEL, min_coverage=min_coverage)
        own = run.model_copy(update={"id": f"coverage {min_coverage}"})
        start.fn(own, "build", Settings(annotate=settings, llm=llm))
        ref: Ref = gate_task.gate.fn(own, annotate.fn(own, eligible, TOPICS, settings, llm))
        return ref

    return pass_on


def test_a_server_full_of_faults_leaves_every_prompt_ok_or_with_the_name_of_its_failure(
    run: Run, mark: Callable[[float], Ref], openai_server: OpenAIServer
) -> None:
    openai_server.set_plan(FAULTS | {"retry_after_seconds": 0.2, "stall_seconds": 2, "seed": 3})
    assert sum(FAULTS.values()) == pytest.approx(0.3)
    with pytest.raises(GateRefused, match="coverage_reached"):
        mark(0.999)
    assert openai_server.stats()["faults"].keys() == FAULTS.keys()

    ended = read(
        run.home,
        "select p.prompt_id, a.outcome, a.score, a.specificity from core.eligible_prompts as p"
        " left join core.annotations as a using (prompt_id)",
    )
    assert ended["outcome"].null_count() == 0
    assert {"ok", "empty", "refused", "error"} <= set(ended["outcome"])
    assert ended.filter(outcome="ok").select("score", "specificity").null_count().sum_horizontal().item() == 0
    failed = ended.filter(ended["outcome"] != "ok")
    assert failed["score"].null_count() == failed["specificity"].null_count() == failed.height > 0
    assert read(run.home, "from core.llm_calls").filter(outcome="ok")["key"].is_unique().all()

    assert mark(0.5).rows > 0
    with pytest.raises(GateRefused) as raised:
        mark(1.0)
    assert raised.value.exit_code == 3
