"""The Prefect task of select: annotations and topics → core.selections and core.topic_scores."""

import logging

import polars as pl

from tasks import warehouse
from tasks.refs import Ref, Run
from tasks.select.draw import Selection, draw
from tasks.settings import SelectSettings
from tasks.stage import stage

logger = logging.getLogger(__name__)


@stage("select")
def select(run: Run, topics: Ref, annotations: Ref, settings: SelectSettings) -> Ref:
    """Choose the test set among the prompts that have a topic and a score."""
    keys = {"run_id": run.id, "taxonomy_id": topics.key, "annotator": annotations.key}
    scored = warehouse.read(run.home, "select/scored", keys, run.lock_wait_seconds)
    selection = draw(scored, settings, run.seed)
    tables = {"selections": selection.prompts, "topic_scores": selection.topics}
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        for name in ("selections", "topic_scores"):
            warehouse.run(con, f"select/forget_{name}", {"run_id": run.id})
        warehouse.run(con, "select/add_selections", {"run_id": run.id}, tables)
        warehouse.run(con, "select/add_topic_scores", {"run_id": run.id, "taxonomy_id": topics.key}, tables)
        domains = warehouse.run(con, "select/domain_names", {"taxonomy_id": topics.key})
    chosen = selection.prompts["reject_reason"].null_count()
    _log(selection, chosen, settings, domains)
    return Ref(stage="select", table="core.selections", key=run.id, rows=chosen)


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
