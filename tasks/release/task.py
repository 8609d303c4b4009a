"""The Prefect task of release: the selection → `releases/<id>/`, core.releases, core.release_prompts."""

import logging
from datetime import UTC
from pathlib import Path
from typing import Any

import duckdb
import orjson
import polars as pl

from tasks import clock, warehouse
from tasks.refs import Ref, Run
from tasks.release.bundle import content_hash, parquet, question_lines, sha256
from tasks.release.card import card
from tasks.release.changes import changes
from tasks.release.diff import Diff, compare
from tasks.release.manifest import build_manifest
from tasks.release.topic_path import topic_paths
from tasks.settings import Settings
from tasks.stage import stage
from tasks.storage import write_atomic

logger = logging.getLogger(__name__)

MANIFEST = "manifest.json"
_HASH_DIGITS = 10


@stage("release", retries=3)
def release(run: Run, selection: Ref, topics: Ref, annotations: Ref, settings: Settings) -> Ref:
    """Write the chosen prompts as a release, unless a release of this home has the same content.

    Files come first and the manifest last: a folder without a manifest is no release.
    """
    keys = {"run_id": selection.key, "taxonomy_id": topics.key, "annotator": annotations.key}
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        questions = _questions(con, keys, settings.release.category)
        warehouse.run(con, "release/forget_funnel", {"run_id": run.id})
        warehouse.run(con, "release/add_funnel", {**keys, "funnel_run_id": run.id})
        tables = {
            name: warehouse.run(con, f"release/{name}", {"run_id": run.id})
            for name in ("funnel", "checks", "annotators")
        }
        tables |= {name: warehouse.run(con, f"release/{name}") for name in ("sources", "costs")}
        taxonomy = {"taxonomy_id": topics.key}
        tables["topic_namers"] = warehouse.run(con, "release/topic_namers", taxonomy)
        embedder = warehouse.run(con, "release/embedder", taxonomy).item()
        digest = content_hash(questions)
        diff = read_diff(con, digest, "this one", _as_released(questions), run.id)
    folder = _find(run.home, digest)
    if folder is None:
        models = {"embedder": embedder, "taxonomy": topics.key, "annotator": annotations.key}
        identity = _identity(run, questions, digest, settings.release.date) | {"models": models}
        folder = _write(run.home, questions, build_manifest(identity, settings, tables), diff)
    else:
        logger.info("release %s has this content already", folder.name)
    _record(run, folder, digest, questions)
    return Ref(stage="release", table="core.releases", key=folder.name, rows=questions.height)


def read_diff(
    con: duckdb.DuckDBPyConnection, digest: str, name: str, prompts: pl.DataFrame, run_id: str
) -> Diff | None:
    """Compare a release with the latest one, or else with the one made before it.

    Args:
        con: an open connection to the warehouse.
        digest: hash of its content; what has the same is never compared with it.
        name: what to call it.
        prompts: its prompts: `prompt_id`, `topic_id`, `topic`, `score`, `length` (characters).
        run_id: the run that made it, whose selection says why prompts went.

    Returns:
        Nothing if there is no other release.
    """
    others = warehouse.run(con, "release/predecessor", {"content_hash": digest})["release_id"].to_list()
    if not others:
        return None
    older = warehouse.run(con, "release/released", {"release_id": others[0]})
    reasons = warehouse.run(con, "release/reasons", {"run_id": run_id})
    return compare((others[0], name), older, prompts, reasons)


def _as_released(questions: pl.DataFrame) -> pl.DataFrame:
    """The same columns as `release/released`."""
    length = pl.col("prompt").str.len_chars().cast(pl.Int64)
    return questions.select("topic_id", "score", prompt_id="uid", topic="cluster", length=length)


def _questions(con: duckdb.DuckDBPyConnection, keys: dict[str, str], category: str) -> pl.DataFrame:
    """The chosen prompts as they are released, in the order of the files."""
    chosen = warehouse.run(con, "release/questions", keys)
    paths = topic_paths(warehouse.run(con, "release/tree", {"taxonomy_id": keys["taxonomy_id"]}))
    path = pl.Series("topic_path", [paths[topic] for topic in chosen["topic_id"]], dtype=pl.List(pl.String))
    return chosen.with_columns(path, category=pl.lit(category)).sort("cluster", "uid")


def _identity(run: Run, questions: pl.DataFrame, digest: str, date: str) -> dict[str, Any]:
    now = clock.utc_now().replace(tzinfo=UTC)
    return {
        "release_id": f"{date or now.date().isoformat()}-{digest[:_HASH_DIGITS]}",
        "content_sha256": digest,
        "questions": questions.height,
        "topics": questions["topic_id"].n_unique(),
        "made_at": now.isoformat(timespec="seconds"),
        "run_id": run.id,
    }


def _find(home: str, digest: str) -> Path | None:
    """The release of this home with the same content, if it was finished."""
    found = sorted((Path(home) / "releases").glob(f"*-{digest[:_HASH_DIGITS]}/{MANIFEST}"))
    same = (path.parent for path in found if orjson.loads(path.read_bytes())["content_sha256"] == digest)
    return next(same, None)


def _write(home: str, questions: pl.DataFrame, manifest: dict[str, Any], diff: Diff | None) -> Path:
    means = questions.group_by("cluster").agg(pl.len(), pl.col("score").mean()).sort("cluster")
    changed = [f"## What changed since {diff.older}", *changes(diff)] if diff else []
    files = {
        "question.jsonl": question_lines(questions),
        "questions.parquet": parquet(questions.drop("topic_id")),
        "CARD.md": card(manifest, means.rows(), changed).encode(),
    }
    checksums = {name: {"sha256": sha256(content), "bytes": len(content)} for name, content in files.items()}
    folder = Path(home) / "releases" / str(manifest["release_id"])
    for name, content in files.items():
        write_atomic(folder / name, content)
    write_atomic(folder / MANIFEST, orjson.dumps(manifest | {"files": checksums}, option=orjson.OPT_INDENT_2))
    logger.info("release %s: %d questions", folder.name, questions.height)
    return folder


def _record(run: Run, folder: Path, digest: str, questions: pl.DataFrame) -> None:
    row = {
        "release_id": folder.name,
        "content_hash": digest,
        "run_id": run.id,
        "released_on": folder.name[:10],
        "prompts": questions.height,
        "topics": questions["topic_id"].n_unique(),
        "location": f"releases/{folder.name}",
    }
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "release/add_release", row)
        warehouse.run(con, "release/add_prompts", {"release_id": folder.name}, {"questions": questions})
