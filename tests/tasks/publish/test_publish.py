"""What the world sees of a release: `latest.json`, and the artifacts in Prefect."""

import hashlib
from pathlib import Path
from typing import Any

import orjson
import pytest

from tasks import warehouse
from tasks.errors import EvergreenError
from tasks.home.summary import latest_release
from tasks.publish import task as publish_task
from tasks.refs import Ref, Run

GOOD_HOME = (Path(__file__).parents[2] / "expectations" / "good_home.sql").read_text()
QUESTIONS = b'{"uid": "uid-1"}\n'
COSTS = [{"stage": "annotate", "model": "small-1", "usd": 0.5}]
MANIFEST = orjson.dumps(
    {
        "files": {"question.jsonl": {"sha256": hashlib.sha256(QUESTIONS).hexdigest()}},
        "cost": {"by_model": COSTS},
    }
)
RELEASE = Ref(stage="release", table="core.releases", key="rel-1", rows=20)


@pytest.fixture
def artifacts(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """What Prefect's server is sent."""
    sent: dict[str, dict[str, Any]] = {}
    for name in ("create_table_artifact", "create_link_artifact"):
        monkeypatch.setattr(publish_task, name, lambda key, **rest: sent.update({key: rest}))
    return sent


@pytest.fixture
def published(run: Run, artifacts: dict[str, Any]) -> Run:
    with warehouse.transaction(run.home) as con:
        con.execute(GOOD_HOME)
        con.execute("insert into core.funnel values ('run-1', 1, 'ingest', 'kept', 210)")
    folder = Path(run.home) / "releases" / "rel-1"
    folder.mkdir(parents=True)
    (folder / "question.jsonl").write_bytes(QUESTIONS)
    (folder / "manifest.json").write_bytes(MANIFEST)
    assert publish_task.publish.fn(run, RELEASE) == RELEASE
    return run


def test_the_release_is_the_latest(published: Run) -> None:
    latest = orjson.loads((Path(published.home) / "releases" / "latest.json").read_bytes())
    checksum = hashlib.sha256(MANIFEST).hexdigest()
    assert latest == {"release_id": "rel-1", "manifest_sha256": checksum}
    assert latest_release(published.home) == "rel-1"


def test_a_damaged_release_is_not_published(published: Run, artifacts: dict[str, Any]) -> None:
    (Path(published.home) / "releases" / "rel-1" / "question.jsonl").write_bytes(b"cut off")
    with pytest.raises(EvergreenError, match=r"question.jsonl: not as its manifest says"):
        publish_task.publish.fn(published, RELEASE)


def test_the_run_and_the_test_set_know_the_release_once_it_is_published(published: Run) -> None:
    with warehouse.transaction(published.home) as con:
        assert con.execute("select release_id from out.runs where run_id = 'run-1'").fetchall() == [
            ("rel-1",)
        ]
        assert con.execute("select published_at is not null from out.releases").fetchall() == [(True,)]


def test_a_candidate_is_in_no_test_set(run: Run) -> None:
    with warehouse.transaction(run.home) as con:
        con.execute(GOOD_HOME)
        con.execute("update core.releases set published_at = null")
        assert con.execute("select count(*) from out.test_set").fetchone() == (0,)


def test_prefect_shows_funnel_topics_costs_and_a_link(published: Run, artifacts: dict[str, Any]) -> None:
    assert artifacts["funnel"]["table"] == [{"stage": "ingest", "reason": "kept", "rows": 210}]
    assert len(artifacts["topics"]["table"]) == 10
    assert sum(row["questions"] for row in artifacts["topics"]["table"]) == 20
    assert artifacts["costs"]["table"] == COSTS
    assert artifacts["release"]["link"].endswith("/releases/rel-1")
    assert artifacts["release"]["link"].startswith("file:///")


def test_no_prompt_is_sent_to_prefect(published: Run, artifacts: dict[str, Any]) -> None:
    assert "SENTINEL prompt" not in str(artifacts)


def test_an_unfinished_release_does_not_become_the_latest(run: Run, artifacts: dict[str, Any]) -> None:
    with pytest.raises(FileNotFoundError):
        publish_task.publish.fn(run, RELEASE)
    assert not (Path(run.home) / "releases" / "latest.json").exists()
    assert not artifacts
