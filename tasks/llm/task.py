"""How the tasks of stages ask models: journals → what is still to ask → the pool → core.llm_calls."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import fields, replace
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.concurrency.sync import concurrency

from tasks import warehouse
from tasks.errors import EvergreenError, InputError
from tasks.llm import endpoint as endpoints
from tasks.llm.asking import ask_all, run_with_grace
from tasks.llm.budget import Budget
from tasks.llm.call import Call, Request, Template, request_key
from tasks.llm.client import CHAT
from tasks.llm.endpoint import Endpoint
from tasks.llm.journal import journal_folder, read_lines
from tasks.llm.pending import pending
from tasks.llm.price import require_callable
from tasks.llm.requests import chat_body, chat_request
from tasks.llm.work import Work
from tasks.refs import Run
from tasks.settings import LlmSettings
from tasks.stage import progress

logger = logging.getLogger(__name__)

_CALL_SCHEMA = {
    **dict.fromkeys((field.name for field in fields(Call)), pl.String),
    **dict.fromkeys(("round", "input_tokens", "cached_tokens", "output_tokens", "attempts"), pl.Int64),
    **dict.fromkeys(("usd", "latency_seconds"), pl.Float64),
}
_LOADED_AT_ONCE = 20_000
# How long a larger block of a shared limit is waited for, before a smaller one.
_PATIENCE_SECONDS = 2.0


class Models:
    """The models that a run can ask, each thing only once in the life of its home."""

    def __init__(self, run: Run, settings: LlmSettings) -> None:
        self._run = run
        self._settings = settings
        self._endpoints = endpoints.load(settings.endpoints)

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint of that name, able to be called and, under a budget, to be paid.

        Raises:
            InputError: there is none, its key is not in the environment, or a budget finds no price.
        """
        endpoint = endpoints.get(self._endpoints, name)
        require_callable(endpoint, self._settings.max_usd)
        return endpoint

    def ask_texts(
        self, stage: str, endpoint: Endpoint, template: Template, texts: pl.DataFrame
    ) -> pl.DataFrame:
        """Ask a chat model about each text, unless its answer is known.

        Args:
            stage: for which stage.
            endpoint: the model.
            template: how a text becomes a request, and how its answer is read.
            texts: `id` and `text`, n rows.

        Returns:
            `id`, `outcome`, `answer` (the raw text), n rows: failures too.

        Raises: see `ask`.
        """
        keys = [request_key(endpoint.model, chat_body(template, endpoint, text)) for text in texts["text"]]
        asked = texts.with_columns(pl.Series("key", keys, dtype=pl.String))

        def requests(due: pl.DataFrame) -> Iterator[Request]:
            for key, text, round_ in due.select("key", "text", "round").iter_rows():
                yield chat_request(key, chat_body(template, endpoint, text), endpoint, template, round_)

        work = Work(stage, self._run.id, endpoint, CHAT, template.read)
        answers = self.ask(work, asked.unique("key", keep="first", maintain_order=True), requests)
        known = asked.select("id", "key").join(answers, on="key", how="left", maintain_order="left")
        return known.select("id", pl.col("outcome").fill_null("error"), answer=pl.col("text").fill_null(""))

    def ask(
        self, work: Work, asked: pl.DataFrame, requests: Callable[[pl.DataFrame], Iterator[Request]]
    ) -> pl.DataFrame:
        """Have each key answered, and ask only for those that no journal has an answer to.

        Args:
            work: what is asked of whom.
            asked: `key`, distinct, and what `requests` needs.
            requests: makes the requests of some of these rows, which then have the `round` that is due.

        Returns:
            `key`, `outcome`, `round`, `text`, `error` of the call that counts; no row if there is none.

        Raises:
            BudgetSpent: what was answered until then is kept.
            EvergreenError: the endpoint can't be used; likewise.
        """
        run = self._run
        load_journals(run)
        due = pending(asked, self.answers(asked))
        logger.info(
            "%s: %d of %d answers are known; asking %s for the rest",
            work.stage,
            asked.height - due.height,
            asked.height,
            work.endpoint.name,
        )
        if due.height:
            self._send(work, requests(due), due.height)
        return self.answers(asked)

    def answers(self, asked: pl.DataFrame) -> pl.DataFrame:
        """Of each `key`, the call that counts, as `ask` returns it."""
        with warehouse.transaction(self._run.home, self._run.lock_wait_seconds) as con:
            return warehouse.run(con, "llm/answers", {}, {"asked": asked.select("key")})

    def request_all(self, work: Work, requests: Iterator[Request], total: int) -> None:
        """Send requests, whether or not they were answered before.

        Args:
            work: what is asked of whom.
            requests: all of them.
            total: how many there are.

        Raises: see `ask`.
        """
        load_journals(self._run)  # what a killed run spent counts too
        self._send(work, requests, total)

    def _send(self, work: Work, requests: Iterator[Request], total: int) -> None:
        budget = Budget(self._settings.max_usd, spent_usd(self._run))
        try:
            with _permits(work.endpoint, self._settings) as permits, progress(work.stage, total) as advance:
                asking = ask_all(
                    replace(work, endpoint=work.endpoint.model_copy(update={"concurrency": permits})),
                    requests,
                    budget,
                    Path(self._run.home),
                    self._settings.poll_seconds,
                    advance,
                )
                run_with_grace(asking)
        except Exception:
            load_journals(self._run)
            raise
        load_journals(self._run)  # but not after an interrupt: it takes its time, and the next run does it


