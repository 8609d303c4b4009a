"""The same release, byte for byte, on other processors: what libraries would run there is run here."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import polars as pl
import pytest
from processors import ONE_THREAD, PLAIN_LIBM, PLAIN_NUMPY, Environment, kernel, lacking

from tasks import warehouse
from tests.flows.conftest import SAMPLE
from tests.flows.forks import ROOT

ENVIRONMENTS: Final = {
    "Haswell": kernel("Haswell"),
    "SkylakeX": kernel("SkylakeX"),
    "Nehalem": kernel("Nehalem"),
    "no new instructions": PLAIN_NUMPY | PLAIN_LIBM,
    "one thread": ONE_THREAD,
}
# In the order in which a build makes them.
TABLES: Final = (
    "core.prompts",
    "core.topics",
    "core.prompt_topics",
    "core.topic_tree",
    "core.similar_topics",
    "core.contamination",
    "core.annotations",
    "core.topic_scores",
    "core.selections",
)
MAIN: Final = "from flows.cli import main; main()"

Build = Callable[[Environment], tuple[Path, str]]


@pytest.fixture(scope="module")
def build(server: str, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Builds the demo in a process that begins in an environment; its home, and the release's hash."""

    def run(environment: Environment) -> tuple[Path, str]:
        home = tmp_path_factory.mktemp("home")
        profile = SAMPLE.with_name("evergreen.toml")
        arguments = ["build", SAMPLE, "--home", home, "--profile", profile, "--json"]
        done = subprocess.run(
            [sys.executable, "-c", MAIN, *map(str, arguments)],
            env=os.environ | {"PREFECT_API_URL": server} | environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        release_id = json.loads(done.stdout.splitlines()[-1])["release_id"]
        return home, release_id[len("2026-01-01-") :]  # the date may have changed meanwhile

    return run


@pytest.fixture(scope="module")
def usual(build: Build) -> tuple[Path, str]:
    return build({})


def made(home: Path) -> dict[str, pl.DataFrame]:
    """What the stages of a build made, but for times and the run's id."""
    shards = sorted((home / "shards" / "vectors").rglob("*.parquet"))
    found = {"vectors": pl.concat(map(pl.read_parquet, shards)).sort("prompt_id")}
    with warehouse.transaction(str(home)) as con:
        for name in TABLES:
            table = con.sql(f"from {name} order by all").pl()
            kept = [column for column in table.columns if column != "run_id" and not column.endswith("_at")]
            found[name] = table.select(kept).sort(kept)
    return found


@pytest.mark.parametrize("environment", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_another_processor_makes_the_same_release(
    build: Build, usual: tuple[Path, str], environment: Environment
) -> None:
    if reason := lacking(environment):
        pytest.skip(reason)
    home, release = build(environment)
    here, there = made(usual[0]), made(home)
    others = [name for name in here if not here[name].equals(there[name])]
    assert not others, f"{others[0]} is the first that differs"
    assert release == usual[1]
