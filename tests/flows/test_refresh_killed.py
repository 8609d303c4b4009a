"""kill -9 of a refresh at every stage, one after another: the last run comes to the undisturbed release."""

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from flows.refresh import refresh
from tasks.config import override
from tasks.settings import Settings
from tests.flows.conftest import SAMPLE
from tests.flows.llm_home import make_project, read
from tests.flows.refresh_runs import finish, kill_when, reached, start
from tests.openai_server.process import OpenAIServer

STAGES = (
    "start",
    "ingest",
    "clean",
    "embed",
    "topics",
    "screen",
    "annotate",
    "select",
    "release",
    "gate: release",
    "publish",
)
ASKED = {
    "refresh__settle_seconds": 0,
    "topics__max_shift": 1,
    "topics__max_none_growth": 1,
    "rotation__anchors": 2,
}


@dataclass(frozen=True)
class Eve:
    """A home with a first release, a source that has more since, and models on loopback."""

    home: Path
    source: Path
    settings: Settings
    llm: OpenAIServer

    def copy(self, name: str) -> Path:
        return Path(shutil.copytree(self.home, self.home.with_name(name)))


@pytest.fixture(scope="module")
def eve(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Eve]:
    root = tmp_path_factory.mktemp("eve")
    with OpenAIServer(latency=0.05, dimensions=64) as llm:
        settings = override(make_project(root, llm).settings, **ASKED)
        source = root / "logs"
        source.mkdir()
        lines = SAMPLE.read_text().splitlines(keepends=True)
        (source / "first.jsonl").write_text("".join(lines[:300]))
        refresh((str(source),), str(root / "home"), settings)
        (source / "second.jsonl").write_text("".join(lines[300:420]))
        llm.reset()
        yield Eve(root / "home", source, settings, llm)


def releases(home: Path) -> dict[str, bytes]:
    """The questions of each release of a home, by the hash of its content."""
    manifests = sorted((home / "releases").glob("*/manifest.json"))
    return {path.parent.name[11:]: (path.parent / "question.jsonl").read_bytes() for path in manifests}


def test_a_refresh_killed_at_every_stage_ends_in_the_undisturbed_release(eve: Eve, tmp_path: Path) -> None:
    calm, home, log = eve.copy("calm"), eve.copy("killed"), tmp_path / "log"
    assert finish(start(calm, eve.source, eve.settings, log)) == 0
    needed = eve.llm.counts()
    assert set(needed["asked"].values()) == {1}
    eve.llm.reset()
    for stage in STAGES:
        log.unlink()
        kill_when(start(home, eve.source, eve.settings, log), lambda stage=stage: reached(log, stage))
    assert finish(start(home, eve.source, eve.settings, log)) == 0, log.read_text()

    assert releases(home) == releases(calm)
    assert len(releases(home)) == 2
    states = read(home, "select state from core.runs order by started_at")["state"].to_list()
    assert states == ["done", *["interrupted"] * len(STAGES), "done"]
    paid = eve.llm.counts()
    assert paid["asked"].keys() == needed["asked"].keys()
    calls = read(home, "select key, outcome from core.llm_calls")
    assert calls["key"].is_unique().all()
    # Answers that were under way when their asker was killed are lost; what arrived is never asked for again.
    lost = Counter(paid["asked"]) - Counter(needed["asked"])
    assert lost.total() <= 2 * len([s for s in STAGES if s in ("embed", "topics", "annotate")]) * 8
