"""Homes with prompts in them, for the tests of the stages after clean."""

from collections.abc import Callable, Mapping

import polars as pl
import pytest

from tasks import warehouse
from tasks.refs import Ref, Run

PROMPTS = {"prompt_id": pl.String, "prompt": pl.String, "language": pl.String, "asked_at": pl.Datetime}

HomeOf = Callable[[Mapping[str, str]], Run]


@pytest.fixture(scope="session")
def home_of(tmp_path_factory: pytest.TempPathFactory) -> HomeOf:
    """Makes a home of eligible prompts, given as id → text; they are stored in that order."""

    def make(prompts: Mapping[str, str]) -> Run:
        home = str(tmp_path_factory.mktemp("home"))
        warehouse.migrate(home)
        rows = [(prompt_id, text, "en", None) for prompt_id, text in prompts.items()]
        frame = pl.DataFrame(rows, schema=PROMPTS, orient="row")
        with warehouse.transaction(home) as con:
            warehouse.run(con, "clean/add_prompts", {"run_id": "run-1"}, {"prompts": frame})
        return Run(id="run-1", home=home, seed=42, lock_wait_seconds=5)

    return make


@pytest.fixture(scope="session")
def eligible() -> Ref:
    """What clean hands on."""
    return Ref(stage="clean", table="core.prompts", key="eligible", rows=0)
