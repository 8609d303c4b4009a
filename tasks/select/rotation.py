"""What of the last release stays in the next one, and who takes the other places.

An order of topics and of candidates is handed in, so that all chance comes from one seed.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import polars as pl

from tasks.settings import RotationSettings, SelectSettings

Role = Literal["new", "kept", "anchor", "returned"]
HISTORY: dict[str, type[pl.DataType] | pl.DataType] = {
    "prompt_id": pl.String,
    "served": pl.Int64,
    "last_role": pl.String,
}


@dataclass(frozen=True)
class Past:
    """What earlier releases mean for the next one.

    Attributes:
        prompts: those that served: `prompt_id`, `served` (in how many releases), `last_role` (in the release
            that is rotated; null if it was not in that).
        policy: how many stay, and for how long.
    """

    prompts: pl.DataFrame
    policy: RotationSettings


NO_PAST = Past(pl.DataFrame(schema=HISTORY), RotationSettings())


class Candidate(NamedTuple):
    """A prompt that may be chosen."""

    prompt_id: str
    topic_id: int
    domain_id: int | None


@dataclass(frozen=True)
class Pool:
    """Candidates by what they were: in the order of the draw, or the best of each topic first.

    `anchors` are to stay; `held` are those of the last release that may serve once more, anchors among them;
    `fresh` never served; `former` served before, and may once more.
    """

    anchors: Sequence[Candidate]
    held: Sequence[Candidate]
    fresh: Mapping[int, Sequence[Candidate]]
    former: Mapping[int, Sequence[Candidate]]


@dataclass
class Places:
    """The places of a test set of `size` prompts, at most `most` of a domain: topics `full` are out."""

    size: int
    per_topic: int
    most: int
    roles: dict[str, Role] = field(default_factory=dict)
    topics: Counter[int] = field(default_factory=Counter)
    full: list[int] = field(default_factory=list)
    _domains: Counter[int | None] = field(default_factory=Counter)

    def take_each(self, candidates: Iterable[Candidate], role: Role, limit: int) -> None:
        """Give places to candidates that fit, one by one, until `limit` are taken in all."""
        for candidate in candidates:
            if len(self.roles) >= min(limit, self.size):
                return
            has_room = self.topics[candidate.topic_id] < self.per_topic and self._fits(candidate, 1)
            if has_room and candidate.prompt_id not in self.roles:
                self._take([candidate], role)

    def take_topics(self, order: Iterable[int], best: Mapping[int, Sequence[Candidate]], role: Role) -> None:
        """Give the places that are left to the best of each topic, passing over those of full domains."""
        for topic in order:
            missing = self.size - len(self.roles)
            if missing == 0:
                return
            gift = best.get(topic, [])[: min(self.per_topic - self.topics[topic], missing)]
            if gift and self._fits(gift[0], len(gift)):
                self._take(gift, role)
            elif gift:
                self.full.append(topic)

    def _fits(self, candidate: Candidate, count: int) -> bool:
        return self._domains[candidate.domain_id] + count <= self.most

    def _take(self, candidates: Sequence[Candidate], role: Role) -> None:
        for candidate in candidates:
            self.roles[candidate.prompt_id] = role
            self.topics[candidate.topic_id] += 1
            self._domains[candidate.domain_id] += 1


def fill(order: Sequence[int], pool: Pool, settings: SelectSettings, policy: RotationSettings) -> Places:
    """Choose who stays, then who is new; where too few are, more of the last release stay, then former ones.

    The share of a domain is one of the prompts chosen, not of those asked for: where the other domains have
    too few to fill the test set, it shrinks until the share holds.

    Args:
        order: the eligible topics, in the order of the draw.
        pool: the candidates.
        settings: sizes and quota.
        policy: how many stay.
    """
    size = settings.size
    while True:
        places = Places(size, settings.per_topic, share_of(settings.max_domain_share, size))
        kept = share_of(policy.share_kept, size)
        anchors = min(policy.anchors, kept, share_of(policy.max_anchor_share, size))
        places.take_each(pool.anchors, "anchor", anchors)
        places.take_each(pool.held, "anchor", anchors)
        places.take_each(pool.held, "kept", kept)
        places.take_topics(order, pool.fresh, "new")
        places.take_each(pool.held, "kept", size)
        places.take_topics(order, pool.former, "returned")
        if len(places.roles) == size:
            return places
        size = len(places.roles)


def seed_of(seed: int, base_hash: str) -> int:
    """The seed of a draw that rotates a release: another one for each, the same one each time.

    Args:
        seed: of the settings.
        base_hash: content hash of the release; empty if there is none, which leaves the seed as it is.
    """
    if not base_hash:
        return seed
    return int.from_bytes(hashlib.sha256(f"{seed} {base_hash}".encode()).digest()[:8])


def share_of(share: float, size: int) -> int:
    """How many prompts are a share of a test set, rounded down."""
    # 0.29 of 100 is 28.999999999999996 in floating point.
    return math.floor(share * size + 1e-9)
