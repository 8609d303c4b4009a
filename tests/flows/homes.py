"""Homes that flows have built."""

import json
from dataclasses import dataclass
from pathlib import Path

from flows.build import build
from tasks.settings import Settings
from tests.places import SAMPLE
from tests.plugins.homes import kept_open


@dataclass(frozen=True)
class Built:
    """A home with a release of the demo in it; it is for looking at."""

    home: Path
    settings: Settings

    @property
    def release(self) -> Path:
        """The latest release's folder."""
        return latest_release(self.home)


def latest_release(home: Path) -> Path:
    pointer = json.loads((home / "releases" / "latest.json").read_bytes())
    return home / "releases" / str(pointer["release_id"])


def build_demo(home: Path, settings: Settings) -> None:
    with kept_open(home):
        build([str(SAMPLE)], str(home), settings)
