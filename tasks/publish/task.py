"""The Prefect tasks of publish: core.publications, `latest.json` here and at the target, artifacts."""

import logging
from pathlib import Path

from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact
from prefect.events import emit_event

from tasks import clock, warehouse
from tasks.publish.bundle import LATEST, Bundle, read_folder
from tasks.publish.events import add_event, read_history
from tasks.publish.report import Evidence, Place, report
from tasks.publish.target import Target, point, push
from tasks.refs import Ref, Run
from tasks.release.task import read_diff
from tasks.settings import PublishSettings
from tasks.stage import TAGGED, best_effort, stage
from tasks.storage import write_atomic
from tasks.urls import public

logger = logging.getLogger(__name__)


@stage("publish", retries=3)
def publish(run: Run, release: Ref, settings: PublishSettings) -> Ref:
    """Make a release that the gates have let through the latest, or let it wait, as the policy says; show it.

    One that a person withdrew, or put another in the place of, waits too: a build of the same content must
    not bring it back.
    """
    bundle = read_folder(_folder(run, release.key))
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "publish/mark_run", {"release_id": release.key, "run_id": run.id})
        history = read_history(con, run.home)
    if history.waits(release.key, settings.policy):
        logger.info(
            "release %s waits; to make it the latest: evergreen publish %s --home %s",
            *(release.key, release.key, run.home),
        )
        with best_effort("telling that a release waits"):  # deploy/automations.py passes it on
            about = {"prefect.resource.id": f"prefect.flow-run.{run.id}"}
            # A run of the command, unlike one of a deployment, has not the tag itself.
            emit_event("evergreen.release.waits", about, related=[TAGGED])
    else:
        _make_latest(run, bundle, settings.target)
        _note(run, release.key, "published", release.key)
        logger.info("release %s is the latest", release.key)
    with best_effort("showing the run"):
        _show_run(run)
    _show_release(run, bundle, settings.target, checked_by=run.id)
    return release


@stage("approve", retries=3)
def approve(run: Run, release_id: str, settings: PublishSettings) -> Ref:
    """Make a release the latest because a person says so: one that waits, or an older one.

    Raises:
        InputError: no such release, or it did not pass its gate.
    """
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        read_history(con, run.home).require_passed(release_id)
    bundle = read_folder(_folder(run, release_id))
    _make_latest(run, bundle, settings.target)
    _note(run, release_id, "published", release_id)
    _show_release(run, bundle, settings.target)
    return _ref(bundle)


@stage("withdraw", retries=3)
def withdraw(run: Run, release_id: str, settings: PublishSettings) -> Ref:
    """Withdraw a release, the latest if none is named, and make the latest of the others the latest.

    Raises:
        InputError: no such release, it was never published, or none was published before it.
    """
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        history = read_history(con, run.home)
        unfinished = warehouse.run(con, "publish/unfinished_withdrawal")["release_id"].to_list()
    name = release_id or next(iter(unfinished), history.latest)
    bundle = read_folder(_folder(run, history.successor(name)))
    _make_latest(run, bundle, settings.target)
    _note(run, name, "withdrawn", bundle.release_id)
    logger.info("release %s is withdrawn; the latest is %s", name, bundle.release_id)
    _show_release(run, bundle, settings.target)
    return _ref(bundle)


def _make_latest(run: Run, bundle: Bundle, url: str) -> None:
    """Move the pointers, the target's first; what is done already is left alone."""
    if url:
        target = Target(url)
        uploaded = push(target, bundle)
        logger.info("%s: %d files of release %s uploaded", target.url, len(uploaded), bundle.release_id)
        point(target, bundle)
    latest = Path(run.home) / "releases" / LATEST
    if not latest.is_file() or latest.read_bytes() != bundle.pointer:
        write_atomic(latest, bundle.pointer)


def _note(run: Run, release_id: str, event: str, latest: str) -> None:
    """Keep an event, unless things stand so already, and that the run came to the latest release.

    It is the last step: a command that was killed before finds everything as it was, and does it again.
    """
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        history = read_history(con, run.home)
        warehouse.run(con, "publish/mark_run", {"release_id": latest, "run_id": run.id})
        is_so = history.latest == release_id if event == "published" else history.state(release_id) == event
        if not is_so:
            add_event(con, run, release_id, event)


def _folder(run: Run, release_id: str) -> Path:
    return (Path(run.home) / "releases" / release_id).resolve()


def _ref(bundle: Bundle) -> Ref:
    rows = int(bundle.facts["questions"])
    return Ref(stage="publish", table="core.releases", key=bundle.release_id, rows=rows)


_TABLES = {
    "funnel": "Rows that each stage got, kept and dropped, and by which rules",
    "topics": "Topics by size; shares are of the release",
    "gates": "Checks behind each stage; the artifact `checks-<stage>` has each one",
}


def _show_run(run: Run) -> None:
    """What came of the rows of a run, as tables; `finish` adds the cost."""
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        tables = {key: warehouse.run(con, f"publish/{key}", {"run_id": run.id}).to_dicts() for key in _TABLES}
    for key, rows in tables.items():
        create_table_artifact(key=key, table=rows, description=_TABLES[key])


def _show_release(run: Run, bundle: Bundle, target: str, checked_by: str = "") -> None:
    """The report, and where the release is.

    `checked_by` is the run whose gates it passed, if that is not the one that made it.
    """
    folder, facts = _folder(run, bundle.release_id), bundle.facts
    with best_effort("showing the release"):
        name = {"release_id": bundle.release_id}
        with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
            state = read_history(con, run.home).standing(bundle.release_id)
            made_by = warehouse.run(con, "release/made_by", name).item()
            prompts = warehouse.run(con, "release/released", name)
            diff = read_diff(con, facts["content_sha256"], bundle.release_id, prompts, made_by)
            key = {"run_id": checked_by or made_by}
            evidence = Evidence(
                warnings=warehouse.run(con, "publish/warnings", key),
                gates=warehouse.run(con, "publish/gates", key),
                contamination=warehouse.run(con, "screen/counts", key),
                costs=warehouse.run(con, "llm/costs", {**key, "now": clock.utc_now()}),
            )
        place = Place(folder, public(target).rstrip("/") if state in {"published", "replaced"} else "")
        create_markdown_artifact(
            key="report",
            markdown=report(place, facts, state, evidence, diff),
            description=f"What to look at in release {bundle.release_id}",
        )
        for kind, file in (("release", folder), ("card", folder / "CARD.md")):
            create_link_artifact(
                key=kind,
                link=file.as_uri(),
                link_text=f"{kind.title()} {bundle.release_id}",
                # Browsers follow no link from a server's page to a local file: the place is in words too.
                description=f"{facts['questions']} questions in `{file}`",
            )
