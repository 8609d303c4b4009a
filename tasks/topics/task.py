"""The Prefect task of topics: vectors → core.taxonomies, topics, topic_tree and prompt_topics."""

import hashlib
import json
import logging
from contextlib import suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import polars as pl

from tasks import clock, warehouse
from tasks.errors import InputError
from tasks.llm.outcome import Outcome
from tasks.llm.task import Models
from tasks.refs import Ref, Run
from tasks.settings import KEYWORDS, LlmSettings, TopicsSettings
from tasks.stage import stage
from tasks.topics import taxonomy as saved
from tasks.topics.drift import Drift
from tasks.topics.extend import compare, place_new
from tasks.topics.naming import NameTemplate, describe, final_names, load, read_name, unique_names
from tasks.topics.taxonomy import Taxonomy, vectors_hash
from tasks.vectors.shards import Shards

if TYPE_CHECKING:
    from tasks.topics.fit import Former

logger = logging.getLogger(__name__)

# fmt: off
_LIBRARIES = (
    "bertopic", "faiss-cpu", "hdbscan", "numba", "numpy", "polars", "scikit-learn", "scipy", "umap-learn",
)
# fmt: on
# The embedder of version 0.1, whose vectors are gone.
_FITTED = "tfidf-svd-"
# Raise it with the code of the fit.
_VERSION = 4


@stage("topics")
def topics(run: Run, vectors: Ref, settings: TopicsSettings, llm: LlmSettings) -> Ref:
    """Give each eligible prompt its place: among the topics of the last fit, or of a new one.

    A taxonomy's id is the hash of the prompts, their embedder, the settings, the seed and the libraries. Who
    names its topics is not part of it, nor are the ids of its topics, which it takes from the fit before it.
    """
    fits = warehouse.read(run.home, "topics/last", {}, run.lock_wait_seconds)
    last = fits.row(0, named=True) if fits.height else None
    kept = _keep(run, last, vectors, settings) if last else None
    taxonomy_id = kept or _fit(run, last, vectors, settings)
    _name(run, taxonomy_id, settings, llm)
    rows = _row(run, "topics/count", taxonomy_id=taxonomy_id)["row_count"]
    return Ref(stage="topics", table="core.topics", key=taxonomy_id, rows=rows)


def _keep(run: Run, last: dict[str, Any], vectors: Ref, settings: TopicsSettings) -> str | None:
    """Place new prompts among the topics of the last fit.

    Returns:
        Its id; None where the settings, or a drift, ask for a new fit.

    Raises:
        InputError: there is to be no new fit, but the last one is of another embedder or has no files.
    """
    if settings.refit == "always" or last["embedder"].startswith(_FITTED):
        return None
    try:
        taxonomy = saved.load(run.home, last["taxonomy_id"])
        taxonomy.check(vectors.key, taxonomy.dimensions)
        drift = _extend(run, taxonomy, settings)
    except InputError as error:
        if settings.refit == "never":
            raise
        logger.warning("%s; fitting anew", error)
        return None
    if drift is not None:
        logger.info("taxonomy %s, drift: %s", taxonomy.taxonomy_id, drift.reason)
        if drift.is_refit_recommended and settings.refit == "on_drift":
            return None
        if drift.is_refit_recommended:
            logger.warning("topics have drifted: a refit is recommended (topics.refit)")
    return taxonomy.taxonomy_id


def _extend(run: Run, taxonomy: Taxonomy, settings: TopicsSettings) -> Drift | None:
    """Place the prompts that have no place yet, and compare all that came since the fit with it.

    Returns:
        None if none came.
    """
    key = {"taxonomy_id": taxonomy.taxonomy_id}
    keys = {**key, "run_id": run.id}
    new = warehouse.read(run.home, "topics/unplaced", key, run.lock_wait_seconds)["prompt_id"]
    logger.info("taxonomy %s: %d prompts are new", taxonomy.taxonomy_id, len(new))
    placed = place_new(new, Shards(run.home, taxonomy.embedder, new.to_list()), taxonomy)
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        centres = warehouse.run(con, "topics/centres", key)
        at = pl.col("x", "y").fill_null(0)  # a vector of zeros is near nothing
        members = placed.join(centres, left_on="nearest_id", right_on="topic_id", how="left").with_columns(at)
        warehouse.run(con, "topics/add_members", keys, {"members": members})
        warehouse.run(con, "topics/resize", key)
        since = warehouse.run(con, "topics/assigned_counts", key)
        if since.is_empty():
            return None
        drift = compare(taxonomy, since, settings)
        row = {name: value for name, value in vars(drift).items() if name != "topics"}
        warehouse.run(con, "topics/add_drift", {**keys, **row, "now": clock.utc_now()})
        warehouse.run(con, "topics/add_topic_drift", keys, {"topic_drift": drift.topics})
    return drift


