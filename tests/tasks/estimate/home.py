"""A home of forty prompts that models are asked about, and what they have answered already."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tasks import warehouse
from tasks.annotate import rubric
from tasks.annotate.rubric import RubricTemplate
from tasks.annotate.task import annotator_id
from tasks.llm import endpoint as endpoints
from tasks.llm import tokens
from tasks.llm.call import request_key
from tasks.llm.requests import chat_body
from tasks.refs import Ref, Run
from tasks.settings import Settings

TEXTS = {f"{n:02d}": f"Explain step {n} of baking bread, with times and temperatures." for n in range(40)}
IDS = list(TEXTS)
ENTRIES = {
    "vectors": {"model": "text-embedding-3-small", "price": {"input": 0.02}},
    "cheap": {"model": "gpt-3.5-turbo-0125", "price": {"input": 0.5, "output": 1.5}},
    "dear": {"model": "gpt-4-turbo-2024-04-09", "price": {"input": 10, "output": 30}, "json_schema": True},
}
PROMPTS = Ref(stage="clean", table="core.prompts", key="eligible", rows=len(TEXTS))


def template_of(settings: Settings, name: str) -> tuple[endpoints.Endpoint, RubricTemplate]:
    endpoint = endpoints.load(settings.llm.endpoints)[name]
    return endpoint, RubricTemplate(rubric.load("criteria-1"), "list", endpoint.json_schema)


def tokens_of(settings: Settings, name: str, ids: list[str]) -> int:
    """Tokens of annotation requests, by the published rule for chat messages."""
    endpoint, template = template_of(settings, name)
    return sum(tokens.count_messages(template.body(TEXTS[i])["messages"], endpoint.model) for i in ids)


def mark(run: Run, settings: Settings, name: str, scores: Mapping[str, int | None]) -> None:
    """Store annotations: a score, or a refusal for None."""
    annotator = annotator_id(*template_of(settings, name))
    with warehouse.transaction(run.home) as con:
        con.executemany(
            "insert into core.annotations (prompt_id, annotator, outcome, score, raw) "
            "values (?, ?, ?, ?, '')",
            [(i, annotator, "refused" if score is None else "ok", score) for i, score in scores.items()],
        )


def call(settings: Settings, name: str, prompt_id: str, **fields: Any) -> dict[str, Any]:
    """A journaled call that asked about a prompt."""
    endpoint, template = template_of(settings, name)
    key = request_key(endpoint.model, chat_body(template, endpoint, TEXTS[prompt_id]))
    return {
        "call_id": hashlib.sha256(f"{name}{prompt_id}{fields}".encode()).hexdigest(),
        "key": key,
        "stage": "annotate",
        "run_id": "run-0",
        "endpoint": name,
        "model": endpoint.model,
        "mode": "sync",
        "round": 1,
        "outcome": "ok",
        "text": "[1]",
        "error": "",
        "input_tokens": 100,
        "cached_tokens": 0,
        "output_tokens": 30,
        "usd": 0.5,
        "latency_seconds": 4.0,
        "attempts": 1,
        "asked_at": "2026-01-01T00:00:00",
        **fields,
    }


def add_run(run: Run, settings: Settings) -> None:
    with warehouse.transaction(run.home) as con:
        con.execute(
            "insert into core.runs (run_id, flow, state, started_at, settings) "
            "values ('run-0', 'build', 'failed', now(), ?)",
            [settings.model_dump_json()],
        )


def place(run: Run, settings: Settings, topics: Mapping[str, int | None]) -> None:
    """Store the taxonomy that these settings would make: two topics with three representatives each."""
    recipe = json.dumps(settings.topics.of_the_fit())
    with warehouse.transaction(run.home) as con:
        con.execute(
            "insert into core.taxonomies (taxonomy_id, embedder, settings, seed, library_versions) "
            "values ('tax-1', 'text-embedding-3-small', ?, 42, '{}')",
            [recipe],
        )
        for topic in (0, 1):
            con.execute(
                "insert into core.topics "
                "(taxonomy_id, topic_id, name, keywords, size, core_size, representatives, x, y) "
                "values ('tax-1', ?, '', ['bread'], 20, 20, ?, 0, 0)",
                [topic, IDS[topic : topic + 3]],
            )
        con.executemany(
            "insert into core.prompt_topics (taxonomy_id, prompt_id, topic_id, assigned_by, x, y) "
            "values ('tax-1', ?, ?, 'cluster', 0, 0)",
            list(topics.items()),
        )
