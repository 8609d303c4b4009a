"""The Prefect task of topics: vectors → core.taxonomies, topics, topic_tree and prompt_topics."""

import hashlib
import json
import logging
from importlib.metadata import version

import numpy as np
import polars as pl

from tasks import warehouse
from tasks.embed import vectors as shards
from tasks.embed.embedder import Vectors
from tasks.llm.outcome import Outcome
from tasks.llm.task import Models
from tasks.refs import Ref, Run
from tasks.settings import KEYWORDS, LlmSettings, TopicsSettings
from tasks.stage import stage
from tasks.topics.naming import NameTemplate, describe, final_names, load, read_name, unique_names

logger = logging.getLogger(__name__)

_LIBRARIES = ("bertopic", "hdbscan", "numba", "numpy", "scikit-learn", "umap-learn")
_REPRESENTATIVES = 3


@stage("topics")
def topics(run: Run, vectors: Ref, settings: TopicsSettings, llm: LlmSettings) -> Ref:
    """Find the topics of all eligible prompts, unless the same taxonomy is there already.

    A taxonomy's id is the hash of the prompts, their embedder, the settings, the seed and the libraries; who
    names its topics is not part of it.
    """
    prompts = warehouse.read(run.home, "embed/prompts", {}, run.lock_wait_seconds)
    versions = {name: version(name) for name in _LIBRARIES}
    recipe = {
        "embedder": vectors.key,
        "settings": settings.model_dump(exclude={"namer", "naming_prompt"}),
        "seed": run.seed,
        "libraries": versions,
    }
    taxonomy_id = _hash(recipe, prompts["prompt_id"])
    rows = _topic_count(run, taxonomy_id)
    if rows:
        logger.info("taxonomy %s is there already: %d topics", taxonomy_id, rows)
    else:
        tables = make_tables(
            prompts, shards.load(run.home, vectors.key, prompts["prompt_id"].to_list()), settings, run.seed
        )
        _store(run, taxonomy_id, recipe, tables)
        rows = tables["topics"].height
        logger.info("taxonomy %s: %d topics", taxonomy_id, rows)
    _name(run, taxonomy_id, settings, llm)
    return Ref(stage="topics", table="core.topics", key=taxonomy_id, rows=rows)


def make_tables(
    prompts: pl.DataFrame, vectors: Vectors, settings: TopicsSettings, seed: int
) -> dict[str, pl.DataFrame]:
    """The topics, their tree and each prompt's place among them.

    Args:
        prompts: `prompt_id`, `prompt`, n rows.
        vectors: theirs, of shape (n, dimensions).
        settings: see `find_clusters`.
        seed: see `find_clusters`.
    """
    from tasks.topics.clusters import find_clusters  # noqa: PLC0415  (UMAP and BERTopic take 15 s to import)
    from tasks.topics.tree import build_tree  # noqa: PLC0415
    from tasks.topics.words import describe_topics  # noqa: PLC0415

    clusters = find_clusters(vectors, settings, seed)
    words = describe_topics(prompts["prompt"].to_list(), clusters.labels, vectors)
    assigned_by = np.where(clusters.is_core, "cluster", np.where(clusters.labels >= 0, "nearest", "none"))
    members = pl.DataFrame(
        {
            "prompt_id": prompts["prompt_id"],
            "topic_id": pl.Series(clusters.labels, dtype=pl.Int32).replace(-1, None),
            "assigned_by": assigned_by,
            "similarity": pl.Series(clusters.similarity).fill_nan(None),
            "x": clusters.map[:, 0],
            "y": clusters.map[:, 1],
        }
    )
    named = pl.DataFrame(
        {"topic_id": range(len(words.names)), "name": words.names, "keywords": words.keywords}
    )
    tree = [
        (n.node_id, n.parent_id, n.topic_id, n.name, n.distance, n.topic_count)
        for n in build_tree(clusters.centroids, words)
    ]
    columns = ["node_id", "parent_id", "topic_id", "name", "distance", "topic_count"]
    return {
        "topics": named.cast({"topic_id": pl.Int32}).join(
            summarise(members), on="topic_id", maintain_order="left"
        ),
        "members": members,
        "tree": pl.DataFrame(tree, schema=columns, orient="row", infer_schema_length=None),
    }


def summarise(members: pl.DataFrame) -> pl.DataFrame:
    """Size, size of the core, centre on the map and the three most typical prompts of each topic."""
    is_core = pl.col("assigned_by") == "cluster"
    return (
        members.drop_nulls("topic_id")
        .sort("topic_id", -pl.col("similarity"), "prompt_id")
        .group_by("topic_id", maintain_order=True)
        .agg(
            size=pl.len().cast(pl.Int32),
            core_size=is_core.sum().cast(pl.Int32),
            representatives=pl.col("prompt_id").filter(is_core).head(_REPRESENTATIVES),
            x=pl.col("x").filter(is_core).median(),
            y=pl.col("y").filter(is_core).median(),
        )
    )


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


def _topic_count(run: Run, taxonomy_id: str) -> int:
    counted = warehouse.read(run.home, "topics/count", {"taxonomy_id": taxonomy_id}, run.lock_wait_seconds)
    return int(counted.item())


def _store(run: Run, taxonomy_id: str, recipe: dict[str, object], tables: dict[str, pl.DataFrame]) -> None:
    row = {
        "taxonomy_id": taxonomy_id,
        "embedder": recipe["embedder"],
        "settings": json.dumps(recipe["settings"]),
        "seed": recipe["seed"],
        "library_versions": json.dumps(recipe["libraries"]),
    }
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "topics/add_taxonomy", row)
        for name in ("topics", "tree", "members"):
            warehouse.run(con, f"topics/add_{name}", {"taxonomy_id": taxonomy_id}, tables)