def load_journals(run: Run) -> None:
    """Load what journals have and the warehouse has not: calls of a run that was killed, too."""
    known = warehouse.read(run.home, "llm/journals", {}, run.lock_wait_seconds)
    loaded = dict(known.iter_rows())
    folder = journal_folder(run.home)
    for path in sorted(folder.glob("*/*.jsonl")):
        name = path.relative_to(folder).as_posix()
        start = loaded.get(name, 0)
        if path.stat().st_size > start:
            _load(run, name, read_lines(path, start))


def add_calls(run: Run, calls: list[dict[str, Any]], position: dict[str, object] | None = None) -> None:
    """Put calls into core.llm_calls, but for those that are there already.

    Args:
        run: whose home it is.
        calls: with the fields of a `Call`.
        position: the journal they come from, and how far it is loaded with them.
    """
    frame = pl.DataFrame(calls, schema=_CALL_SCHEMA)
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "llm/add_calls", {}, {"calls": frame})
        if position:
            warehouse.run(con, "llm/remember_journal", position)


def spent_usd(run: Run) -> float:
    """USD spent since the last run of the home that ended well."""
    return float(warehouse.read(run.home, "llm/spent", {}, run.lock_wait_seconds).item())


def _load(run: Run, journal: str, lines: Iterator[tuple[dict[str, Any] | None, int]]) -> None:
    while group := list(islice(lines, _LOADED_AT_ONCE)):
        add_calls(run, [call for call, _ in group if call], {"journal": journal, "byte_count": group[-1][1]})


@contextmanager
def _permits(endpoint: Endpoint, settings: LlmSettings) -> Iterator[int]:
    """How many requests may be in flight: the endpoint's number, or a block of it that other runs leave.

    A block is held until all is asked: a permit a call would cost the Prefect server more than the call.

    Raises:
        InputError: the global limit does not exist.
        EvergreenError: it cannot be held.
    """
    if endpoint.mode == "batch" or not settings.shared_limits:
        yield endpoint.concurrency
        return
    blocks = list(dict.fromkeys(max(1, endpoint.concurrency // part) for part in (1, 2, 4)))
    limit = endpoint.limit_name
    with ExitStack() as held:
        for block in blocks:
            with suppress(TimeoutError):
                held.enter_context(_hold(limit, block, _PATIENCE_SECONDS))
                break
        else:
            logger.info("waiting for %d of the Prefect limit %s: other runs hold it", block, limit)
            held.enter_context(_hold(limit, block, None))
        yield block


@contextmanager
def _hold(limit: str, block: int, patience_seconds: float | None) -> Iterator[None]:
    try:
        with concurrency(
            limit,
            occupy=block,
            timeout_seconds=patience_seconds,
            strict=True,
            raise_on_lease_renewal_failure=False,  # a server that is away for a while is no reason to stop
        ):
            yield
    except ConcurrencySlotAcquisitionError as error:
        advice = "run python -m deploy.bootstrap, or set llm.shared_limits = false"
        if error.__cause__ is None:  # Prefect has no other mark of a limit that does not exist
            raise InputError(f"no Prefect limit {limit}: {advice}") from error
        raise EvergreenError(f"{error}; if the limit is older than the endpoint's entry, {advice}") from error
