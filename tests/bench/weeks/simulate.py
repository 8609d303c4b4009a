"""Twenty refreshes, one after each week, and what is seen behind each."""

import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flows.refresh import refresh
from tasks import warehouse
from tasks.config import load, override
from tasks.publish.pull import pull
from tasks.settings import Settings
from tests.bench.weeks.plants import LISTS, Planted
from tests.bench.weeks.store import SOURCE, TARGET, Store
from tests.bench.weeks.traffic import WEEK, Message, battle
from tests.openai_server.process import OpenAIServer
from tests.tasks.llm.asking import write_endpoints

EMBEDDER, ANNOTATOR = "text-embedding-3-small", "gpt-3.5-turbo"
CHAT = "/v1/chat/completions"
_LATE = timedelta(hours=4)  # on Monday morning the week before is refreshed
_ODD_WEEKS = 5  # so many weeks apart, an object is written again and another comes late
_REWRITTEN = "Which of the seven bridges of our town could be closed without cutting a quarter off? Week {}."
_LATECOMER = "A message of week {} that a broken shipper sent late: how should it retry without losing order?"


@dataclass
class Week:
    """What a refresh came to.

    Attributes:
        added: prompts that became eligible.
        calls: answers of the annotator; `embedded`: texts that the embedder was given.
        topics_gone: topics that are no more; `placed_again`: share of old prompts that keep their topic.
        drift: why a refit is recommended, if it is.
        lag_hours: of the source, by the warehouse.
    """

    number: int
    now: datetime
    release_id: str
    seconds: float
    added: set[str]
    calls: int
    embedded: int
    roles: dict[str, int]
    taxonomy: str
    topics_gone: int
    placed_again: float
    drift: str
    lag_hours: float
    files_read: int
    files_put: int


