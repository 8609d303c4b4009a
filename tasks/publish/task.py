"""The Prefect task of publish: `releases/latest.json`, and what the Prefect UI shows of a run."""

from pathlib import Path

import orjson
from prefect.artifacts import create_link_artifact, create_table_artifact

from tasks import warehouse
from tasks.refs import Ref, Run
from tasks.release.bundle import sha256
from tasks.release.task import MANIFEST
from tasks.stage import stage
from tasks.storage import write_atomic

LATEST = "latest.json"


@stage("publish", retries=3)
def publish(run: Run, release: Ref) -> Ref:
    """Point `latest.json` at a release that the gate has let through, and show funnel, topics and a link."""
    folder = (Path(run.home) / "releases" / release.key).resolve()
    checksum = sha256((folder / MANIFEST).read_bytes())
    latest = {"release_id": release.key, "manifest_sha256": checksum}
    write_atomic(folder.parent / LATEST, orjson.dumps(latest, option=orjson.OPT_INDENT_2))
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        funnel = warehouse.run(con, "release/funnel", {"run_id": run.id}).to_dicts()
        topics = warehouse.run(con, "publish/topics", {"run_id": run.id}).to_dicts()
    create_table_artifact(key="funnel", table=funnel, description="Rows kept and rejected at each stage")
    create_table_artifact(key="topics", table=topics, description="Topics by size; shares are of the release")
    create_link_artifact(
        key="release",
        link=folder.as_uri(),
        link_text=f"Release {release.key}",
        # Browsers refuse to follow a link from a server's page to a local file: the place is in words too.
        description=f"{release.rows} questions in `{folder}`",
    )
    return release
