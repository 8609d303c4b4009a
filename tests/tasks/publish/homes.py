"""Homes with releases, in which the stages and commands of publish are run."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from tasks import clock, warehouse
from tasks.publish import task as publish_task
from tasks.refs import Ref, Run
from tasks.release.bundle import parquet
from tasks.settings import PublishSettings
from tests.plugins.homes import PROMPT_ID, fetch

BUCKET = "releases"
S3 = f"s3://{BUCKET}/weekly"
COSTS = [{"stage": "annotate", "model": "small-1", "usd": 0.5}]

STATES = "select release_id, state, is_latest from out.releases order by release_id"

ADD_RELEASE = """
insert into core.runs (run_id, flow, state, started_at, settings)
values ($run_id, 'build', 'done', timestamp '2026-01-01' + to_days($number), '{}');
insert into core.releases (
    release_id, content_hash, run_id, released_on, prompt_count, topic_count, location
) values ($release_id, $release_id, $run_id, date '2026-01-01' + $number, 20, 10, 'releases/' || $release_id);
insert into core.release_prompts
select $release_id, prompt_id(i), prompt_id(i), i % 10, 'topic ' || i % 10, 6, 'SENTINEL prompt ' || i, null
from range(5 * $number, 5 * $number + 20) as t (i);
insert into core.selections (run_id, prompt_id, topic_id, reject_reason)
select $run_id, prompt_id(i), i % 10, if(i between 5 * $number and 5 * $number + 19, null, 'spare')
from range(100) as t (i);
"""

Objects = Callable[[], dict[str, bytes]]

# A call each of the runs 1 to 3, for 0.25, 0.50 and 0.75 USD; the last was in another month.
ADD_CALLS = """
insert into core.llm_calls
select
    'call-' || i, 'key-' || i, 'annotate', 'run-' || i, 'small', 'small-1', 'sync', 1, 'ok',
    'SENTINEL prompt', '', 1000, 0, 20, i / 4, 0.5, 1, if(i = 3, timestamp '2026-01-01', now()::timestamp)
from range(1, 4) as t (i)
"""


@dataclass(frozen=True)
class Home:
    """A home in which stages of publish are run, each as a run of its own that ends well."""

    path: Path
    artifacts: dict[str, dict[str, Any]]

    def run(self, number: int = 0, flow: str = "publish") -> Run:
        """The run that made a release; 0: one that begins now."""
        run_id = f"run-{number}"
        if not number:
            with warehouse.transaction(str(self.path)) as con:
                [(count,)] = con.execute("select count(*) from core.runs").fetchall()
                run_id = f"later-{count}"
                row = {"run_id": run_id, "flow": flow, "now": clock.utc_now(), "settings": "{}"}
                warehouse.run(con, "home/start_run", row)
        return Run(id=run_id, home=str(self.path), seed=42, lock_wait_seconds=5)

    def make(self, number: int, content: bytes = b"SENTINEL") -> str:
        """The release `rel-<number>`, as stage release leaves it: 20 prompts, 15 of the one before."""
        release_id, run_id = f"rel-{number}", f"run-{number}"
        numbers = range(5 * number, 5 * number + 20)
        questions = pl.DataFrame(
            {
                "uid": [hashlib.md5(str(i).encode()).hexdigest()[:16] for i in numbers],
                "cluster": [f"topic {i % 10}" for i in numbers],
                "prompt": [f"SENTINEL prompt {i}" for i in numbers],
                "score": [6] * 20,
            }
        )
        files = {
            "question.jsonl": content,
            "questions.parquet": parquet(questions),
            "CARD.md": f"# {release_id}".encode(),
        }
        manifest = {
            "release_id": release_id,
            "run_id": run_id,
            "content_sha256": release_id,
            "questions": 20,
            "funnel": [],
            "topics": 10,
            "cost": {"calls": 2, "usd": 0.75, "new_calls": 1, "new_usd": 0.5, "by_model": COSTS},
            "files": {name: {"sha256": hashlib.sha256(file).hexdigest()} for name, file in files.items()},
        }
        folder = self.path / "releases" / release_id
        folder.mkdir(parents=True)
        for name, file in files.items():
            (folder / name).write_bytes(file)
        (folder / "manifest.json").write_bytes(orjson.dumps(manifest))
        with warehouse.transaction(str(self.path)) as con:
            con.execute(PROMPT_ID)
            values = {"release_id": release_id, "run_id": run_id, "number": number}
            for statement in ADD_RELEASE.split(";\n")[:-1]:
                used = {name: value for name, value in values.items() if f"${name}" in statement}
                con.execute(statement, used)
        return release_id

    def publish(self, number: int, target: str = "", policy: Any = "auto") -> Ref:
        """Stage publish, in the run that made a release."""
        release = Ref(stage="release", table="core.releases", key=f"rel-{number}", rows=20)
        settings = PublishSettings(policy=policy, target=target)
        ref: Ref = publish_task.publish.fn(self.run(number), release, settings)
        return ref

    def approve(self, release_id: str, target: str = "") -> str:
        """What `evergreen publish` does; the release that is then the latest."""
        run = self.run()
        latest = publish_task.approve.fn(run, release_id, PublishSettings(target=target)).key
        self.finish(run)
        return str(latest)

    def withdraw(self, release_id: str = "", target: str = "") -> str:
        """What `evergreen withdraw` does; the release that is then the latest."""
        run = self.run(flow="withdraw")
        latest = publish_task.withdraw.fn(run, release_id, PublishSettings(target=target)).key
        self.finish(run)
        return str(latest)

    def finish(self, run: Run) -> None:
        row = {"run_id": run.id, "state": "done", "now": clock.utc_now(), "error": None}
        with warehouse.transaction(run.home) as con:
            warehouse.run(con, "home/finish_run", row)

    def table(self, query: str) -> list[tuple[Any, ...]]:
        return fetch(self.path, query)

    @property
    def latest(self) -> str:
        pointer = orjson.loads((self.path / "releases" / "latest.json").read_bytes())
        return str(pointer["release_id"])

    @property
    def events(self) -> list[tuple[str, str]]:
        return self.table("select release_id, event from core.publications order by position")


def unreleased(path: Path) -> Home:
    """The good home, without its release and what was counted and chosen for it."""
    with warehouse.transaction(str(path)) as con:
        for table in ("releases", "release_prompts", "publications", "runs", "selections", "funnel"):
            con.execute(f"delete from core.{table}")
    return Home(path, {})


def kill(
    monkeypatch: pytest.MonkeyPatch,
    command: Any,
    *arguments: Any,
    step: str = "_note",
    of: object = publish_task,
) -> None:
    """Run a command that is killed at a step: by default when pointers have moved and no event is kept."""

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), monkeypatch.context() as patch:
        patch.setattr(of, step, killed)
        command(*arguments)
