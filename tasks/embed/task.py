"""The Prefect task of embed: core.prompts → Parquet shards and core.vectors."""

import io
import logging
import shutil
from pathlib import Path
from typing import Final, cast

import orjson
import polars as pl

from tasks import warehouse
from tasks.embed.batches import Batch, batches, embedder_name
from tasks.llm.call import Call, Reply, Request
from tasks.llm.client import EMBEDDINGS
from tasks.llm.endpoint import Endpoint
from tasks.llm.outcome import Outcome
from tasks.llm.task import Models, add_calls
from tasks.llm.work import Work
from tasks.refs import Ref, Run
from tasks.settings import STATIC, EmbedSettings, LlmSettings
from tasks.stage import progress, stage
from tasks.storage import write_atomic
from tasks.vectors import static
from tasks.vectors.grid import Vectors, to_grid
from tasks.vectors.shards import from_version_0_1, read_ids, read_shard, shard_folder, to_frame

logger = logging.getLogger(__name__)

_CALL: Final = "evergreen.call"


@stage("embed", retries=3)
def embed(run: Run, prompts: Ref, settings: EmbedSettings, llm: LlmSettings) -> Ref:
    """Embed the eligible prompts that have no vector of this embedder yet, a shard at a time.

    A prompt that a server refuses gets the flag `not_embedded`: it is not eligible until the next run.
    """
    logger.info("%d eligible prompts to have vectors", prompts.rows)
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "embed/forget_refused")
    frame = warehouse.read(run.home, "embed/prompts", {}, run.lock_wait_seconds)
    _remove_fitted(Path(run.home))
    if settings.model == STATIC:
        name = static.static_name()
        _embed_static(run, name, _missing(run, name, frame), settings.shard_rows)
    else:
        models = Models(run, llm)
        endpoint = _endpoint(models, settings)
        name = embedder_name(endpoint)
        _bring_to_grid(run, name)
        _register(run, name)
        _flag(run, _ask(run, models, endpoint, list(batches(_missing(run, name, frame), endpoint))))
        frame = warehouse.read(run.home, "embed/prompts", {}, run.lock_wait_seconds)  # less what was refused
    _note_missing(run, name, frame)
    return Ref(stage="embed", table="core.vectors", key=name, rows=frame.height)


def embed_texts(
    run: Run, embedder: str, texts: pl.DataFrame, settings: EmbedSettings, llm: LlmSettings
) -> pl.DataFrame:
    """Have texts that need not be prompts embedded, each once, by what has embedded the prompts.

    Args:
        run: whose home keeps the vectors, beside those of prompts.
        embedder: the name that its vectors are stored under.
        texts: `prompt_id`, distinct, and `prompt`: what they are, or would be, as prompts.
        settings: of the stage embed, which name the embedder.
        llm: how models are called.

    Returns:
        The rows of `texts` that have a vector by now: a server may refuse some.
    """
    missing = _missing(run, embedder, texts)
    if missing.height and settings.model == STATIC:
        _embed_static(run, embedder, missing, settings.shard_rows)
    elif missing.height:
        models = Models(run, llm)
        endpoint = _endpoint(models, settings)
        _ask(run, models, endpoint, list(batches(missing, endpoint)))
    refused = _missing(run, embedder, texts)
    return texts.join(refused, on="prompt_id", how="anti", maintain_order="left")


def _endpoint(models: Models, settings: EmbedSettings) -> Endpoint:
    """The endpoint, asked at once: a batch saves half a dollar on 200,000 prompts; flex is for chats only."""
    return models.endpoint(settings.model).model_copy(update={"mode": "sync"})


def _missing(run: Run, name: str, prompts: pl.DataFrame) -> pl.DataFrame:
    """Prompts in no shard that the warehouse knows; what else lies there may be of an older corpus."""
    shards = warehouse.read(run.home, "embed/shards", {"embedder": name}, run.lock_wait_seconds)["shard"]
    folder = shard_folder(run.home, name)
    files = [folder / shard for shard in shards if (folder / shard).is_file()]
    done = pl.concat([pl.Series("prompt_id", [], dtype=pl.String), *map(read_ids, files)]).to_frame()
    missing = prompts.join(done, on="prompt_id", how="anti", maintain_order="left")
    logger.info("%d of %d prompts have no vector of %s", missing.height, prompts.height, name)
    return missing


def _note_missing(run: Run, name: str, prompts: pl.DataFrame) -> None:
    """Tell the gate which prompts have no vector, whatever other vectors there are."""
    missing = _missing(run, name, prompts).select("prompt_id")
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "embed/forget_missing", {"run_id": run.id})
        warehouse.run(con, "embed/add_missing", {"run_id": run.id}, {"missing": missing})


