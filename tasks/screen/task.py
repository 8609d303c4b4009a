"""The Prefect task of screen: core.prompts, lists and releases → core.contamination and core.screened."""

import hashlib
import logging
from dataclasses import dataclass

import polars as pl
from prefect.artifacts import create_table_artifact
from prefect.context import TaskRunContext

from tasks import clock, warehouse
from tasks.clean.near_duplicates import BANDS, BANDS_VERSION, bands
from tasks.embed.task import embed_texts
from tasks.refs import Ref, Run
from tasks.screen.limits import min_cosine
from tasks.screen.references import read_references
from tasks.screen.repeats import (
    VERDICTS,
    Embedded,
    Family,
    exact_repeats,
    gravest,
    near_repeats,
    semantic_repeats,
    unique_texts,
)
from tasks.screen.templates import shapes
from tasks.settings import STATIC, EmbedSettings, LlmSettings, ScreenSettings
from tasks.stage import best_effort, stage
from tasks.vectors.shards import blocks, load
from tasks.vectors.static import LANGUAGES

logger = logging.getLogger(__name__)

# Raise it with the rules' code, so that homes are screened again.
RULES_VERSION = 2
_BLOCK_ROWS = 20_000
_DESCRIPTION = (
    "Prompts with a verdict, by kind and by the list or release that they repeat; the `barring` ones are "
    "kept out of the test set"
)


@stage("screen", retries=3)
def screen(run: Run, vectors: Ref, settings: ScreenSettings, embed: EmbedSettings, llm: LlmSettings) -> Ref:
    """Give verdicts to prompts that repeat a list or a release, or are stale, of testers or of templates.

    A prompt is compared with lists once, and again where lists, settings or the embedder have changed; with
    releases, if they were made before the home knew it. All is written at the end, at once: a run that was
    killed left nothing.
    """
    limit = min_cosine(vectors.key, settings) if settings.semantic else 0
    references = read_references(settings.references)
    recipe = _recipe(settings, vectors.key, limit, references)
    keys = {"run_id": run.id, "now": clock.utc_now(), "version": BANDS_VERSION}
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        is_changed = warehouse.run(con, "screen/last_recipe")["recipe"].to_list() != [recipe]
        prompts = warehouse.run(con, "screen/prompts", keys | {"is_all": is_changed})
        released = warehouse.run(con, "screen/released")
    logger.info(
        "%d of %d prompts to screen, beside %d questions of lists and %d of releases",
        prompts.height,
        vectors.rows,
        references.height,
        released.height,
    )
    prompts = _with_bands(prompts)
    if settings.semantic and (others := prompts.height - _comparable(prompts, embed).height):
        logger.warning("%d prompts are not compared by meaning: static knows English alone", others)
    comparison = _Comparison(run, vectors.key, settings, embed, llm, limit)
    found = [comparison.compare(prompts, references, "repeat")]
    found += [comparison.compare(new, earlier, "released") for new, earlier in _beside(prompts, released)]
    screened = prompts.select("prompt_id", shapes(prompts["prompt"]))
    _store(run, recipe, settings, {"verdicts": pl.concat(found), "screened": screened}, is_changed=is_changed)
    return Ref(stage="screen", table="core.contamination", key=vectors.key, rows=_show(run))


def _with_bands(prompts: pl.DataFrame) -> pl.DataFrame:
    """Prompts with the bands that cleaning has left, or with new ones."""
    known = prompts.filter(pl.col("bands").is_not_null()).cast({"bands": BANDS})
    bare = prompts.filter(pl.col("bands").is_null())
    return pl.concat([known, bare.with_columns(bands(bare["prompt"]))]).sort("prompt_id")


def _recipe(settings: ScreenSettings, embedder: str, limit: float, references: pl.DataFrame) -> str:
    """What verdicts of a comparison depend on, but for releases: those are only ever added."""
    digest = hashlib.sha256()
    for row in references.select("reference", "reference_id", "text_id").iter_rows():
        digest.update("\n".join((*row, "")).encode())
    semantic = f"{embedder} {limit}" if settings.semantic else "no vectors"
    rules = f"{RULES_VERSION} hashes {BANDS_VERSION}"
    return f"rules {rules}: {settings.near_jaccard} {semantic} {digest.hexdigest()}"


