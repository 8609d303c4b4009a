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


# Raise it with the rules' code, so that homes are cleaned again.
RULES_VERSION = 1


@stage("clean")
def clean(run: Run, raw: Ref, settings: CleanSettings) -> Ref:
    """Make prompts of the conversations that were not looked at yet.

    With other rules than the last time, everything is looked at again.
    """
    recipe = f"rules {RULES_VERSION}: {settings.model_dump_json()}"
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        is_changed = warehouse.run(con, "clean/last_recipe")["recipe"].to_list() != [recipe]
        unseen = warehouse.run(con, "clean/unseen", {"is_all": is_changed})
        before = warehouse.run(con, "clean/prompts")
    before = before.clear() if is_changed else before
    logger.info("%d conversations, %d of them to clean", raw.rows, unseen.height)
    if unseen.height or is_changed:
        _store(run, make_tables(unseen, before, settings), recipe, forget=is_changed)
    rows = warehouse.read(run.home, "clean/count", {}, run.lock_wait_seconds).item()
    return Ref(stage="clean", table="core.prompts", key="eligible", rows=rows)


def make_tables(
    unseen: pl.DataFrame, before: pl.DataFrame, settings: CleanSettings
) -> dict[str, pl.DataFrame]:
    """The sightings, new prompts and flags that unseen conversations make.

    Args:
        unseen: conversations, as `clean/unseen.sql` gives them.
        before: `prompt_id`, `prompt`, `is_kept` of the prompts known before, in order of precedence.
        settings: which rules run, and their limits.
    """
    sightings = with_outcomes(unseen, settings, set(before["prompt_id"]))
    new = sightings.filter(pl.col("reject_reason").is_null()).sort("asked_at", "prompt_id", nulls_last=True)
    with progress("clean", new.height) as advance:
        judged, flags = judge_prompts(new, before.filter("is_kept"), settings, advance)
    return {"sightings": sightings, "prompts": new.join(judged, on="prompt_id"), "flags": flags}


def _store(run: Run, tables: dict[str, pl.DataFrame], recipe: str, *, forget: bool) -> None:
    """Write what was cleaned; what was cleaned by other rules goes in the same transaction."""
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        for table in ("prompts", "sightings", "flags") if forget else ():
            warehouse.run(con, f"clean/forget_{table}")
        warehouse.run(con, "clean/add_prompts", {"run_id": run.id}, tables)
        warehouse.run(con, "clean/add_sightings", {}, tables)
        warehouse.run(con, "clean/add_flags", {}, tables)
        warehouse.run(con, "clean/update_first_seen")
        warehouse.run(con, "clean/remember_recipe", {"recipe": recipe})


def with_outcomes(unseen: pl.DataFrame, settings: CleanSettings, known: set[str]) -> pl.DataFrame:
    """Give each conversation its prompt's identity and, unless it brings a new prompt, the reason."""
    frame = normalise(unseen.with_columns(judge_sightings(unseen, settings)))
    # The first asked brings the prompt. What it says of itself breaks ties before its place does, so that
    # the order of rows and the name of the file never matter.
    order = ("asked_at", "prompt", "stated_language", "asker", "file_id", "position")
    frame = frame.sort(*order, nulls_last=True)
    passed = pl.col("reject_reason").is_null()
    is_repeat = pl.col("prompt_id").is_in(list(known)) | (passed.cum_sum().over("prompt_id") > 1)
    repeat = pl.when(passed & is_repeat).then(pl.lit("exact_duplicate"))
    return frame.with_columns(reject_reason=pl.coalesce("reject_reason", repeat))
