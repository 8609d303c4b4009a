"""What the calls of a build would take: USD in each mode, hours, and whether the budget allows it."""

import math
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from tasks.llm.endpoint import Endpoint, Mode
from tasks.llm.price import DISCOUNT, usd

MODES: Final[tuple[Mode, ...]] = tuple(DISCOUNT)
# What the Batch API promises for one batch.
BATCH_HOURS: Final = 24


@dataclass(frozen=True, slots=True)
class Answers:
    """What answers are like: the mean of `calls` calls that were made, or, of none, what is assumed."""

    output_tokens: float
    seconds: float
    calls: int = 0

    @property
    def source(self) -> str:
        """Where the figures are from, in words."""
        return f"mean of {self.calls:,} calls" if self.calls else "assumed"


# Lists of criteria have 5 to 15 tokens, JSON included; a reason for each of the seven some 35.
ASSUMED: Final = {
    "embed": Answers(0, 2.0),
    "name": Answers(8, 1.0),
    "list": Answers(15, 1.5),
    "explain": Answers(250, 6.0),
}


@dataclass(frozen=True)
class Step:
    """All calls that one stage, or one pass of it, still has to make.

    Attributes:
        name: the stage, with the number of the pass if it has several.
        endpoint: who is asked; None: no model.
        calls: how many.
        input_tokens: of all calls.
        max_tokens: the most that an answer may have, which a limit of tokens a minute is charged with.
        answers: what they are like.
        modes: those that the stage can call in; an endpoint that is set to another one is called in sync.
    """

    name: str
    endpoint: Endpoint | None = None
    calls: int = 0
    input_tokens: int = 0
    max_tokens: int = 0
    answers: Answers = Answers(0, 0)
    modes: tuple[Mode, ...] = MODES

    @property
    def output_tokens(self) -> int:
        """Tokens of all answers, as expected."""
        return round(self.calls * self.answers.output_tokens)

    @property
    def mode(self) -> Mode:
        """How the endpoint is called: as it is set to be, if that is possible."""
        return self.endpoint.mode if self.endpoint and self.endpoint.mode in self.modes else "sync"

    def usd(self, mode: Mode) -> float | None:
        """USD of all calls in a mode; None if the endpoint states no price, or the stage has no such mode."""
        if mode not in self.modes:
            return None
        if not self.endpoint or not self.calls:
            return 0.0
        if self.endpoint.price is None:
            return None
        return usd(self.endpoint.price, self.input_tokens, 0, self.output_tokens, mode)

    @property
    def sync_hours(self) -> float:
        """Hours in sync mode, by the tightest of the endpoint's limits: requests, tokens, calls in flight."""
        if not self.endpoint:
            return 0.0
        limits = self.endpoint
        tokens = self.input_tokens + self.calls * self.max_tokens
        by_requests = self.calls / limits.rpm / 60 if limits.rpm else 0.0
        by_tokens = tokens / limits.tpm / 60 if limits.tpm else 0.0
        return max(by_requests, by_tokens, self.calls * self.answers.seconds / limits.concurrency / 3600)

    @property
    def batch_rounds(self) -> int:
        """How often batches have to wait for others, because the server holds only so many tokens."""
        if not self.endpoint or not self.calls or "batch" not in self.modes:
            return 0
        most = self.endpoint.enqueued_tokens
        return max(1, math.ceil(self.input_tokens / most)) if most else 1

    @property
    def batch_hours(self) -> int | None:
        """The most hours that it can take in batch mode; None if the stage has no such mode."""
        return self.batch_rounds * BATCH_HOURS if "batch" in self.modes else None

    def as_json(self) -> dict[str, Any]:
        """Its figures, null in a mode that the stage has not."""
        return {
            "stage": self.name,
            "endpoint": self.endpoint.name if self.endpoint else None,
            "model": self.endpoint.model if self.endpoint else None,
            "mode": self.mode if self.endpoint else None,
            "calls": self.calls,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "usd": {mode: self.usd(mode) for mode in MODES},
            "hours": {"sync": self.sync_hours, "batch": self.batch_hours},
            "batch_rounds": self.batch_rounds,
        }


