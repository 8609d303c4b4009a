"""The Prefect task of select: annotations and topics → core.selections and core.topic_scores."""

import logging

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
    chosen = selection.prompts["reject_reason"].null_count()
    _log(selection, chosen, settings)
    return Ref(stage="select", table="core.selections", key=run.id, rows=chosen)


def _log(selection: Selection, chosen: int, settings: SelectSettings) -> None:
    eligible = int(selection.topics["is_eligible"].sum())
    logger.info("%d of %d topics are eligible; %d prompts chosen", eligible, selection.topics.height, chosen)
    if chosen < settings.size:
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
