"""Homes in which topics were found."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from tasks import warehouse
from tasks.embed.task import embed
from tasks.refs import Ref, Run
from tasks.settings import EmbedSettings, LlmSettings
from tasks.topics.task import topics
from tests.tasks.topics import planted

LLM = LlmSettings()


@dataclass(frozen=True)
class Found:
    """A home, its vectors and its topics."""

    run: Run
    vectors: Ref
    ref: Ref

    def table(self, name: str) -> pl.DataFrame:
        with warehouse.transaction(self.run.home) as con:
            return con.sql(f"select * exclude (taxonomy_id) from core.{name} order by all").pl()

    def copied_to(self, folder: Path) -> "Found":
        """The same in another home, where no topics can be found anew: vectors stay behind."""
        shutil.copy(f"{self.run.home}/{warehouse.WAREHOUSE}", folder)
        shutil.copytree(f"{self.run.home}/topics", folder / "topics")
        return replace(self, run=self.run.model_copy(update={"home": str(folder)}))


def find(run: Run) -> Found:
    """The topics of a home's prompts, by the settings for the planted ones."""
    prompts = Ref(stage="clean", table="core.prompts", key="eligible", rows=0)
    vectors = embed.fn(run, prompts, EmbedSettings(), LLM)
    return Found(run, vectors, topics.fn(run, vectors, planted.SETTINGS, LLM))