@dataclass(frozen=True)
class Forecast:
    """What a build would still take.

    Attributes:
        prompts: eligible ones.
        steps: in the order of the build.
        notes: how each quantity was found that is not counted, in sentences.
        max_usd: the budget; 0: none.
        spent_usd: what the budget is charged with already.
    """

    prompts: int
    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    max_usd: float
    spent_usd: float

    @property
    def usd(self) -> float | None:
        """USD in the modes that the endpoints are set to; None if a price is unknown."""
        costs = [step.usd(step.mode) for step in self.steps]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None

    @property
    def sync_hours(self) -> float:
        """Hours of the steps that are not in batch mode. Flex takes longer; nobody says how much."""
        return sum(step.sync_hours for step in self.steps if step.mode != "batch")

    @property
    def batch_hours(self) -> int:
        """The most hours that the steps in batch mode can take."""
        return sum(step.batch_hours or 0 for step in self.steps if step.mode == "batch")

    @property
    def stops_in(self) -> tuple[str, float] | None:
        """The step in which the budget stops the build, and the share of its calls that are made by then."""
        left = self.max_usd - self.spent_usd
        for step in self.steps if self.max_usd else ():
            cost = step.usd(step.mode)
            if cost is None:
                return step.name, 0.0
            if cost > left:
                return step.name, max(0.0, left / cost)
            left -= cost
        return None

    @property
    def verdict(self) -> str:
        """The budget and the expected cost, in one sentence."""
        unknown = [step.endpoint.name for step in self.steps if step.endpoint and step.usd("sync") is None]
        cost = "an unknown sum" if self.usd is None else f"{self.usd:,.2f} USD"
        if not self.max_usd:
            return f"{cost}; llm.max_usd sets no limit"
        budget = f"llm.max_usd is {self.max_usd:,.2f} USD, {self.spent_usd:,.2f} of it spent"
        if unknown:
            return f"{cost}; {budget}: a build refuses to start, as {unknown[0]} has no price"
        if self.stops_in is None:
            return f"{cost}; {budget}: that is enough"
        name, share = self.stops_in
        return f"{cost}; {budget}: it would stop the build in {name}, after {share:.0%} of its calls"

    def as_json(self) -> dict[str, Any]:
        """All figures. `usd` of the total is in the modes that the endpoints are set to."""
        return {
            "prompts": self.prompts,
            "steps": [step.as_json() for step in self.steps],
            "total": {
                "calls": sum(step.calls for step in self.steps),
                "input_tokens": sum(step.input_tokens for step in self.steps),
                "output_tokens": sum(step.output_tokens for step in self.steps),
                "usd": self.usd,
                "hours": {"sync": self.sync_hours, "batch": self.batch_hours},
            },
            "max_usd": self.max_usd,
            "spent_usd": self.spent_usd,
            "stops_in": self.stops_in[0] if self.stops_in else None,
            "verdict": self.verdict,
            "notes": list(self.notes),
        }


def answers_of(past: pl.DataFrame, stage: str, endpoint: Endpoint, assumed: Answers) -> Answers:
    """What answers are like by the calls that were made, or else as assumed.

    Args:
        past: `stage`, `endpoint`, `call_count`, `output_tokens` and `seconds`, null if nobody waited.
        stage: the stage that asks.
        endpoint: who is asked.
        assumed: what holds where there was no call.
    """
    rows = past.filter(stage=stage, endpoint=endpoint.name).rows(named=True)
    if not rows:
        return assumed
    (row,) = rows
    seconds = assumed.seconds if row["seconds"] is None else row["seconds"]
    return Answers(row["output_tokens"], seconds, row["call_count"])
