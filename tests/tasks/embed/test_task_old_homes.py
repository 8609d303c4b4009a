"""Homes of version 0.1: vectors of a server are kept, those of the fitted embedder are made anew."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from tasks import warehouse
from tasks.embed.task import embed
from tasks.errors import InputError
from tasks.refs import Ref, Run
from tasks.settings import EmbedSettings, LlmSettings, Settings
from tasks.vectors import static
from tasks.vectors.grid import STEPS
from tasks.vectors.shards import load, shard_folder, to_frame
from tests.openai_server.process import OpenAIServer
from tests.plugins.models import Servers
from tests.tasks.llm.asking import write_endpoints
from tests.tasks.prompts import HomeOf

MODEL = "text-embedding-3-small"
FITTED = "tfidf-svd-256-0123456789ab"
IDS = [f"{number:02d}" for number in range(30)]


@pytest.fixture
def server(openai_servers: Servers) -> OpenAIServer:
    return openai_servers(dimensions=8)


@pytest.fixture
def run(home_of: HomeOf) -> Run:
    return home_of({prompt_id: f"write about number{prompt_id}" for prompt_id in IDS})


@pytest.fixture
def by_model(run: Run, server: OpenAIServer, eligible: Ref, tmp_path: Path) -> Callable[[], Ref]:
    """Embeds the prompts with the model."""
    llm = LlmSettings(endpoints=write_endpoints(tmp_path, server, **{MODEL: {}}))
    return lambda: embed.fn(run, eligible, EmbedSettings(model=MODEL), llm)


def shards(run: Run) -> list[Path]:
    return sorted(shard_folder(run.home, MODEL).iterdir())


def as_version_0_1_wrote_it(path: Path) -> None:
    """Its vectors as float32 of length 1, with what it says of its call."""
    frame, metadata = pl.read_parquet(path), pl.read_parquet_metadata(path)
    vectors = frame["vector"].to_numpy().astype(np.float32) / STEPS
    column = pl.Series("vector", vectors, dtype=pl.Array(pl.Float32, vectors.shape[1]))
    frame.with_columns(column).write_parquet(path, metadata={"evergreen.call": metadata["evergreen.call"]})


def stored(run: Run, table: str) -> list[tuple[object, ...]]:
    with warehouse.transaction(run.home) as con:
        return con.sql(f"select * from core.{table} order by all").fetchall()


def execute(run: Run, query: str) -> None:
    with warehouse.transaction(run.home) as con:
        con.execute(query)


def test_vectors_of_a_server_are_brought_to_the_grid_without_a_request(
    run: Run, by_model: Callable[[], Ref], server: OpenAIServer
) -> None:
    first, vectors = by_model(), load(run.home, MODEL, IDS)
    [shard] = shards(run)
    call, calls = pl.read_parquet_metadata(shard)["evergreen.call"], stored(run, "llm_calls")
    as_version_0_1_wrote_it(shard)
    asked = server.stats()["requests"]

    assert by_model() == first
    assert server.stats()["requests"] == asked
    assert shards(run) == [shard]
    assert pl.read_parquet_schema(shard)["vector"] == pl.Array(pl.Int16, 8)
    assert pl.read_parquet(shard)["prompt_id"].to_list() == IDS
    assert pl.read_parquet_metadata(shard)["evergreen.call"] == call
    assert stored(run, "llm_calls") == calls
    assert np.abs(load(run.home, MODEL, IDS) - vectors).max() <= 1  # a step

    written = shard.stat().st_mtime_ns, shard.stat().st_ino
    assert by_model() == first
    assert (shard.stat().st_mtime_ns, shard.stat().st_ino) == written
    assert server.stats()["requests"] == asked


def test_a_shard_that_the_warehouse_does_not_know_is_brought_to_the_grid_and_its_call_found(
    run: Run, by_model: Callable[[], Ref], server: OpenAIServer
) -> None:
    by_model()
    calls = stored(run, "llm_calls")
    as_version_0_1_wrote_it(shards(run)[0])
    execute(run, "delete from core.vectors; delete from core.llm_calls; delete from core.journals")
    asked = server.stats()["requests"]
    by_model()
    assert (server.stats()["requests"], stored(run, "llm_calls")) == (asked, calls)


def test_an_old_shard_with_a_value_that_is_not_finite_is_named(run: Run, by_model: Callable[[], Ref]) -> None:
    by_model()
    [shard] = shards(run)
    as_version_0_1_wrote_it(shard)
    frame = pl.read_parquet(shard)
    vectors = frame["vector"].to_numpy().copy()
    vectors[4, 2] = np.nan
    frame.with_columns(pl.Series("vector", vectors, dtype=frame.schema["vector"])).write_parquet(shard)
    with pytest.raises(InputError, match=f"{shard}.*NaN.*delete the shard and build again"):
        by_model()


@pytest.fixture
def fitted(run: Run) -> Run:
    """A home of the fitted embedder, as its last migration left it."""
    for folder in (shard_folder(run.home, FITTED), Path(run.home) / "embedders" / FITTED):
        folder.mkdir(parents=True)
        to_frame(IDS, np.zeros((30, 8), dtype=np.float32)).write_parquet(folder / "00.parquet")
    return run


@pytest.mark.parametrize("settings", [{}, {"model": "tfidf-svd", "dimensions": 256, "refit": False}])
def test_a_home_of_the_fitted_embedder_is_embedded_anew_and_says_so_once(
    fitted: Run, eligible: Ref, settings: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    kept = shard_folder(fitted.home, MODEL)
    shutil.copytree(shard_folder(fitted.home, FITTED), kept)
    with caplog.at_level(logging.WARNING):
        ref = embed.fn(fitted, eligible, EmbedSettings(**settings), LlmSettings())
        assert embed.fn(fitted, eligible, EmbedSettings(**settings), LlmSettings()) == ref
    said = [record.getMessage() for record in caplog.records if "tfidf-svd is gone" in record.getMessage()]
    assert len(said) == 1
    assert "topics that go on keep their ids" in said[0]
    assert (ref.key, ref.rows) == (static.static_name(), 30)
    np.testing.assert_array_equal(
        load(fitted.home, ref.key, IDS), static.embed([f"write about number{prompt_id}" for prompt_id in IDS])
    )
    assert not shard_folder(fitted.home, FITTED).exists()
    assert not (Path(fitted.home) / "embedders").exists()
    assert kept.is_dir()


def test_the_warehouse_forgets_the_vectors_of_the_fitted_embedder_alone(run: Run) -> None:
    execute(
        run,
        "delete from main.migrations where name = '015_no_fitted_embedder';"
        "create table core.embedders (embedder varchar);"
        f"insert into core.vectors values ('{FITTED}', 'a.parquet', 30, 8), ('{MODEL}', 'b.parquet', 30, 8)",
    )
    warehouse.migrate(run.home)
    assert stored(run, "vectors") == [(MODEL, "b.parquet", 30, 8)]
    with pytest.raises(duckdb.CatalogException):
        stored(run, "embedders")


def test_settings_that_name_the_fitted_embedder_mean_the_static_one() -> None:
    old = {"model": "tfidf-svd", "dimensions": 256, "refit": False, "shard_rows": 10}
    assert EmbedSettings(**old) == EmbedSettings(model="static", shard_rows=10)
    assert EmbedSettings(model="a-model", dimensions=256).model == "a-model"
    saved = Settings().model_dump(mode="json") | {"embed": old}
    assert Settings.model_validate(saved).embed.model == "static"