def _fit(run: Run, last: dict[str, Any] | None, vectors: Ref, settings: TopicsSettings) -> str:
    """Find the topics of all eligible prompts, unless the same taxonomy is there already; returns its id."""
    prompts = warehouse.read(run.home, "embed/prompts", {}, run.lock_wait_seconds)
    versions = {name: version(name) for name in _LIBRARIES}
    recipe = {
        "version": _VERSION,
        "embedder": vectors.key,
        "settings": settings.of_the_fit(),
        "seed": run.seed,
        "libraries": versions,
    }
    taxonomy_id = _hash(recipe, prompts["prompt_id"])
    if count := _row(run, "topics/count", taxonomy_id=taxonomy_id)["row_count"]:
        logger.info("taxonomy %s is there already: %d topics", taxonomy_id, count)
        # It is the last fit from now on; if its files are gone, only they are made again, with its own ids.
        last = {"taxonomy_id": taxonomy_id, "embedder": vectors.key}
        _touch(run, taxonomy_id)
        if saved.is_whole(run.home, taxonomy_id):
            return taxonomy_id
    from tasks.topics.fit import fit  # noqa: PLC0415  (UMAP and BERTopic take 7 s to import)

    source = Shards(run.home, vectors.key, prompts["prompt_id"].to_list())
    found = fit(prompts, source, settings, run.seed, _former(run, last, vectors))
    fitted_ids = prompts["prompt_id"].filter(found.clusters.is_fitted)
    taxonomy = Taxonomy(
        taxonomy_id=taxonomy_id,
        embedder=vectors.key,
        topic_ids=found.topic_ids,
        centroids=found.clusters.centroids,
        placed_counts=found.placed_counts,
        placed_none=found.placed_none,
        min_similarity=settings.min_cosine,
        seed=run.seed,
        prompt_count=prompts.height,
        fitted_count=len(fitted_ids),
        vectors_sha256=vectors_hash(fitted_ids.to_list(), found.clusters.fitted),
        library_versions=versions,
    )
    saved.save(run.home, taxonomy)  # first: a taxonomy in the warehouse has its files
    if count:
        return taxonomy_id
    _store(run, taxonomy, recipe, last["taxonomy_id"] if last else None, found.tables)
    logger.info("taxonomy %s: %d topics", taxonomy_id, len(found.topic_ids))
    return taxonomy_id


def _touch(run: Run, taxonomy_id: str) -> None:
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "topics/touch", {"taxonomy_id": taxonomy_id, "now": clock.utc_now()})


def _former(run: Run, last: dict[str, Any] | None, vectors: Ref) -> "Former | None":
    """The topics of the last fit, with their centroids if they are of the same embedder."""
    if last is None:
        return None
    from tasks.topics.fit import Former  # noqa: PLC0415
    from tasks.topics.match import Old  # noqa: PLC0415

    key = {"taxonomy_id": last["taxonomy_id"]}
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        ids = warehouse.run(con, "topics/centres", key)["topic_id"].to_numpy()
        members = warehouse.run(con, "topics/members", key).drop_nulls("topic_id")
        highest = warehouse.run(con, "topics/highest_topic_id").item()
    centroids = None
    if last["embedder"] == vectors.key:
        with suppress(InputError):  # its files are gone: members tell enough
            taxonomy = saved.load(run.home, last["taxonomy_id"])
            ids, centroids = taxonomy.topic_ids, taxonomy.centroids
    return Former(Old(ids.astype("int64"), centroids), members, highest)


def _store(
    run: Run,
    taxonomy: Taxonomy,
    recipe: dict[str, Any],
    parent_id: str | None,
    tables: dict[str, pl.DataFrame],
) -> None:
    key = {"taxonomy_id": taxonomy.taxonomy_id}
    row = {
        **key,
        "embedder": taxonomy.embedder,
        "settings": json.dumps(recipe["settings"]),
        "seed": taxonomy.seed,
        "library_versions": json.dumps(taxonomy.library_versions),
        "prompt_count": taxonomy.prompt_count,
        "fitted_count": taxonomy.fitted_count,
        "dimensions": taxonomy.dimensions,
        "vectors_sha256": taxonomy.vectors_sha256,
        "parent_id": parent_id,
        "run_id": run.id,
        "now": clock.utc_now(),
    }
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "topics/add_taxonomy", row)
        for name in ("topics", "tree", "similar"):
            warehouse.run(con, f"topics/add_{name}", key, tables)
        warehouse.run(con, "topics/add_members", {**key, "run_id": run.id}, tables)
        warehouse.run(con, "topics/add_lineage", {**key, "parent_id": parent_id}, tables)


def _name(run: Run, taxonomy_id: str, settings: TopicsSettings, llm: LlmSettings) -> None:
    """Name the topics of a taxonomy; where a model's name can't be used, its keywords stay."""
    named = warehouse.read(run.home, "topics/to_name", {"taxonomy_id": taxonomy_id}, run.lock_wait_seconds)
    keyword_names = unique_names(named["keywords"].to_list())
    if settings.namer == KEYWORDS:
        names = [(name, KEYWORDS) for name in keyword_names]
    else:
        models = Models(run, llm)
        endpoint = models.endpoint(settings.namer)
        described = [describe(*row) for row in named.select("keywords", "prompts").iter_rows()]
        texts = named.select(id="topic_id", text=pl.Series(described, dtype=pl.String))
        template = NameTemplate(load(settings.naming_prompt), endpoint.json_schema)
        answers = models.ask_texts("topics", endpoint, template, texts)
        is_ok = answers["outcome"] == Outcome.OK
        given = [
            read_name(answer) if ok else None for answer, ok in zip(answers["answer"], is_ok, strict=True)
        ]
        final = final_names([name and read_name(name) for name in given], keyword_names)
        names = [(name, endpoint.model if is_given else KEYWORDS) for name, is_given in final]
    frame = named.select("topic_id").with_columns(
        pl.DataFrame(names, schema=["name", "named_by"], orient="row")
    )
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "topics/name", {"taxonomy_id": taxonomy_id}, {"names": frame})
        warehouse.run(con, "topics/name_leaves", {"taxonomy_id": taxonomy_id})


def _hash(recipe: dict[str, object], prompt_ids: pl.Series) -> str:
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode())
    digest.update("\n".join(prompt_ids).encode())
    return digest.hexdigest()[:12]


def _row(run: Run, query: str, **parameters: object) -> dict[str, Any]:
    """The row of a query that has one."""
    return warehouse.read(run.home, query, parameters, run.lock_wait_seconds).row(0, named=True)
