"""Which request fails, and how: a share for each kind of fault, chosen by hash and never by chance."""

from collections import deque
from dataclasses import dataclass, field, fields
from hashlib import blake2b
from typing import Any, Final

from tests.openai_server import errors
from tests.openai_server.errors import ApiError

STATUS: Final = ("rate_limit", "resource_unavailable", "quota", "bad_request", "server_error")
WIRE: Final = ("cut", "stall", "bad_json")
CONTENT: Final = (
    "garbage",
    "truncated",
    "refusal",
    "content_refusal",
    "empty",
    "wrong_model",
    "out_of_range",
)
EXPIRED: Final = "expired"  # an item of a batch that the server did not come to
KINDS: Final = (*STATUS, *WIRE, *CONTENT, EXPIRED)
_WINDOW_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Shares (0 to 1) by kind of fault, and what else goes wrong."""

    shares: dict[str, float] = field(default_factory=dict)  # of chat completions, embeddings and batch items
    batch_api: dict[str, float] = field(default_factory=dict)  # of requests for files and batches
    seed: int = 0
    persistent: bool = False  # the same request always fares the same; else each try is a new draw
    stall_seconds: float = 30.0
    retry_after_seconds: float = 1.0
    rpm: int = 0
    quota_after: int = 0

    def choose(self, key: str, nth: int) -> str | None:
        """The fault for the nth time (from 1) that a request is made, if any."""
        return self._draw(self.shares, key, nth)

    def choose_for_batch_api(self, key: str, nth: int) -> str | None:
        """The same for a request for files or batches, keyed by its method and path."""
        return self._draw(self.batch_api, key, nth)

    def _draw(self, shares: dict[str, float], key: str, nth: int) -> str | None:
        if not shares:
            return None
        seed = f"{self.seed} {key} {0 if self.persistent else nth}"
        drawn = int.from_bytes(blake2b(seed.encode(), digest_size=8).digest()) / 2**64
        for kind, share in shares.items():
            if drawn < share:
                return kind
            drawn -= share
        return None

    def error(self, kind: str | None, model: str, prompt: str) -> ApiError | None:
        """What the server says for a fault of the kinds in `STATUS`."""
        match kind:
            case "rate_limit":
                return errors.rate_limited(model, self.retry_after_seconds)
            case "resource_unavailable":
                return errors.no_resources()
            case "quota":
                return errors.no_quota()
            case "bad_request":
                return errors.refused_prompt(prompt)
            case "server_error":
                return errors.server_failed()
        return None


def plan(source: dict[str, Any], *, rpm: int = 0, quota_after: int = 0) -> Plan:
    """A plan from a flat JSON object, with limits for where it names none; ValueError says what is wrong."""
    known = {option.name for option in fields(Plan)} - {"shares"}
    shares = {kind: share for kind, share in source.items() if kind not in known}
    batch_api = source.get("batch_api", {})
    unknown = (set(shares) - set(KINDS)) | (set(batch_api) - {*STATUS, *WIRE})
    if unknown:
        raise ValueError(f"unknown in the fault plan: {', '.join(sorted(unknown))}")
    for part in (shares, batch_api):
        if sum(part.values()) > 1 + 1e-9 or min(part.values(), default=0) < 0:
            raise ValueError("shares in the fault plan must be 0 to 1, all together too")
    rest = {name: value for name, value in source.items() if name in known}
    return Plan(**{"rpm": rpm, "quota_after": quota_after, **rest, "shares": shares})


class Window:
    """Counts the requests let in during the last 60 seconds."""

    def __init__(self) -> None:
        self._admitted: deque[float] = deque()

    def admit(self, limit: int, now: float, model: str) -> None:
        """Let a request in, or raise 429; one that is not let in does not count. `now` is monotonic."""
        if not limit:
            return
        while self._admitted and self._admitted[0] <= now - _WINDOW_SECONDS:
            self._admitted.popleft()
        if len(self._admitted) >= limit:
            raise errors.rate_limited(model, round(self._admitted[0] + _WINDOW_SECONDS - now, 3))
        self._admitted.append(now)
