"""What the tests of flows with models share: a part of the demo, its profile, the eve of a refresh."""

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from flows.refresh import refresh
from tasks.config import load
from tasks.settings import Settings
from tests.flows.homes import latest_release
from tests.openai_server.process import OpenAIServer
from tests.places import SAMPLE
from tests.plugins.homes import kept_open
from tests.tasks.llm.asking import write_endpoints

EMBEDDER, NAMER, CHEAP, GOOD = "text-embedding-3-small", "gpt-4o-mini", "gpt-3.5-turbo", "gpt-4-turbo"
MODELS = (EMBEDDER, NAMER, CHEAP, GOOD)
FIRST, SECOND = 300, 120  # lines of the sample, for the first release and for the one after it
CONCURRENCY = 8
DIMENSIONS = 64

PROFILE = f"""
[warehouse]
lock_wait_seconds = 120
[llm]
endpoints = "{{endpoints}}"
[embed]
model = "{EMBEDDER}"
[topics]
namer = "{NAMER}"
max_shift = 1
max_none_growth = 1
[annotate]
annotator = "{CHEAP}"
second_annotator = "{GOOD}"
second_min_score = 3
second_min_topic_mean = 2.5
[select]
size = 20
min_score = 3
min_topic_mean = 2.0
[rotation]
anchors = 2
[refresh]
settle_seconds = 0
"""


@dataclass(frozen=True)
class Project:
    """A source, and a profile of four models on a server."""

    source: Path
    profile: Path

    @property
    def settings(self) -> Settings:
        return load(str(self.profile))

    def arguments(self, flow: str, home: Path) -> tuple[object, ...]:
        """What the command is given."""
        return flow, self.source, "--home", home, "--profile", self.profile


@dataclass(frozen=True)
class Eve:
    """A home with a first release, and a source that has more since; copy the home before it changes."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def logs(self) -> Path:
        """Folder of the source: `first.jsonl`, of which the release was made, and `second.jsonl`."""
        return self.folder / "logs"

    @property
    def release(self) -> Path:
        return latest_release(self.home)

    @property
    def asked(self) -> dict[str, int]:
        """The requests that the first release took: how often each was made, by key."""
        return dict(json.loads((self.folder / "asked.json").read_bytes()))


def write_project(folder: Path, source: Path, server: OpenAIServer, **fields: Any) -> Project:
    """Settings for four models on the server, whose fields may be given; the dearest takes a JSON schema."""
    models = {name: {"concurrency": CONCURRENCY, "json_schema": name == GOOD, **fields} for name in MODELS}
    profile = folder / "models.toml"
    profile.write_text(PROFILE.format(endpoints=write_endpoints(folder, server, **models)))
    return Project(source, profile)


def make_eve(folder: Path) -> None:
    eve = Eve(folder)
    eve.logs.mkdir()
    first, second = eve.logs / "first.jsonl", eve.logs / "second.jsonl"
    with SAMPLE.open() as lines, OpenAIServer(dimensions=DIMENSIONS) as server:
        first.write_text("".join(itertools.islice(lines, FIRST)))
        eve.home.mkdir()
        with kept_open(eve.home):
            refresh((str(eve.logs),), str(eve.home), write_project(folder, eve.logs, server).settings)
        (folder / "asked.json").write_text(json.dumps(server.counts()["asked"]))
        second.write_text("".join(itertools.islice(lines, SECOND)))


def published(home: Path, query: str) -> pl.DataFrame:
    """Rows of what analysts see."""
    with duckdb.connect(home / "analytics.duckdb", read_only=True) as con:
        return con.sql(query).pl()
