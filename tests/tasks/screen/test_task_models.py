"""Prompts compared by vectors of a model: each question is embedded once, beside the prompts."""

import json
import logging
from pathlib import Path

import pytest

from tasks.embed.task import embed
from tasks.gate.task import check
from tasks.refs import Ref
from tasks.screen.task import screen
from tasks.settings import EmbedSettings, LlmSettings, ScreenSettings
from tests.openai_server.process import OpenAIServer
from tests.plugins.models import Servers
from tests.tasks.llm.asking import write_endpoints
from tests.tasks.screen.homes import Home, id_of

MODEL = "text-embedding-3-small"
QUESTION = "Describe the migration of monarch butterflies between Canada and the forests of Mexico."
TURNED = "Between the forests of Mexico and Canada: the migration of monarch butterflies. Describe that."
OTHERS = [
    "Sort these invoices by customer and due date in a spreadsheet.",
    "Who wrote Faust, and when was it played?",
]


@pytest.fixture
def server(openai_servers: Servers) -> OpenAIServer:
    return openai_servers(dimensions=64)


def run_stages(home: Home, server: OpenAIServer, folder: Path, *lists: str) -> Ref:
    llm = LlmSettings(endpoints=write_endpoints(folder, server, **{MODEL: {}}))
    prompts = Ref(stage="clean", table="core.prompts", key="eligible", rows=0)
    vectors = embed.fn(home.run, prompts, EmbedSettings(model=MODEL), llm)
    return screen.fn(home.run, vectors, ScreenSettings(references=lists), EmbedSettings(model=MODEL), llm)


def write_questions(path: Path, *texts: str) -> str:
    path.write_text(
        "".join(json.dumps({"uid": f"q{n}", "prompt": text}) + "\n" for n, text in enumerate(texts))
    )
    return str(path)


def test_a_question_is_paid_for_once_and_the_gates_pass(
    home: Home, server: OpenAIServer, tmp_path: Path
) -> None:
    home.add([TURNED, *OTHERS])
    questions = write_questions(tmp_path / "q.jsonl", QUESTION, OTHERS[0])
    ref = run_stages(home, server, tmp_path, questions)
    expected = [(id_of(OTHERS[0]), "repeat_exact", "q1"), (id_of(TURNED), "repeat_semantic", "q0")]
    assert home.verdicts() == sorted(expected)
    assert server.stats()["requests"] == 2  # the prompts, and the question that is no prompt
    more = write_questions(tmp_path / "more.jsonl", QUESTION)
    home.start(2)
    run_stages(home, server, tmp_path, questions, more)
    assert server.stats()["requests"] == 2
    assert len(home.verdicts()) == 3
    for boundary in (ref, Ref(stage="embed", table="core.vectors", key=MODEL, rows=3)):
        failed = [result.name for result in check(home.run, boundary) if not result.passed]
        assert failed in ([], ["few_contaminated"])


def test_a_question_that_the_server_refuses_is_a_warning_and_no_flag(
    home: Home, server: OpenAIServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home.add([TURNED, *OTHERS])
    path = write_endpoints(tmp_path, server, **{MODEL: {"max_input_tokens": 100_000}})
    questions = write_questions(tmp_path / "q.jsonl", QUESTION, "bread " * 8_500)
    llm, settings = LlmSettings(endpoints=path), EmbedSettings(model=MODEL)
    prompts = Ref(stage="clean", table="core.prompts", key="eligible", rows=0)
    vectors = embed.fn(home.run, prompts, settings, llm)
    with caplog.at_level(logging.WARNING):
        screen.fn(home.run, vectors, ScreenSettings(references=(questions,)), settings, llm)
    assert "1 questions were refused" in caplog.text
    assert [kind for _, kind, _ in home.verdicts()] == ["repeat_semantic"]
    assert home.execute("select * from core.flags") == []
