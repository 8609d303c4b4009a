"""What the tests of builds with models share: a part of the demo, its profile, its calls."""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from tasks import warehouse
from tasks.config import load
from tasks.settings import Settings
from tests.flows.conftest import SAMPLE
from tests.openai_server.process import OpenAIServer
from tests.tasks.llm.asking import write_endpoints

EMBEDDER, NAMER, CHEAP, GOOD = "text-embedding-3-small", "gpt-4o-mini", "gpt-3.5-turbo", "gpt-4-turbo"
LINES = 300  # of the sample
CONCURRENCY = 8

PROFILE = """
[llm]
endpoints = "{endpoints}"
[embed]
model = "{EMBEDDER}"
[topics]
namer = "{NAMER}"
[annotate]
annotator = "{CHEAP}"
second_annotator = "{GOOD}"
second_min_score = 3
second_min_topic_mean = 2.5
min_coverage = {min_coverage}
[select]
size = 20
min_score = 3
min_topic_mean = 2.0
"""


@dataclass(frozen=True)
class Project:
    """A source, a profile and the settings in it."""

    source: Path
    profile: Path

    @property
    def settings(self) -> Settings:
        return load(str(self.profile))

    def arguments(self, home: Path) -> tuple[object, ...]:
        """What the command is given."""
        return "build", self.source, "--home", home, "--profile", self.profile


def make_project(folder: Path, server: OpenAIServer, min_coverage: float = 0.98, **fields: Any) -> Project:
    """A part of the sample, to be built with four models on the server; their fields may be given."""
    models = {name: {"concurrency": CONCURRENCY, **fields} for name in (EMBEDDER, NAMER, CHEAP, GOOD)}
    endpoints = write_endpoints(folder, server, **models)
    names = {"EMBEDDER": EMBEDDER, "NAMER": NAMER, "CHEAP": CHEAP, "GOOD": GOOD}
    profile, source = folder / "models.toml", folder / "conversations.jsonl"
    profile.write_text(PROFILE.format(endpoints=endpoints, min_coverage=min_coverage, **names))
    with SAMPLE.open() as lines:
        source.write_text("".join(itertools.islice(lines, LINES)))
    return Project(source, profile)


def read(home: Path, query: str) -> pl.DataFrame:
    """Rows of the warehouse, while no run holds it."""
    with warehouse.transaction(str(home)) as con:
        return con.sql(query).pl()


def published(home: Path, query: str) -> pl.DataFrame:
    """Rows of what analysts see."""
    with duckdb.connect(home / "analytics.duckdb", read_only=True) as con:
        return con.sql(query).pl()
