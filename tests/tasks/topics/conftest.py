"""Topics that were found once, for the tests of several files: here, and by another process."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tasks import warehouse
from tests.once import once
from tests.places import ROOT
from tests.plugins.homes import Copy, run_on
from tests.processors import OLDEST, ONE_THREAD
from tests.tasks.prompts import add_prompts
from tests.tasks.topics import elsewhere as program
from tests.tasks.topics import planted
from tests.tasks.topics.homes import Found, find


@pytest.fixture(scope="session")
def found(shared: Path, migrated: Path, copy: Copy) -> Found:
    """A home with the topics of the planted prompts, to look at."""

    def fill(home: Path) -> None:
        shutil.copy(migrated / warehouse.WAREHOUSE, home)
        add_prompts(run_on(home), planted.prompts())
        find(run_on(home))

    return find(run_on(copy(once(shared / "planted", fill))))


@pytest.fixture(scope="session")
def elsewhere(shared: Path) -> dict[str, Any]:
    """What a process of one thread finds with the code that libraries have for old processors."""

    def ask(folder: Path) -> None:
        command = [sys.executable, "-W", "ignore", "-m", program.__name__]
        with (folder / "found.json").open("wb") as file:
            subprocess.run(command, stdout=file, cwd=ROOT, env=os.environ | OLDEST | ONE_THREAD, check=True)

    found: dict[str, Any] = json.loads((once(shared / "elsewhere", ask) / "found.json").read_bytes())
    return found
