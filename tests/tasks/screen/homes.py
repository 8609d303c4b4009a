"""A home of prompts, embedded offline, that can be screened."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import polars as pl

from tasks import warehouse
from tasks.clean.normalise import prompt_ids
from tasks.embed.task import embed
from tasks.refs import Ref, Run
from tasks.screen.task import screen
from tasks.settings import EmbedSettings, LlmSettings, ScreenSettings
from tests.plugins.homes import fetch

EMBED = EmbedSettings()

Verdicts = list[tuple[str, str, str]]


class Home:
    """A home, empty at first, whose runs are numbered; ids of prompts are those of their texts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run = self.start(1)

    def start(self, number: int) -> Run:
        self.run = Run(id=f"run-{number}", home=str(self.folder), seed=42, lock_wait_seconds=5)
        self.execute(
            "insert into core.runs (run_id, flow, state, started_at, settings) "
            f"values ('run-{number}', 'build', 'running', timestamp '2026-01-{number:02d}', '{{}}')"
        )
        return self.run

    def execute(self, query: str) -> list[tuple[object, ...]]:
        return fetch(self.folder, query)

    def add(self, texts: Iterable[str], asked_at: datetime | None = None) -> None:
        prompts = pl.DataFrame({"prompt": list(texts)}).unique("prompt", maintain_order=True)
        prompts = prompts.with_columns(
            prompt_ids(prompts["prompt"]), language=pl.lit("en"), asked_at=pl.lit(asked_at, pl.Datetime("us"))
        )
        with warehouse.transaction(str(self.folder)) as con:
            warehouse.run(con, "clean/add_prompts", {"run_id": self.run.id}, {"prompts": prompts})

    def release(self, name: str, texts: Iterable[str], *, published: bool = True) -> None:
        at = "timestamp '2026-02-01'" if published else "null"
        self.execute(
            f"insert into core.releases values ('{name}', '', '{self.run.id}', '2026-01-01', 1, 1, '', {at})"
        )
        for text in texts:
            uid = id_of(text)
            row = f"'{name}', '{uid}', '{uid}', 0, 'topic', 5, $${text}$$, null"
            self.execute(f"insert into core.release_prompts values ({row})")

    def screen(self, **asked: object) -> Ref:
        prompts = Ref(stage="clean", table="core.prompts", key="eligible", rows=0)
        vectors = embed.fn(self.run, prompts, EMBED, LlmSettings())
        return screen.fn(self.run, vectors, ScreenSettings(**asked), EMBED, LlmSettings())

    def verdicts(self) -> Verdicts:
        rows = self.execute("select prompt_id, kind, reference_id from core.contamination order by all")
        return [(str(prompt), str(kind), str(reference)) for prompt, kind, reference in rows]


def id_of(text: str) -> str:
    return str(prompt_ids(pl.Series([text])).item())
