"""Homes with releases, and an S3 to publish them to, served by moto on loopback."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import fsspec
import orjson
import polars as pl
import pytest
from moto.server import ThreadedMotoServer

from tasks import clock, warehouse
from tasks.publish import task as publish_task
from tasks.refs import Ref, Run
from tasks.release.bundle import parquet
from tasks.settings import PublishSettings

GOOD_HOME = (Path(__file__).parents[2] / "expectations" / "good_home.sql").read_text()
BUCKET = "releases"
S3 = f"s3://{BUCKET}/weekly"
COSTS = [{"stage": "annotate", "model": "small-1", "usd": 0.5}]

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
            con.execute("create temp macro prompt_id(i) as left(md5(i::varchar), 16)")
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
        with warehouse.transaction(str(self.path)) as con:
            return con.execute(query).fetchall()

    @property
    def latest(self) -> str:
        pointer = orjson.loads((self.path / "releases" / "latest.json").read_bytes())
        return str(pointer["release_id"])

    @property
    def events(self) -> list[tuple[str, str]]:
        return self.table("select release_id, event from core.publications order by position")


def new_home(path: Path) -> Home:
    """A home with the prompts of the good home, without a release."""
    path.mkdir()
    warehouse.migrate(str(path))
    with warehouse.transaction(str(path)) as con:
        con.execute(GOOD_HOME)
        for table in ("releases", "release_prompts", "publications", "runs", "selections"):
            con.execute(f"delete from core.{table}")
    return Home(path, {})


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Homes to copy: to make one takes longer than most tests."""
    folder = tmp_path_factory.mktemp("templates")
    new_home(folder / "home")
    two = new_home(folder / "two")
    two.make(1)
    two.make(2)
    return folder


@pytest.fixture
def artifacts(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """What Prefect's server is sent."""
    sent: dict[str, dict[str, Any]] = {}
    for kind in ("table", "link", "markdown"):
        monkeypatch.setattr(
            publish_task, f"create_{kind}_artifact", lambda *_, key, **rest: sent.update({key: rest})
        )
    return sent


@pytest.fixture
def home(templates: Path, tmp_path: Path, artifacts: dict[str, Any]) -> Home:
    """A home without a release."""
    return Home(Path(shutil.copytree(templates / "home", tmp_path / "home")), artifacts)


@pytest.fixture
def two(templates: Path, tmp_path: Path, artifacts: dict[str, Any]) -> Home:
    """A home with two releases that wait."""
    return Home(Path(shutil.copytree(templates / "two", tmp_path / "home")), artifacts)


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    server.stop()


@pytest.fixture
def s3(moto: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """A client of an S3 with the bucket `releases`; the environment points to it."""
    environment = {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_ENDPOINT_URL": moto,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    forget_connections()
    client = boto3.client("s3", endpoint_url=moto)
    client.create_bucket(Bucket=BUCKET)
    yield client
    post(f"{moto}/moto-api/reset")
    post(f"{moto}/moto-api/reset-auth", b"inf")
    forget_connections()


def forget_connections() -> None:
    fsspec.get_filesystem_class("s3").clear_instance_cache()


def post(url: str, data: bytes = b"") -> None:
    urlopen(Request(url, data=data, headers={"Content-Type": "text/plain"}, method="POST")).close()


@pytest.fixture
def uploads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys that are put, in order."""
    keys: list[str] = []
    filesystem = fsspec.get_filesystem_class("s3")
    plain = filesystem._call_s3

    async def noted(self: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        if method == "put_object":
            keys.append(kwargs["Key"])
        return await plain(self, method, *args, **kwargs)

    monkeypatch.setattr(filesystem, "_call_s3", noted)
    return keys


Objects = Callable[[], dict[str, bytes]]


@pytest.fixture
def objects(s3: Any) -> Objects:
    """What the bucket holds now."""

    def read() -> dict[str, bytes]:
        found = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {item["Key"]: s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read() for item in found}

    return read


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
