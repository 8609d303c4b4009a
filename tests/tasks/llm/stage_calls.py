"""What the tests of `Models` share: texts, a stage that asks about them, the calls that the warehouse has."""

from typing import Any

import polars as pl

from tasks import warehouse
from tasks.llm.endpoint import Endpoint
from tasks.llm.task import Models
from tasks.refs import Run
from tasks.settings import LlmSettings
from tests.tasks.llm.asking import PLAIN

TEXTS = pl.DataFrame({"id": range(30), "text": [f"question {number}" for number in range(30)]})


def again(run: Run, number: int) -> Run:
    return run.model_copy(update={"id": f"run-{number}"})


def ask_texts(run: Run, endpoint: Endpoint, texts: pl.DataFrame = TEXTS, **settings: Any) -> pl.DataFrame:
    return Models(run, LlmSettings(**settings)).ask_texts("annotate", endpoint, PLAIN, texts)


def calls(run: Run) -> pl.DataFrame:
    with warehouse.transaction(run.home) as con:
        return con.sql("select * from out.llm_calls order by asked_at, call_id").pl()
