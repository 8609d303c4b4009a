"""The Prefect task of clean: raw.conversations → core.prompts, core.sightings, core.flags."""

import logging

import polars as pl

from tasks import warehouse
from tasks.clean.normalise import normalise
from tasks.clean.rules import judge_prompts, judge_sightings
from tasks.refs import Ref, Run
from tasks.settings import CleanSettings
from tasks.stage import progress, stage

logger = logging.getLogger(__name__)


@stage("clean")
def clean(run: Run, raw: Ref, settings: CleanSettings) -> Ref:
    """Make prompts of the conversations that were not looked at yet.

    With other rules than the last time, everything is looked at again.
    """
    _forget_if_changed(run, settings)
    unseen = warehouse.read(run.home, "clean/unseen", {}, run.lock_wait_seconds)
    logger.info("%d conversations, %d of them new", raw.rows, unseen.height)
    if unseen.height:
        _clean(run, unseen, settings)
    rows = warehouse.read(run.home, "clean/count", {}, run.lock_wait_seconds).item()
    return Ref(stage="clean", table="core.prompts", key="eligible", rows=rows)


def _clean(run: Run, unseen: pl.DataFrame, settings: CleanSettings) -> None:
    known = set(warehouse.read(run.home, "clean/known", {}, run.lock_wait_seconds)["prompt_id"])
    kept = warehouse.read(run.home, "clean/eligible", {}, run.lock_wait_seconds)
    sightings = with_outcomes(unseen, settings, known)
    new = sightings.filter(pl.col("reject_reason").is_null()).sort("asked_at", "prompt_id", nulls_last=True)
    with progress("clean", new.height) as advance:
        judged, flags = judge_prompts(new, kept, settings, advance)
    tables = {"sightings": sightings, "prompts": new.join(judged, on="prompt_id"), "flags": flags}
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "clean/add_prompts", {"run_id": run.id}, tables)
        warehouse.run(con, "clean/add_sightings", {}, tables)
        warehouse.run(con, "clean/add_flags", {}, tables)
        warehouse.run(con, "clean/update_first_seen")


def with_outcomes(unseen: pl.DataFrame, settings: CleanSettings, known: set[str]) -> pl.DataFrame:
    """Give each conversation its prompt's identity and, unless it brings a new prompt, the reason."""
    frame = normalise(unseen.with_columns(judge_sightings(unseen, settings)))
    # The first asked brings the prompt; place breaks ties, so that the order of rows never matters.
    frame = frame.sort("asked_at", "prompt", "file_id", "position", nulls_last=True)
    passed = pl.col("reject_reason").is_null()
    is_repeat = pl.col("prompt_id").is_in(list(known)) | (passed.cum_sum().over("prompt_id") > 1)
    repeat = pl.when(passed & is_repeat).then(pl.lit("exact_duplicate"))
    return frame.with_columns(reject_reason=pl.coalesce("reject_reason", repeat))


def _forget_if_changed(run: Run, settings: CleanSettings) -> None:
    state = {"stage": "clean", "settings": settings.model_dump_json()}
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        last = warehouse.run(con, "clean/last_settings", {"stage": "clean"})["settings"].to_list()
        if last == [state["settings"]]:
            return
        for table in ("prompts", "sightings", "flags"):
            warehouse.run(con, f"clean/forget_{table}")
        warehouse.run(con, "clean/remember_settings", state)
