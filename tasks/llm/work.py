"""What a stage asks of an endpoint: how it is sent, how answers are read, and the record that is kept."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from tasks import clock
from tasks.llm import tokens
from tasks.llm.call import ANSWER_LIMITS, Call, Reply, Request
from tasks.llm.client import Api
from tasks.llm.endpoint import Endpoint
from tasks.llm.outcome import Outcome
from tasks.llm.price import usd

LAST_ROUND = 2
# Error codes of servers whose content filter turns a prompt down.
_FILTERED = (":content_filter", ":content_policy_violation")


@dataclass(frozen=True)
class Work:
    """What a stage asks of an endpoint.

    Attributes:
        stage: the stage's name.
        run_id: the run's.
        endpoint: who is asked.
        api: which operation it is.
        read: whether the text of an answer can be used.
        keep: saves what the journal has no room for, before the call is journaled: the vectors of a reply.
    """

    stage: str
    run_id: str
    endpoint: Endpoint
    api: Api
    read: Callable[[str], Outcome]
    keep: Callable[[Request, Reply, Call], None] | None = None

    def body(self, request: Request) -> dict[str, Any]:
        """The whole body: with the model, and twice the room for an answer in the second round."""
        body = {"model": self.endpoint.model, **request.body}
        if request.round == LAST_ROUND:
            body |= {name: 2 * body[name] for name in ANSWER_LIMITS if isinstance(body.get(name), int)}
        if self.endpoint.mode == "flex":
            body["service_tier"] = "flex"
        return body

    def record(self, request: Request, reply: Reply, seconds: float, attempts: int) -> Call:
        """The record of a reply."""
        endpoint = self.endpoint
        outcome = self._outcome(reply)
        text = reply.text or reply.refusal
        # A server of one's own may report no usage: then our count has to do.
        given = reply.input_tokens or request.input_tokens
        made = reply.output_tokens or sum(tokens.count([text] if text else [], endpoint.model))
        return replace(
            self.failed(request, "wrong_model" if outcome is Outcome.ERROR else "", seconds, attempts),
            model=reply.model or endpoint.model,
            outcome=outcome,
            text=text,
            input_tokens=given,
            cached_tokens=reply.cached_tokens,
            output_tokens=made,
            usd=usd(endpoint.price, given, reply.cached_tokens, made, endpoint.mode),
        )

    def failed(self, request: Request, kind: str, seconds: float, attempts: int) -> Call:
        """The record of a request that never got a reply; one that a content filter stopped was refused."""
        return Call(
            call_id=uuid4().hex,
            key=request.key,
            stage=self.stage,
            run_id=self.run_id,
            endpoint=self.endpoint.name,
            model=self.endpoint.model,
            mode=self.endpoint.mode,
            round=request.round,
            outcome=Outcome.REFUSED if kind.endswith(_FILTERED) else Outcome.ERROR,
            text="",
            error=kind,
            input_tokens=0,
            cached_tokens=0,
            output_tokens=0,
            usd=0.0,
            latency_seconds=round(seconds, 4),
            attempts=attempts,
            asked_at=clock.utc_now().isoformat(timespec="milliseconds"),
        )

    def cost(self, request: Request, output_tokens: float) -> float:
        """What a request will cost, in USD, if its answer has that many tokens."""
        endpoint = self.endpoint
        return usd(endpoint.price, request.input_tokens, 0, round(output_tokens), endpoint.mode)

    def _outcome(self, reply: Reply) -> Outcome:
        if not self._is_our_model(reply.model):
            return Outcome.ERROR
        if reply.vectors is not None:
            return Outcome.OK
        if reply.refusal or reply.finish_reason == "content_filter":
            return Outcome.REFUSED
        if reply.finish_reason == "length":
            return Outcome.TRUNCATED
        if not reply.text.strip():
            return Outcome.EMPTY
        return self.read(reply.text)

    def _is_our_model(self, model: str) -> bool:
        """Whether the model that answered is the one asked for, or a dated version of it."""
        expected = self.endpoint.served_as or self.endpoint.model
        return expected == "*" or model.startswith(expected)


def is_asked_again(call: Call) -> bool:
    """Whether an answer that cannot be used is asked for once more."""
    return call.outcome in {Outcome.UNPARSABLE, Outcome.TRUNCATED} and call.round < LAST_ROUND
