"""The Prefect task of select: annotations and topics → core.selections, core.topic_scores, core.rotations."""

import logging
from collections import Counter
from dataclasses import dataclass

import polars as pl

from tasks import warehouse
from tasks.refs import Ref, Run
from tasks.select.draw import Selection, draw
from tasks.select.rotation import NO_PAST, Past, seed_of, share_of
from tasks.settings import RotationSettings, SelectSettings
from tasks.stage import stage

logger = logging.getLogger(__name__)

_NO_ROTATION = RotationSettings(flows="none")


@stage("select")
def select(
    run: Run,
    topics: Ref,
    annotations: Ref,
    settings: SelectSettings,
    rotation: RotationSettings = _NO_ROTATION,
) -> Ref:
    """Choose the test set among the prompts that have a topic and a score.

    If the last release is to be rotated, part of it stays. A release that was drawn of the same prompts is
    not rotated but drawn again, so that a run that is repeated, or brings nothing that can be chosen, comes
    to the same release.
    """
    keys = {"run_id": run.id, "taxonomy_id": topics.key, "annotator": annotations.key}
    scored = warehouse.read(run.home, "select/scored", keys, run.lock_wait_seconds)
    draw_of = _look_back(run, rotation, scored)
    is_clean = pl.col("contamination").is_null()
    selection = draw(scored.filter(is_clean), settings, draw_of.seed, draw_of.past)
    barred = scored.filter(~is_clean).select("prompt_id", "topic_id", reject_reason="contamination")
    tables = {
        "selections": pl.concat([selection.prompts, barred], how="diagonal"),
        "topic_scores": selection.topics,
    }
    key = {"run_id": run.id}
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        for name in ("selections", "topic_scores", "rotations"):
            warehouse.run(con, f"select/forget_{name}", key)
        warehouse.run(con, "select/add_selections", key, tables)
        warehouse.run(con, "select/add_topic_scores", {**key, "taxonomy_id": topics.key}, tables)
        warehouse.run(con, "select/add_rotation", {**key, **draw_of.row})
        domains = warehouse.run(con, "select/domain_names", {"taxonomy_id": topics.key})
    chosen = selection.prompts["reject_reason"].null_count()
    _log(selection, chosen, settings, domains)
    _log_rotation(selection, draw_of, rotation)
    return Ref(stage="select", table="core.selections", key=run.id, rows=chosen)


@dataclass(frozen=True)
class _DrawOf:
    """What a draw starts from: its seed, the past, and the row of `core.rotations` that says so."""

    seed: int
    past: Past
    row: dict[str, str | None]


def _look_back(run: Run, rotation: RotationSettings, scored: pl.DataFrame) -> _DrawOf:
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        tables = {"scored": scored.select("prompt_id")}
        data = warehouse.run(con, "select/data", {"run_id": run.id}, tables).item()
        if rotation.flows != "all":
            return _DrawOf(run.seed, NO_PAST, {"data_sha256": data, "base_id": None})
        bases = warehouse.run(con, "select/base", {"data_sha256": data})
        base_id, base_hash = bases.row(0) if bases.height else (None, "")
        row = {"data_sha256": data, "base_id": base_id}
        history = warehouse.run(con, "select/history", row)
    return _DrawOf(seed_of(run.seed, base_hash), Past(history, rotation), row)


def _log_rotation(selection: Selection, draw_of: _DrawOf, rotation: RotationSettings) -> None:
    """Say what became of the release that was rotated, and whether there was enough new."""
    base_id = draw_of.row["base_id"]
    if base_id is None:
        return
    roles = Counter(selection.prompts["role"].drop_nulls())
    stays = roles["kept"] + roles["anchor"]
    gone = Counter(selection.prompts["reject_reason"])
    logger.info(
        "release %s: %d stay, %d of them anchors; %d are new; %d made room and %d have served out",
        base_id,
        *(stays, roles["anchor"], roles["new"], gone["rotated_out"], gone["served_out"]),
    )
    if roles["returned"] or stays > share_of(rotation.share_kept, roles.total()):
        logger.warning(
            "there is not enough new: %d of %d prompts stay from release %s and %d served earlier. Bring "
            "more prompts, or lower select.min_score or select.min_topic_mean",
            *(stays, roles.total(), base_id, roles["returned"]),
        )


def _log(selection: Selection, chosen: int, settings: SelectSettings, domains: pl.DataFrame) -> None:
    eligible = int(selection.topics["is_eligible"].sum())
    logger.info("%d of %d topics are eligible; %d prompts chosen", eligible, selection.topics.height, chosen)
    if chosen == settings.size:
        return
    if selection.topics["is_full"].any():
        logger.warning(
            "%d prompts were wanted, at most %g of them from one domain, but without more of the full ones "
            "(%s) only %d could be chosen. Raise select.max_domain_share, lower select.size, or bring "
            "more prompts of other domains",
            settings.size,
            settings.max_domain_share,
            _full_domains(selection.topics, domains),
            chosen,
        )
        return
    logger.warning(
        "%d prompts were wanted, %d of each topic, but only %d topics are eligible: %d chosen. Lower "
        "select.min_score (%d) or select.min_topic_mean (%g), or bring more prompts",
        settings.size,
        settings.per_topic,
        eligible,
        chosen,
        settings.min_score,
        settings.min_topic_mean,
    )


def _full_domains(topics: pl.DataFrame, domains: pl.DataFrame) -> str:
    """Names of the domains that the quota kept topics of out, the one of most such topics first."""
    full = topics.filter("is_full").group_by("domain_id").len().join(domains, on="domain_id", how="left")
    names = full.sort("len", "domain_id", descending=[True, False])["name"].fill_null("topics without one")
    return "; ".join(names)