def _embed_static(run: Run, name: str, missing: pl.DataFrame, rows: int) -> None:
    """Embed texts by the static model, a shard at a time."""
    with progress("embed", missing.height) as advance:
        for part in missing.iter_slices(rows):
            ids = part["prompt_id"].to_list()
            frame = to_frame(ids, static.embed(part["prompt"].to_list()))
            _write_shard(run, name, f"{ids[0]}.parquet", frame)
            _add_shard(run, name, f"{ids[0]}.parquet", frame)
            advance(len(ids))


def _remove_fitted(home: Path) -> None:
    """Remove what the embedder of version 0.1 left, `tfidf-svd`, which was fitted on each home's prompts."""
    if (home / "embedders").is_dir():
        logger.warning(
            "tfidf-svd is gone: all prompts are embedded anew, and topics that go on keep their ids"
        )
        for folder in (home / "shards" / "vectors").glob("tfidf-svd-*"):
            shutil.rmtree(folder)
        shutil.rmtree(home / "embedders")


def _bring_to_grid(run: Run, name: str) -> None:
    """Rewrite shards of version 0.1, whose vectors are as a server gave them: nothing is asked for again."""
    for path in sorted(shard_folder(run.home, name).glob("*.parquet")):
        rows = from_version_0_1(path)
        if rows is not None:
            metadata = pl.read_parquet_metadata(path)
            kept = {_CALL: metadata[_CALL]} if _CALL in metadata else None
            _write_shard(run, name, path.name, rows, kept)
            logger.info("%s: vectors are brought to the grid", path.name)


def _ask(run: Run, models: Models, endpoint: Endpoint, parts: list[Batch]) -> list[tuple[str, str]]:
    """Have batches embedded. One that is refused is halved, until the prompt that is at fault is alone.

    Returns:
        The prompts refused, and why.
    """
    alone = []
    while parts:
        refused = _ask_once(run, models, endpoint, parts)
        alone += [(part.prompt_ids[0], kind) for part, kind in refused if len(part.texts) == 1]
        parts = [half for part, _ in refused if len(part.texts) > 1 for half in part.halves()]
    return alone


def _ask_once(run: Run, models: Models, endpoint: Endpoint, asked: list[Batch]) -> list[tuple[Batch, str]]:
    """Have batches embedded, each kept in a shard when it arrives; returns those refused, and why."""
    requests = [part.request(endpoint) for part in asked]
    parts = {request.key: part for request, part in zip(requests, asked, strict=True)}

    def keep(request: Request, reply: Reply, call: Call) -> None:
        ids = list(parts[request.key].prompt_ids)
        metadata = {_CALL: orjson.dumps(call).decode()}
        _write_shard(
            run,
            embedder_name(endpoint),
            f"{request.key}.parquet",
            to_frame(ids, to_grid(cast(Vectors, reply.vectors))),
            metadata,
        )

    work = Work("embed", run.id, endpoint, EMBEDDINGS, lambda _: Outcome.OK, keep)
    try:
        models.request_all(work, iter(requests), len(requests))
    finally:
        _register(run, embedder_name(endpoint))
    answers = models.answers(pl.DataFrame({"key": list(parts)}))
    refused = answers.filter(
        (pl.col("outcome") == Outcome.ERROR) & pl.col("error").str.contains(r"^http_(400|413|422)")
    )
    return [(parts[key], kind) for key, kind in refused.select("key", "error").iter_rows()]


def _flag(run: Run, refused: list[tuple[str, str]]) -> None:
    """Drop prompts that the server refuses: without a vector they have no place among the topics."""
    frame = pl.DataFrame(refused, schema=["prompt_id", "evidence"], orient="row")
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "embed/add_refused", {}, {"refused": frame})


def _register(run: Run, name: str) -> None:
    """Note the shards on disk that the warehouse does not know, with the calls that paid for them.

    A shard has its place only when it is whole; a process may have been killed before it could say so.
    """
    known = set(warehouse.read(run.home, "embed/shards", {"embedder": name}, run.lock_wait_seconds)["shard"])
    for path in sorted(shard_folder(run.home, name).glob("*.parquet")):
        if path.name not in known:
            frame = read_shard(path)
            call = orjson.loads(pl.read_parquet_metadata(path)[_CALL])
            add_calls(run, [call])  # first: a shard that is known is never looked at again
            _add_shard(run, name, path.name, frame)


def _write_shard(
    run: Run, name: str, shard: str, frame: pl.DataFrame, metadata: dict[str, str] | None = None
) -> None:
    buffer = io.BytesIO()
    # Numbers of an embedding hardly get smaller, and would take twice the time to read.
    frame.write_parquet(buffer, metadata=metadata, compression="uncompressed")
    write_atomic(shard_folder(run.home, name) / shard, buffer.getvalue())


def _add_shard(run: Run, name: str, shard: str, frame: pl.DataFrame) -> None:
    dimensions = cast("pl.Array", frame.schema["vector"]).size
    row = {"embedder": name, "shard": shard, "rows": frame.height, "dimensions": dimensions}
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "embed/add_shard", row)
