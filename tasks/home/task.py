"""The Prefect tasks that begin and end a run: core.runs, migrations, the cost, analytics.duckdb."""

import logging
from pathlib import Path

from prefect.artifacts import create_table_artifact
from prefect.context import TaskRunContext

from tasks import clock, warehouse
from tasks.home.under_way import NOTE, Note
from tasks.publish.events import note_owed
from tasks.refs import Run
from tasks.settings import Settings
from tasks.stage import best_effort, stage
from tasks.storage import write_atomic

logger = logging.getLogger(__name__)

_COSTS = "What models cost by stage, in this run and (`month_…`) this calendar month, UTC"


@stage("start")
def start(run: Run, flow: str, settings: Settings) -> None:
    """Bring the warehouse up to date and note that the run has begun."""
    warehouse.migrate(run.home, run.lock_wait_seconds)
    now = clock.utc_now()
    row = {"run_id": run.id, "flow": flow, "now": now, "settings": settings.model_dump_json()}
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "home/interrupt_runs", {"now": now})
        warehouse.run(con, "home/start_run", row)
        note_owed(con, run)  # before anything asks which release is the latest
    note = Note(run_id=run.id, flow=flow, started_at=now)
    write_atomic(Path(run.home) / NOTE, note.to_bytes())


@stage("finish")
def finish(run: Run, state: str, error: str) -> None:
    """Note how the run ended, and give analysts their copy, unless somebody waits for it to stop.

    Args:
        run: the run that ends.
        state: `done`, `failed` or `interrupted`.
        error: why it failed, in one line without prompts; empty if it did not.
    """
    row = {"run_id": run.id, "state": state, "now": clock.utc_now(), "error": error or None}
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "home/finish_run", row)
    if state == "interrupted":  # a copy of a large warehouse takes a while, and the next run makes one
        return
    _tell_cost(run)
    logger.info("analysts' copy: %s", warehouse.publish_analytics(run.home, run.lock_wait_seconds))
    (Path(run.home) / NOTE).unlink(missing_ok=True)


def _tell_cost(run: Run) -> None:
    """Log and show what models cost in this run and this month."""
    now = {"run_id": run.id, "now": clock.utc_now()}
    costs = warehouse.read(run.home, "llm/costs", now, run.lock_wait_seconds).to_dicts()
    total = costs[-1]
    logger.info(
        "models: %s calls and %.2f USD in this run, %.2f USD this month",
        *(f"{total['calls']:,}", total["usd"], total["month_usd"]),
    )
    if TaskRunContext.get() is not None:
        with best_effort("showing the cost"):
            create_table_artifact(costs, key="costs", description=_COSTS)
