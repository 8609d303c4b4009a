"""Homes on the eve of a release."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson
import polars as pl
import pytest

from tasks import warehouse
from tasks.refs import Ref, Run
from tasks.release.task import release
from tasks.select.task import select
from tasks.settings import ReleaseSettings, SelectSettings, Settings
from tests.places import GOOD_HOME
from tests.plugins.homes import Copy, run_on
from tests.tasks.prompts import KeepOpen

TOPICS = Ref(stage="topics", table="core.topics", key="tax-1", rows=10)
ANNOTATIONS = Ref(stage="annotate", table="core.annotations", key="heuristic-1", rows=150)
SETTINGS = Settings(select=SelectSettings(size=10), release=ReleaseSettings(date="2026-01-05"))

DETAILS = """
    delete from core.releases;
    delete from core.release_prompts;
    update core.prompts
    set prompt = 'Say "ünïcödé" | \\ twice:' || chr(10) || prompt_id || chr(9) || chr(8232);
    update core.topic_tree set name = 'SENTINEL words ' || topic_id where topic_id is not null;
    update core.prompts set first_seen_at = timestamp '2026-01-01 12:00:00' + to_days(char_count);
"""


@dataclass(frozen=True)
class Eve:
    """A home with a selection."""

    run: Run
    selection: Ref

    def release(self, settings: Settings = SETTINGS) -> Path:
        ref = release.fn(self.run, self.selection, TOPICS, ANNOTATIONS, settings)
        return Path(self.run.home) / "releases" / ref.key

    def execute(self, statements: str) -> None:
        with warehouse.transaction(self.run.home) as con:
            con.execute(statements)

    def table(self, name: str) -> pl.DataFrame:
        with warehouse.transaction(self.run.home) as con:
            return con.sql(f"select * from {name} order by all").pl()


@pytest.fixture(scope="session")
def selected(migrated: Path, copy: Copy) -> Callable[[bool, int], Eve]:
    """Such homes, to be copied: one a kind."""

    @cache
    def make(backwards: bool, seed: int) -> Eve:
        run = run_on(copy(migrated)).model_copy(update={"seed": seed})
        good = GOOD_HOME.read_text()
        rows = good.replace("as t (i);", "as t (i) order by i desc;") if backwards else good
        with warehouse.transaction(run.home) as con:
            con.execute(rows)
            con.execute(DETAILS)
        return Eve(run, select.fn(run, TOPICS, ANNOTATIONS, SETTINGS.select))

    return make


@pytest.fixture
def eve_of(selected: Callable[[bool, int], Eve], copy: Copy, keep_open: KeepOpen) -> Callable[..., Eve]:
    """Makes such a home of the same rows: 150 eligible prompts, of which 149 have a score."""

    def make(*, backwards: bool = False, seed: int = 42) -> Eve:
        one = selected(backwards, seed)
        home = keep_open(copy(Path(one.run.home)))
        return Eve(one.run.model_copy(update={"home": str(home)}), one.selection)

    return make


@pytest.fixture
def eve(eve_of: Callable[..., Eve]) -> Eve:
    return eve_of()


@pytest.fixture
def manifest(eve: Eve) -> dict[str, object]:
    """The manifest of a release."""
    return orjson.loads((eve.release() / "manifest.json").read_bytes())
