"""The same release, byte for byte, from rows in another order and on other processors.

What libraries would run there is run here.
"""

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Final

import polars as pl
import pytest

from tasks import warehouse
from tests.flows import stages
from tests.flows.homes import Built
from tests.places import ROOT, SAMPLE
from tests.processors import OLDEST, ONE_THREAD, Environment, kernel, lacking

ENVIRONMENTS: Final = {
    "Haswell": kernel("Haswell"),
    "SkylakeX": kernel("SkylakeX"),
    "the oldest, on one thread": OLDEST | ONE_THREAD,
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


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's lines in another order."""
    lines = SAMPLE.read_text().splitlines(keepends=True)
    random.Random(7).shuffle(lines)
    path = tmp_path_factory.mktemp("source") / "shuffled.jsonl"
    path.write_text("".join(lines))
    return path


@pytest.fixture(scope="module")
def here(demo: Built) -> dict[str, pl.DataFrame]:
    """What the demo's stages made on this processor."""
    return made(demo.home)


def build(source: Path, home: Path, environment: Environment) -> str:
    """Run the stages in a process that begins in an environment; returns the release's id."""
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", stages.__name__, source, home],
        env=os.environ | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


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
def test_another_processor_and_another_order_of_rows_make_the_same_release(
    demo: Built, here: dict[str, pl.DataFrame], shuffled: Path, tmp_path: Path, environment: Environment
) -> None:
    if reason := lacking(environment):
        pytest.skip(reason)
    release = build(shuffled, tmp_path / "home", environment)
    there = made(tmp_path / "home")
    others = [name for name in here if not here[name].equals(there[name])]
    assert not others, f"{others[0]} is the first that differs"
    assert release[11:] == demo.release.name[11:]  # the date may have changed meanwhile
    questions = (tmp_path / "home" / "releases" / release / "question.jsonl").read_bytes()
    assert questions == (demo.release / "question.jsonl").read_bytes()
