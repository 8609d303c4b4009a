"""The contenders: each runs from vectors on disk to a stored result, in a process of its own.

    python -m tests.bench.topics.contenders bertopic CORPUS RESULT
    python -m tests.bench.topics.contenders evergreen HOME
    python -m tests.bench.topics.contenders collect HOME RESULT

`collect` brings what `evergreen` stored into the form that `bertopic` leaves. The stage does not keep the
layout that HDBSCAN saw. So it is made again, in another process: the stored topics must come out again too.
"""

# ruff: noqa: PLC0415  (the process of a contender imports what that contender needs, and nothing else)

import sys
from pathlib import Path
from typing import Final

SEED: Final = 42
FOUND: Final = "found.json"


def bertopic(corpus: Path, result: Path) -> None:
    """BERTopic with all its defaults but the embedder, which is not needed."""
    import numpy as np
    import polars as pl
    from bertopic import BERTopic
    from bertopic.backend import BaseEmbedder

    from tests.bench.topics.corpus import PROMPTS, unit_vectors
    from tests.bench.topics.result import Result

    texts = pl.read_parquet(corpus / PROMPTS, columns=["prompt"])["prompt"].to_list()
    vectors = unit_vectors(corpus)
    model = BERTopic(embedding_model=BaseEmbedder())
    labels = np.array(model.fit_transform(texts, embeddings=vectors)[0])
    words = [[word for word, _ in own] for topic, own in sorted(model.get_topics().items()) if topic >= 0]
    everything = np.ones(len(labels), dtype=bool)
    Result(labels, labels >= 0, everything, model.umap_model.embedding_, words).save(result)


def evergreen(home: Path) -> None:
    """The stage as a build runs it, without Prefect's engine, on a home as `embed` leaves it."""
    from tasks.refs import Ref, Run
    from tasks.settings import LlmSettings, TopicsSettings
    from tasks.topics.task import topics
    from tests.bench.topics.homes import EMBEDDER, RUN_ID, row_count

    run = Run(id=RUN_ID, home=str(home), seed=SEED, lock_wait_seconds=10)
    vectors = Ref(stage="embed", table="core.vectors", key=EMBEDDER, rows=row_count(home))
    found = topics.fn(run, vectors, TopicsSettings(), LlmSettings())
    (home / FOUND).write_text(found.model_dump_json(), encoding="utf-8")


def collect(home: Path, result: Path) -> None:
    """Read what the stage stored, and find its clusters again.

    Stored topics have other numbers; whether they are the same sets of prompts is part of the result.
    """
    import numpy as np

    from tasks import warehouse
    from tasks.refs import Ref
    from tasks.settings import TopicsSettings
    from tasks.topics.clusters import InMemory, find_clusters
    from tasks.vectors import shards
    from tests.bench.topics.homes import EMBEDDER
    from tests.bench.topics.quality import is_same_partition
    from tests.bench.topics.result import Result

    taxonomy = Ref.model_validate_json((home / FOUND).read_text(encoding="utf-8")).key
    members = warehouse.read(str(home), "topics/members", {"taxonomy_id": taxonomy})
    with warehouse.transaction(str(home)) as con:
        keywords = con.execute(
            "select keywords from core.topics where taxonomy_id = ?", [taxonomy]
        ).fetchall()
    vectors = shards.load(str(home), EMBEDDER, members["prompt_id"].to_list())
    again = find_clusters(InMemory(vectors), TopicsSettings(), SEED)
    labels = members["topic_id"].fill_null(-1).to_numpy()
    is_core = (members["assigned_by"] == "cluster").to_numpy()
    same = is_same_partition(labels, again.labels) and np.array_equal(is_core, again.is_core)
    Result(
        labels, is_core, again.is_fitted, again.layout, [own for (own,) in keywords], is_reproduced=bool(same)
    ).save(result)


CONTENDERS = {"bertopic": bertopic, "evergreen": evergreen, "collect": collect}

if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in CONTENDERS:
        CONTENDERS[sys.argv[1]](*map(Path, sys.argv[2:]))
    else:
        sys.exit(__doc__)
