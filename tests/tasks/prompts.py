"""Prompts as clean leaves them, for the tests of the stages after it."""

from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

from tasks import warehouse
from tasks.refs import Run

HomeOf = Callable[[Mapping[str, str]], Run]
KeepOpen = Callable[[Path], Path]

_COLUMNS = {"prompt_id": pl.String, "prompt": pl.String, "language": pl.String, "asked_at": pl.Datetime}


def add_prompts(run: Run, prompts: Mapping[str, str]) -> None:
    """Put eligible prompts, id → text, into the warehouse, in that order."""
    rows = [(prompt_id, text, "en", None) for prompt_id, text in prompts.items()]
    frame = pl.DataFrame(rows, schema=_COLUMNS, orient="row")
    with warehouse.transaction(run.home) as con:
        warehouse.run(con, "clean/add_prompts", {"run_id": run.id}, {"prompts": frame})
