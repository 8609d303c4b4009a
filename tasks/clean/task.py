"""The Prefect task of clean: raw.conversations → core.prompts, core.sightings, core.flags."""

import logging

import polars as pl

from tasks import warehouse
from tasks.clean.near_duplicates import BANDS, BANDS_VERSION, bands
from tasks.clean.normalise import normalise
from tasks.clean.rules import judge_prompts, judge_sightings
from tasks.refs import Ref, Run
from tasks.settings import CleanSettings
from tasks.stage import progress, stage

logger = logging.getLogger(__name__)


# Raise it with the rules' code, so that homes are cleaned again.
RULES_VERSION = 2
_KEPT_NONE = pl.DataFrame(schema={"prompt_id": pl.String, "prompt": pl.String, "bands": BANDS})


@stage("clean")
def clean(run: Run, raw: Ref, settings: CleanSettings) -> Ref:
    """Make prompts of the conversations that were not looked at yet.

    With other rules than the last time, everything is looked at again.
    """
    recipe = f"rules {RULES_VERSION}: {settings.model_dump_json()}"
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        is_changed = warehouse.run(con, "clean/last_recipe")["recipe"].to_list() != [recipe]
        unseen = warehouse.run(con, "clean/unseen", {"is_all": is_changed})
        known = set() if is_changed else set(warehouse.run(con, "clean/prompt_ids")["prompt_id"])
    logger.info("%d conversations, %d of them to clean", raw.rows, unseen.height)
    if unseen.height or is_changed:
        sightings = with_outcomes(unseen, settings, known)
        new = new_prompts(sightings)
        kept = _KEPT_NONE if is_changed else _kept_alike(run, new)
        _store(run, make_tables(sightings, new, kept, settings), recipe, forget=is_changed)
    rows = warehouse.read(run.home, "clean/count", {}, run.lock_wait_seconds).item()
    return Ref(stage="clean", table="core.prompts", key="eligible", rows=rows)


def new_prompts(sightings: pl.DataFrame) -> pl.DataFrame:
    """The sightings that bring a new prompt, in order of precedence, with the `bands` of its text."""
    new = sightings.filter(pl.col("reject_reason").is_null()).sort("asked_at", "prompt_id", nulls_last=True)
    return new.with_columns(bands(new["prompt"]))


def _kept_alike(run: Run, new: pl.DataFrame) -> pl.DataFrame:
    """Prompts that were kept before and share a band with a new one, in order of precedence."""
    version = {"version": BANDS_VERSION}
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        # Kept by a version that made no bands, or others.
        bare = warehouse.run(con, "clean/without_bands", version)
        tables = {"prompts": bare.with_columns(bands(bare["prompt"])), "new": new.select("bands")}
        warehouse.run(con, "clean/add_bands", version, tables)
        return warehouse.run(con, "clean/kept_alike", version, tables).cast({"bands": BANDS})


def make_tables(
    sightings: pl.DataFrame, new: pl.DataFrame, kept: pl.DataFrame, settings: CleanSettings
) -> dict[str, pl.DataFrame]:
    """The sightings, new prompts and flags that unseen conversations make.

    Args:
        sightings: see `with_outcomes`.
        new: see `new_prompts`.
        kept: `prompt_id`, `prompt`, `bands` of the prompts kept before that share a band with a new one.
        settings: which rules run, and their limits.
    """
    with progress("clean", new.height) as advance:
        judged, flags = judge_prompts(new, kept, settings, advance)
    return {"sightings": sightings, "prompts": new.join(judged, on="prompt_id"), "flags": flags}


def _store(run: Run, tables: dict[str, pl.DataFrame], recipe: str, *, forget: bool) -> None:
    """Write what was cleaned; what was cleaned by other rules goes in the same transaction."""
    kept = tables["prompts"].join(tables["flags"], on="prompt_id", how="anti")
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        for table in ("prompts", "sightings", "flags", "bands") if forget else ():
            warehouse.run(con, f"clean/forget_{table}")
        warehouse.run(con, "clean/add_prompts", {"run_id": run.id}, tables)
        warehouse.run(con, "clean/add_bands", {"version": BANDS_VERSION}, {"prompts": kept})
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
