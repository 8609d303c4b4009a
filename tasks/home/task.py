"""The Prefect tasks that begin and end a run: core.runs, migrations, analytics.duckdb."""

import logging

from tasks import warehouse
from tasks.refs import Run
from tasks.settings import Settings
from tasks.stage import stage

logger = logging.getLogger(__name__)


@stage("start")
def start(run: Run, flow: str, settings: Settings) -> None:
    """Bring the warehouse up to date and note that the run has begun."""
    warehouse.migrate(run.home, run.lock_wait_seconds)
    row = {"run_id": run.id, "flow": flow, "now": warehouse.utc_now(), "settings": settings.model_dump_json()}
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "home/interrupt_runs", {"now": warehouse.utc_now()})
        warehouse.run(con, "home/start_run", row)


@stage("finish")
def finish(run: Run, state: str, error: str) -> None:
    """Note how the run ended, and give analysts their copy, unless somebody waits for it to stop.

    Args:
        run: the run that ends.
        state: `done`, `failed` or `interrupted`.
        error: why it failed, in one line without prompts; empty if it did not.
    """
    row = {"run_id": run.id, "state": state, "now": warehouse.utc_now(), "error": error or None}
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "home/finish_run", row)
    if state == "interrupted":  # a copy of a large warehouse takes a while, and the next run makes one
        return
    logger.info("analysts' copy: %s", warehouse.publish_analytics(run.home, run.lock_wait_seconds))
