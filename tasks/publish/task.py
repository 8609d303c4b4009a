"""The Prefect task of publish: `releases/latest.json`, and what the Prefect UI shows of a run."""

from pathlib import Path
from typing import Any

import orjson
from prefect.artifacts import create_link_artifact, create_table_artifact

from tasks import warehouse
from tasks.errors import EvergreenError
from tasks.refs import Ref, Run
from tasks.release.bundle import sha256
from tasks.release.task import MANIFEST
from tasks.stage import best_effort, stage
from tasks.storage import write_atomic

LATEST = "latest.json"
Rows = list[dict[str, Any]]


@stage("publish", retries=3)
def publish(run: Run, release: Ref) -> Ref:
    """Point `latest.json` at a release that the gate has let through, and show funnel, topics and a link."""
    folder = (Path(run.home) / "releases" / release.key).resolve()
    manifest = (folder / MANIFEST).read_bytes()
    facts = orjson.loads(manifest)
    _verify(folder, facts["files"])
    latest = {"release_id": release.key, "manifest_sha256": sha256(manifest)}
    write_atomic(folder.parent / LATEST, orjson.dumps(latest, option=orjson.OPT_INDENT_2))
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "publish/mark_release", {"release_id": release.key, "now": warehouse.utc_now()})
        warehouse.run(con, "publish/mark_run", {"release_id": release.key, "run_id": run.id})
        funnel = warehouse.run(con, "release/funnel", {"run_id": run.id}).to_dicts()
        topics = warehouse.run(con, "publish/topics", {"run_id": run.id}).to_dicts()
    with best_effort("showing the release"):
        costs = facts["cost"].get("by_model", [])  # releases made before models were asked have none
        _show(folder, release, {"funnel": funnel, "topics": topics, "costs": costs})
    return release


_TABLES = {
    "funnel": "Rows kept and rejected at each stage",
    "topics": "Topics by size; shares are of the release",
    "costs": "What models cost when this release was made; `new` is since the last build that ended well",
}


def _show(folder: Path, release: Ref, tables: dict[str, Rows]) -> None:
    for key, rows in tables.items():
        create_table_artifact(key=key, table=rows, description=_TABLES[key])
    create_link_artifact(
        key="release",
        link=folder.as_uri(),
        link_text=f"Release {release.key}",
        # Browsers refuse to follow a link from a server's page to a local file: the place is in words too.
        description=f"{release.rows} questions in `{folder}`",
    )


def _verify(folder: Path, files: dict[str, dict[str, str]]) -> None:
    """See that a release is on disk as its manifest says.

    Raises:
        EvergreenError: a file is missing or was changed.
    """
    for name, facts in files.items():
        path = folder / name
        if not path.is_file() or sha256(path.read_bytes()) != facts["sha256"]:
            raise EvergreenError(f"{path}: not as its manifest says; move the folder away and build again")
