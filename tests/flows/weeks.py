"""A home after some weekly refreshes of the sample, cut by date, with real stages."""

import itertools
import json
import pickle
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from flows.refresh import refresh
from tasks.settings import Settings
from tests.flows.analysts import Counts, look, reading
from tests.places import SAMPLE
from tests.plugins.homes import fetch, kept_open

SIZE = 24
ASKED = {
    "select__size": SIZE,
    "rotation__anchors": 4,
    "rotation__max_releases": 2,
    "refresh__settle_seconds": 0,
    # The sample is small: its weeks differ more than those of a service.
    "topics__max_shift": 1,
    "topics__max_none_growth": 1,
}


@dataclass(frozen=True)
class Story:
    """The releases in their order, what the analysts' copy counted after each, and what analysts saw."""

    releases: list[str]
    copies: list[Counts]
    seen: dict[str, list[Counts]]


@dataclass(frozen=True)
class Weeks:
    """A home after some weekly refreshes, which is to look at, and what was seen while they ran."""

    folder: Path
    home: Path
    settings: Settings

    @property
    def logs(self) -> Path:
        """What the refreshes read."""
        return self.folder / "logs"

    @property
    def eve(self) -> Path:
        """The home as it was before the last week."""
        return self.folder / "eve"

    @cached_property
    def story(self) -> Story:
        story: Story = pickle.loads((self.folder / "story").read_bytes())
        return story

    @property
    def releases(self) -> list[str]:
        return self.story.releases

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return fetch(self.home, query)

    def roles(self, release: str) -> dict[str, str]:
        return dict(
            self.rows(f"select prompt_id, role from core.services where release_id = '{release}' order by 1")
        )


def parts() -> list[list[tuple[str, str]]]:
    """The sample's lines with their days, by time: half of it, and three weeks of a sixth each."""
    dated = []
    for line in SAMPLE.read_text().splitlines():
        try:
            at = float(json.loads(line)["tstamp"])
        except (ValueError, KeyError, TypeError):
            at = 0.0
        dated.append((datetime.fromtimestamp(at, UTC).date().isoformat(), line))
    dated.sort()
    cuts = [0, *(len(dated) * sixths // 6 for sixths in (3, 4, 5, 6))]
    return [dated[start:end] for start, end in itertools.pairwise(cuts)]


def add(logs: Path, lines: Sequence[tuple[str, str]]) -> None:
    """Put a week's lines into the partitions of their days; a day that two weeks share gets a late file."""
    for day, line in lines:
        folder = logs / f"dt={day}"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{len(lines)}-{lines[0][0]}.jsonl").open("a") as file:
            file.write(line + "\n")


def spend(root: Path, settings: Settings) -> None:
    """A first build by a refresh, and three weeks, in which analysts read."""
    home, logs = root / "home", root / "logs"
    releases, copies, seen = [], [], {}
    home.mkdir()
    with kept_open(home), ExitStack() as stack:
        for number, week in enumerate(parts()):
            add(logs, week)
            releases.append(refresh((str(logs),), str(home), settings).key)
            copies.append(look(home / "analytics.duckdb"))
            if number == 0:
                seen = stack.enter_context(reading(home / "analytics.duckdb"))
            if number == 2:
                shutil.copytree(home, root / "eve")
    (root / "story").write_bytes(pickle.dumps(Story(releases, copies, seen)))
