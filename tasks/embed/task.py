"""The Prefect task of embed: core.prompts → Parquet shards and core.vectors."""

import io
import logging
from typing import cast

import orjson
import polars as pl

from tasks import clock, warehouse
from tasks.embed import saved
from tasks.embed.batches import Batch, batches, embedder_name
from tasks.embed.embedder import LIBRARY, Fitted, TfidfSvd, Vectors
from tasks.embed.vectors import read_ids, read_shard, shard_folder, to_frame
from tasks.errors import InputError
from tasks.llm.call import Call, Reply, Request
from tasks.llm.client import EMBEDDINGS
from tasks.llm.endpoint import Endpoint
from tasks.llm.outcome import Outcome
from tasks.llm.task import Models, add_calls
from tasks.llm.work import Work
from tasks.refs import Ref, Run
from tasks.settings import TFIDF_SVD, EmbedSettings, LlmSettings
from tasks.stage import progress, stage
from tasks.storage import write_atomic

logger = logging.getLogger(__name__)

_CALL = "evergreen.call"


@stage("embed", retries=3)
def embed(run: Run, prompts: Ref, settings: EmbedSettings, llm: LlmSettings) -> Ref:
    """Embed the eligible prompts that have no vector of this embedder yet, a shard at a time.

    A prompt that a server refuses gets the flag `not_embedded`: it is not eligible until the next run.
    """
    logger.info("%d eligible prompts to have vectors", prompts.rows)
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "embed/forget_refused")
    frame = warehouse.read(run.home, "embed/prompts", {}, run.lock_wait_seconds)
    if settings.model == TFIDF_SVD:
        name = _embed_offline(run, frame, settings)
    else:
        models = Models(run, llm)
        # Always at once: a batch would save half a dollar on 200,000 prompts, and flex is for chats only.
        endpoint = models.endpoint(settings.model).model_copy(update={"mode": "sync"})
        name = embedder_name(endpoint)
        _register(run, name)
        _flag(run, _ask(run, models, endpoint, list(batches(_missing(run, name, frame), endpoint))))
        frame = warehouse.read(run.home, "embed/prompts", {}, run.lock_wait_seconds)  # less what was refused
    _note_missing(run, name, frame)
    return Ref(stage="embed", table="core.vectors", key=name, rows=frame.height)


def embed_texts(
    run: Run, embedder: str, texts: pl.DataFrame, settings: EmbedSettings, llm: LlmSettings
) -> pl.DataFrame:
    """Have texts that need not be prompts embedded, each once, by the endpoint that has embedded the prompts.

    Args:
        run: whose home keeps the vectors, beside those of prompts.
        embedder: the name that its vectors are stored under.
        texts: `prompt_id`, distinct, and `prompt`: what they are, or would be, as prompts.
        settings: of the stage embed, which name the endpoint.
        llm: how models are called.

    Returns:
        The rows of `texts` that have a vector by now: a server may refuse some.
    """
    missing = _missing(run, embedder, texts)
    if missing.height:
        models = Models(run, llm)
        endpoint = models.endpoint(settings.model).model_copy(update={"mode": "sync"})
        _ask(run, models, endpoint, list(batches(missing, endpoint)))
    refused = _missing(run, embedder, texts)
    return texts.join(refused, on="prompt_id", how="anti", maintain_order="left")


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


def _embed_offline(run: Run, frame: pl.DataFrame, settings: EmbedSettings) -> str:
    """Embed what has no vector, with the last fitted embedder or one that is fitted on all prompts.

    Returns:
        The embedder's name.
    """
    frame = frame.with_row_index("row")
    fresh = None
    fitted = None if settings.refit else _last(run, settings.dimensions)
    if fitted is None:
        embedder = TfidfSvd(frame["prompt"].to_list(), settings.dimensions, run.seed)
        fitted, fresh = _fit(run, embedder)
    missing = _missing(run, fitted.name, frame)
    unknown = 0
    with progress("embed", missing.height) as advance:
        for part in missing.iter_slices(settings.shard_rows):
            texts = part["prompt"].to_list()
            vectors = fitted.embed(texts) if fresh is None else fresh[part["row"].to_numpy()]
            unknown += int((~vectors.any(axis=1)).sum())
            ids = part["prompt_id"].to_list()
            shard, rows = f"{ids[0]}.parquet", to_frame(ids, vectors)
            _write_shard(run, fitted.name, shard, rows)
            _add_shard(run, fitted.name, shard, rows)
            advance(len(ids))
    logger.info("%d of %d new vectors are zero: no word is known", unknown, missing.height)
    return fitted.name


def _last(run: Run, dimensions: int) -> Fitted | None:
    """The embedder that was fitted last, as this program would fit it."""
    row = {"dimensions": dimensions, "library": LIBRARY}
    last = warehouse.read(run.home, "embed/last_embedder", row, run.lock_wait_seconds)["embedder"]
    fitted = saved.read(run.home, last.item()) if last.len() else None
    if fitted is None:
        logger.info("no embedder of %d dimensions is saved for this version: fitting one", dimensions)
    else:
        logger.info("%s, fitted before, embeds new prompts", fitted.name)
    return fitted


def _fit(run: Run, embedder: TfidfSvd) -> tuple[Fitted, Vectors | None]:
    """Fit an embedder and save it, unless that was done before; the vectors of its corpus, if it was fitted.

    The file is there before the record of it, and both are before the first shard.
    """
    name, fresh = embedder.name, None
    try:
        fitted = saved.read(run.home, name)
    except InputError as error:
        logger.warning("%s; fitting it again", error)
        fitted = None
    if fitted is None:
        fitted, fresh = embedder.fit()
        saved.save(run.home, fitted)
    row = {"embedder": name, "dimensions": embedder.dimensions, "library": LIBRARY}
    row |= {"prompts": len(embedder.corpus), "now": clock.utc_now()}
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "embed/add_embedder", row)
    return fitted, fresh


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
            to_frame(ids, cast(Vectors, reply.vectors)),
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
