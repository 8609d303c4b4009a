"""Whether a server is there: one that is starting is waited for, one that is down or elsewhere is not."""

import random
import time

from tasks.errors import EvergreenError
from tasks.llm.client import Failure

# A server that nobody has reached for so long is not starting any more.
UNREACHED_SECONDS = 20.0
# What fails without a word of the server's. A forwarded port takes connections and cuts them: it is none.
_SILENCE = frozenset({"connection", "timeout"})


class Reach:
    """What requests to a server have told of it so far."""

    def __init__(self, host: str) -> None:
        """Begin to wait for the server; `host` is what its errors call it."""
        self._host = host
        self._until = time.monotonic() + UNREACHED_SECONDS
        self._is_there = False

    def answered(self) -> None:
        """A reply came."""
        self._is_there = True

    def is_awaited(self, failure: Failure) -> bool:
        """Whether a request that failed so is no attempt, as the server never showed."""
        self._is_there = self._is_there or failure.kind not in _SILENCE
        return failure.kind == "connection" and not self._is_there

    def wait_seconds(self, rng: random.Random) -> float:
        """How long until the server is asked again.

        Raises:
            EvergreenError: it has been waited for long enough.
        """
        left = self._until - time.monotonic()
        if left <= 0:
            raise EvergreenError(
                f"no connection to {self._host} for {UNREACHED_SECONDS:.0f} s; is the server up, and "
                "is base_url its address? Every answer so far is kept"
            )
        return min(left, rng.uniform(0.5, 2.0))
