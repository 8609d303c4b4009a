"""Another process, with the code that libraries have for other processors."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import planted
import pytest
from processors import OLDEST


@pytest.fixture(scope="package", autouse=True)
def elsewhere() -> Iterator["subprocess.Popen[str]"]:
    """Finds the topics of the planted prompts while the tests here do; started early, as it takes long."""
    command = [sys.executable, "-W", "ignore", planted.__file__]
    root = str(Path(__file__).parents[3])
    environment = {"PYTHONPATH": root} | OLDEST
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, env=environment) as other:
        yield other
        other.kill()
