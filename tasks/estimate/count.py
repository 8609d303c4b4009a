"""Calls and tokens of what stages would ask, counted as the stages themselves count them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

import polars as pl

from tasks.embed.batches import Batch, batches
from tasks.llm.call import Template, request_key
from tasks.llm.endpoint import Endpoint
from tasks.llm.requests import chat_body, count_tokens
from tasks.topics.naming import describe

# Prompts make about a topic for every three smallest clusters: 7,687 real ones made 493, the sample's 576 51.
_CLUSTERS_PER_TOPIC: Final = 3
_PROMPTS_PER_NAME: Final = 3
_WORDS: Final = 10


@dataclass(frozen=True, slots=True)
class Tally:
    """Calls and the tokens of their input. Where it is not known which prompts are asked about, a share."""

    calls: float = 0
    input_tokens: float = 0

    def __add__(self, other: Self) -> "Tally":
        return Tally(self.calls + other.calls, self.input_tokens + other.input_tokens)

    def __mul__(self, factor: float) -> "Tally":
        return Tally(self.calls * factor, self.input_tokens * factor)


@dataclass(frozen=True)
class Annotator:
    """Who marks in a pass, as core.annotations names it; without an endpoint it is no model."""

    id: str
    endpoint: Endpoint | None = None
    template: Template | None = None


def with_keys(texts: pl.DataFrame, template: Template, endpoint: Endpoint) -> pl.DataFrame:
    """Add the `key` of each `text`'s request; of those that ask the same, the first stays."""
    keys = [request_key(endpoint.model, chat_body(template, endpoint, text)) for text in texts["text"]]
    keyed = texts.with_columns(pl.Series("key", keys, dtype=pl.String))
    return keyed.unique("key", keep="first", maintain_order=True)


def of_texts(texts: Iterable[str], template: Template, endpoint: Endpoint) -> Tally:
    """The calls that ask a chat model about each text."""
    counts = [count_tokens(chat_body(template, endpoint, text), endpoint.model) for text in texts]
    return Tally(len(counts), sum(counts))


def of_prompts(prompts: pl.DataFrame, annotator: Annotator) -> Tally:
    """The calls that have an annotator mark each `prompt`."""
    if not (annotator.endpoint and annotator.template):
        return Tally()
    return of_texts(prompts["prompt"], annotator.template, annotator.endpoint)


def of_vectors(pages: Iterable[pl.DataFrame], endpoint: Endpoint) -> Tally:
    """The calls that embed prompts, which come in pages of `prompt_id` and `prompt`."""
    tally = Tally()
    for batch in _requests(pages, endpoint):
        tally += Tally(1, sum(batch.token_counts))
    return tally


def expected_topics(prompts: int, min_topic_size: int) -> int:
    """How many topics prompts make, by what real ones made."""
    return round(prompts / (_CLUSTERS_PER_TOPIC * min_topic_size))


def typical_topics(prompts: Sequence[str]) -> list[str]:
    """Texts as long as those that topics are named by: words of prompts, and the prompts."""
    groups = [
        prompts[start : start + _PROMPTS_PER_NAME] for start in range(0, len(prompts), _PROMPTS_PER_NAME)
    ]
    return [describe(_words(group), group) for group in groups]


def _words(prompts: Sequence[str]) -> list[str]:
    words = dict.fromkeys(word for prompt in prompts for word in prompt.lower().split() if len(word) > 3)
    return list(words)[:_WORDS]


def _requests(pages: Iterable[pl.DataFrame], endpoint: Endpoint) -> Iterator[Batch]:
    """The requests for all pages together; the last of a page may have room for prompts of the next one."""
    rest: list[Batch] = []
    for page in pages:
        open_ = [pl.DataFrame({"prompt_id": batch.prompt_ids, "prompt": batch.texts}) for batch in rest]
        found = list(batches(pl.concat([*open_, page.select("prompt_id", "prompt")]), endpoint))
        yield from found[:-1]
        rest = found[-1:]
    yield from rest