class Simulation:
    """A home, a log and models on loopback, through the weeks."""

    def __init__(
        self, work: Path, store: Store, llm: OpenAIServer, lists: dict[str, list[str]], settings: Settings
    ) -> None:
        self.home = work / "home"
        self.pulled = work / "pulled"
        self.store = store
        self.llm = llm
        self.settings = override(settings, screen__references=write_lists(work, lists))
        self.weeks: list[Week] = []
        self._topics: dict[str, int | None] = {}
        self._eligible: set[str] = set()

    def go(self, start: datetime, batches: list[list[Message]], planted: Planted) -> None:
        """Write and refresh week by week; each week's late and rewritten objects come in the week after."""
        for number, batch in enumerate(batches):
            now = start + WEEK * (number + 1) + _LATE
            put = self._put(number, batch, planted, start, now)
            before = self._spent()
            begun = time.perf_counter()
            asked = override(self.settings, refresh__as_of=now.replace(tzinfo=None).isoformat())
            made = refresh((SOURCE,), str(self.home), asked)
            seconds = time.perf_counter() - begun
            spent = [after - was for after, was in zip(self._spent(), before, strict=True)]
            self.weeks.append(self._look(number, now, made.key, seconds, spent, put))
            print_line(self.weeks[-1])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the warehouse."""
        with warehouse.transaction(str(self.home)) as con:
            return con.execute(query).fetchall()

    def _put(
        self, number: int, batch: list[Message], planted: Planted, start: datetime, now: datetime
    ) -> list[str]:
        written = now - timedelta(hours=3)
        keys = self.store.put(batch, "traffic", written) if batch else []
        keys += self.store.put(planted.messages[number], "planted", written)
        first, late = _message(_REWRITTEN, start, number), _message(_LATECOMER, start, number - 1)
        if number % _ODD_WEEKS == 1:
            keys += self.store.put([first], "rewritten", written)
        if number % _ODD_WEEKS == 2:
            again = _message(f"{_REWRITTEN} Say why.", start, number - 1)
            keys += self.store.put([again], "rewritten", written)
            keys += self.store.put([late], "late", written)
        return keys

    def _spent(self) -> list[int]:
        counts = self.llm.counts()
        answered = self.llm.stats()["by_path"].get(CHAT, 0)
        return [answered, sum(counts["texts"].values())]

    def _look(
        self, number: int, now: datetime, release_id: str, seconds: float, spent: list[int], put: list[str]
    ) -> Week:
        pull(TARGET, release_id, self.pulled)
        [(run_id, files, lag)] = self.rows(
            "select c.run_id, c.new_file_count, l.lag_hours from raw.source_checks as c "
            "inner join out.source_lag as l using (source) order by c.checked_at desc limit 1"
        )
        roles = self.rows(
            f"select role, count(*) from core.services where release_id = '{release_id}' group by 1"
        )
        drift = self.rows(f"select reason from core.drift where run_id = '{run_id}' and is_refit_recommended")
        taxonomy, topics = self._read_topics()
        before, self._topics = self._topics, topics
        both = topics.keys() & before.keys()
        gone = {topic for topic in before.values() if topic} - {*topics.values()}
        return Week(
            number=number,
            now=now,
            release_id=release_id,
            seconds=round(seconds, 1),
            added=self._added(),
            calls=spent[0],
            embedded=spent[1],
            roles=dict(roles),
            taxonomy=taxonomy,
            topics_gone=len(gone),
            placed_again=sum(before[p] == topics[p] for p in both) / len(both) if both else 1.0,
            drift=drift[0][0] if drift else "",
            lag_hours=float(lag),
            files_read=files,
            files_put=len(put),
        )

    def _added(self) -> set[str]:
        eligible = {row[0] for row in self.rows("select prompt_id from core.eligible_prompts")}
        added, self._eligible = eligible - self._eligible, eligible
        return added

    def _read_topics(self) -> tuple[str, dict[str, int | None]]:
        [(taxonomy,)] = self.rows("select taxonomy_id from core.taxonomies order by fitted_at desc limit 1")
        rows = self.rows(
            f"select prompt_id, topic_id from core.prompt_topics where taxonomy_id = '{taxonomy}'"
        )
        return taxonomy, dict(rows)


def settings_of(work: Path, llm: OpenAIServer, embedder: str, size: int) -> Settings:
    """The offline profile with an annotator on loopback, and an embedder unless it is the offline one."""
    fields = {"concurrency": 64, "timeout_seconds": 120, "price": {"input": 0.5, "output": 1.5}}
    models = dict.fromkeys((EMBEDDER, ANNOTATOR), fields)
    asked: dict[str, object] = {
        "llm__endpoints": write_endpoints(work, llm, **models),
        "embed__model": embedder,
        "annotate__annotator": ANNOTATOR,
        "select__size": size,
        "publish__target": TARGET,
    }
    return override(load(), **asked)


def write_lists(work: Path, lists: dict[str, list[str]]) -> tuple[str, ...]:
    """The lists as files like `question.jsonl`."""
    paths = []
    for name in LISTS:
        path = work / f"{name}.jsonl"
        rows = [{"uid": f"{name}-{number}", "prompt": text} for number, text in enumerate(lists[name])]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        paths.append(str(path))
    return tuple(paths)


def print_line(week: Week) -> None:
    """One line of the table."""
    roles = " ".join(f"{name} {count}" for name, count in sorted(week.roles.items()))
    print(
        f"{week.number + 1:>3}  {week.now:%Y-%m-%d}  {week.seconds:>6.1f} s  {len(week.added):>5} new  "
        f"{week.calls:>5} calls  {week.embedded:>5} embedded  {roles:<32} {week.topics_gone} topics gone, "
        f"{week.placed_again:.1%} of prompts keep theirs {'refit' * bool(week.drift)} {week.release_id}",
        flush=True,
    )


def _message(pattern: str, start: datetime, number: int) -> Message:
    text = pattern.format(number)
    at = start + WEEK * (number + 0.95)
    row = {"question_id": text[-40:], "turns": [text], "judge": "shipper", "language": "English"}
    return battle(row, at)