def _beside(prompts: pl.DataFrame, released: pl.DataFrame) -> list[tuple[pl.DataFrame, pl.DataFrame]]:
    """Prompts that were never released, with what was released before the home knew them."""
    others = prompts.join(released, left_on="prompt_id", right_on="text_id", how="anti")
    groups = others.group_by("known_at", maintain_order=True)
    return [(new, released.filter(pl.col("started_at") < known_at)) for (known_at,), new in groups]


@dataclass(frozen=True)
class _Comparison:
    """How prompts are compared with texts of lists or releases; `limit` is the cosine."""

    run: Run
    embedder: str
    settings: ScreenSettings
    embed: EmbedSettings
    llm: LlmSettings
    limit: float

    def compare(self, prompts: pl.DataFrame, references: pl.DataFrame, family: Family) -> pl.DataFrame:
        """Verdicts on prompts that repeat a reference, one a prompt and list."""
        if prompts.is_empty() or references.is_empty():
            return pl.DataFrame(schema=VERDICTS)
        found = [exact_repeats(prompts, references)] if family == "repeat" else []
        found.append(near_repeats(prompts, references, family, self.settings.near_jaccard))
        if self.settings.semantic:
            found.append(self._semantic(prompts, references, family))
        return gravest(*found)

    def _semantic(self, prompts: pl.DataFrame, references: pl.DataFrame, family: Family) -> pl.DataFrame:
        texts = unique_texts(references).rename({"text_id": "prompt_id", "text": "prompt"})
        embedded = embed_texts(self.run, self.embedder, texts, self.embed, self.llm)["prompt_id"]
        if refused := texts.height - len(embedded):
            logger.warning(
                "%d questions were refused by %s: no prompt is compared with them by meaning",
                refused,
                self.embedder,
            )
        known = references.filter(pl.col("text_id").is_in(embedded.to_list()))
        if known.is_empty():
            return pl.DataFrame(schema=VERDICTS)
        ids = _comparable(prompts, self.embed)["prompt_id"]
        return semantic_repeats(
            Embedded(ids, blocks(self.run.home, self.embedder, ids.to_list(), _BLOCK_ROWS)),
            known,
            load(self.run.home, self.embedder, embedded.to_list()),
            family,
            self.limit,
        )


def _comparable(prompts: pl.DataFrame, embed: EmbedSettings) -> pl.DataFrame:
    """Prompts whose vectors tell meanings apart: to `static`, Russian ones are nearly all alike."""
    return prompts.filter(pl.col("language").is_in(LANGUAGES)) if embed.model == STATIC else prompts


def _store(
    run: Run, recipe: str, settings: ScreenSettings, tables: dict[str, pl.DataFrame], *, is_changed: bool
) -> None:
    """Write new verdicts, and those that are counted over all prompts anew; all in one transaction."""
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        for name in ("all", "screened") if is_changed else ():
            warehouse.run(con, f"screen/forget_{name}")
        warehouse.run(con, "screen/forget_counted")
        warehouse.run(con, "screen/add_screened", {"run_id": run.id}, tables)
        warehouse.run(con, "screen/add_verdicts", {"run_id": run.id}, tables)
        for table, setting in (
            ("stale", "seen_since"),
            ("repeated_askers", "asker_repeats"),
            ("templates", "template_prompts"),
        ):
            row = {"run_id": run.id, setting: getattr(settings, setting)}
            warehouse.run(con, f"screen/add_{table}", row)
        for what in ("forget", "add"):
            warehouse.run(con, f"screen/{what}_counts", {"run_id": run.id})
        warehouse.run(con, "screen/remember_recipe", {"recipe": recipe})


def _show(run: Run) -> int:
    """Log and show how many prompts have a verdict, by kind and list; returns the number of verdicts."""
    counts = warehouse.read(run.home, "screen/counts", {"run_id": run.id}, run.lock_wait_seconds)
    for kind, reference, prompts, barring in counts.iter_rows():
        logger.info(
            "%s%s: %d prompts, %d of them kept out",
            kind,
            f" of {reference}" * bool(reference),
            prompts,
            barring,
        )
    if TaskRunContext.get() is not None:
        with best_effort("showing the contamination"):
            create_table_artifact(key="contamination", table=counts.to_dicts(), description=_DESCRIPTION)
    return int(counts["prompts"].sum())
