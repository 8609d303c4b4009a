"""Homes whose prompts are about subjects, in which topics are found again and again."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks import warehouse
from tasks.refs import Ref, Run
from tasks.settings import LlmSettings
from tasks.topics.task import topics
from tasks.vectors.grid import to_grid
from tasks.vectors.shards import shard_folder, to_frame
from tests.tasks.prompts import add_prompts
from tests.tasks.topics import planted

LLM = LlmSettings()
SETTINGS = planted.SETTINGS.model_copy(update={"min_cosine": 0.4})
OF_A_FIT = ("taxonomies", "topics", "prompt_topics", "topic_tree", "topic_lineage", "similar_topics")
MODEL = "a-model"


def about(subjects: list[str], numbers: range = range(12)) -> dict[str, str]:
    """Id → text of prompts that have the words of a subject in an order of their own."""
    return {
        f"{subject}-{number:02d}": " ".join(np.random.default_rng(number).permutation(words.split())[:6])
        for subject, words in planted.SUBJECTS.items()
        if subject in subjects
        for number in numbers
    }


@dataclass(frozen=True)
class Home:
    """A home in which a model's vectors lie: of a subject, they are in one direction."""

    run: Run

    def as_run(self, run_id: str) -> "Home":
        return Home(self.run.model_copy(update={"id": run_id}))

    def arrive(self, prompts: Mapping[str, str]) -> None:
        add_prompts(self.run, prompts)

    def embed(self, ids: list[str], model: str = MODEL, dimensions: int = 12) -> None:
        rows = []
        for subject, number in (prompt_id.split("-") for prompt_id in ids):
            row = np.random.default_rng(int(number)).normal(scale=0.1, size=dimensions)
            row[list(planted.SUBJECTS).index(subject)] += 1
            rows.append(row)
        path = shard_folder(self.run.home, model) / f"{ids[0]}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        to_frame(ids, to_grid(np.array(rows))).write_parquet(path)

    def topics(self, refit: str, embedder: str = MODEL) -> str:
        """The taxonomy that the stage hands on."""
        settings = SETTINGS.model_copy(update={"refit": refit})
        vectors = Ref(stage="embed", table="core.vectors", key=embedder, rows=0)
        return topics.fn(self.run, vectors, settings, LLM).key

    def table(self, name: str, taxonomy_id: str | None = None) -> pl.DataFrame:
        """Rows of a table, less the times in it."""
        with warehouse.transaction(self.run.home) as con:
            frame = con.sql(f"select * from core.{name} order by all").pl()
        frame = frame.drop("fitted_at", "reported_at", strict=False)
        return frame if taxonomy_id is None else frame.filter(taxonomy_id=taxonomy_id).drop("taxonomy_id")

    def tables(self) -> list[list[tuple[object, ...]]]:
        return [self.table(name).rows() for name in (*OF_A_FIT, "drift", "topic_drift")]

    def ids_of_subjects(self, taxonomy_id: str) -> dict[str, int]:
        """The topic that all prompts of a subject are in."""
        members = self.table("prompt_topics", taxonomy_id).drop_nulls("topic_id")
        pairs = members.select(pl.col("prompt_id").str.split("-").list.first(), "topic_id").unique()
        assert pairs.height == pairs["prompt_id"].n_unique() == pairs["topic_id"].n_unique()
        return dict(pairs.iter_rows())


def bring(home: Home, prompts: dict[str, str]) -> None:
    home.arrive(prompts)
    home.embed(list(prompts))
