"""Limits of one endpoint: requests and tokens a minute, requests in flight, pauses that a server asks for.

All keep the time of the event loop that they are used in, and belong to it.
"""

import asyncio
import math
import random
from collections import deque
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from aiolimiter import AsyncLimiter

# A bucket leaks this share of the limit a minute. On top of that it lets through what it holds: one, and this
# share of the limit, so that a timer that wakes up to 0.3 s late loses nothing. Leak and contents of a minute
# come to less than one above the limit, so whole requests never pass it.
STEADY = 0.992
BURST = 0.004

# A little more than a minute: a timer's grain is not a clock's.
WINDOW_SECONDS = 60.01

BACKOFF_BASE_SECONDS = 0.5
BACKOFF_CAP_SECONDS = 30.0


class RequestRate:
    """At most so many requests in any 60 seconds, evenly spread."""

    def __init__(self, rpm: int) -> None:
        """Take the limit, in requests a minute; 0: none."""
        self._bucket = _bucket(rpm) if rpm else None

    async def acquire(self) -> None:
        """Wait until a request may be sent."""
        if self._bucket:
            await self._bucket.acquire()


class TokenRate:
    """At most so many tokens in any 60 seconds, evenly spread, first come first served.

    A request pays before it is sent, in pieces of half the bucket at most: the other half makes up for late
    timers. It then counts as a whole, so a record of the last minute keeps the sum within the limit.
    """

    def __init__(self, tpm: int) -> None:
        """Take the limit, in tokens a minute; 0: none."""
        self._tpm = tpm
        self._bucket = _bucket(tpm) if tpm else None
        self._spent: deque[tuple[float, int]] = deque()
        self._sum = 0
        # The bucket alone lets small requests overtake large ones for ever.
        self._turn = asyncio.Lock()

    async def acquire(self, tokens: int) -> None:
        """Wait until a request of so many tokens may be sent; more than the limit is a whole minute's."""
        if not self._bucket:
            return
        tokens = min(tokens, self._tpm)
        async with self._turn:
            for piece in _pieces(tokens, self._bucket.max_rate / 2):
                await self._bucket.acquire(piece)
            await self._wait_for_room(tokens)
            self._spent.append((asyncio.get_running_loop().time(), tokens))
            self._sum += tokens

    async def _wait_for_room(self, tokens: int) -> None:
        """Wait until the sum of the last minute leaves room."""
        loop = asyncio.get_running_loop()
        while self._spent:
            oldest, spent = self._spent[0]
            left = oldest + WINDOW_SECONDS - loop.time()
            if left <= 0:
                self._spent.popleft()
                self._sum -= spent
            elif self._sum + tokens > self._tpm:
                await asyncio.sleep(left)
            else:
                return


class AdaptiveConcurrency:
    """Permits for requests in flight: fewer after a 429, more again with each success.

    Additive increase, multiplicative decrease: as many successes as there are permits give one more, a 429
    takes three in ten. More 429s within the cool-down after it are the same event, and change nothing.
    """

    def __init__(self, limit: int, shrink: float = 0.7, cool_down_seconds: float = 5.0) -> None:
        """Start with all permits.

        Args:
            limit: the most permits there ever are, at least 1.
            shrink: what a 429 multiplies them by.
            cool_down_seconds: how long after a 429 others change nothing.
        """
        self.limit = limit
        self.in_flight = 0
        self._shrink = shrink
        self._cool_down = cool_down_seconds
        self._permits = float(limit)
        self._quiet_until = -math.inf
        self._waiters: deque[asyncio.Future[None]] = deque()

    @property
    def current(self) -> int:
        """Permits there are now, from 1 to the limit."""
        return int(self._permits)

    async def acquire(self) -> None:
        """Wait for a permit, first come first served."""
        if self.in_flight < self.current:  # then nobody waits: a free permit is handed on at once
            self.in_flight += 1
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled():  # the permit came at the same moment
                self.release()
            raise

    def release(self) -> None:
        """Give a permit back."""
        self.in_flight -= 1
        self._hand_on()

    def succeeded(self) -> None:
        """An answer came: more permits, little by little."""
        self._permits = min(self.limit, self._permits + 1 / self._permits)
        self._hand_on()

    def throttled(self) -> None:
        """A 429 came: fewer permits. Requests in flight are let finish."""
        now = asyncio.get_running_loop().time()
        if now >= self._quiet_until:
            self._quiet_until = now + self._cool_down
            self._permits = max(1.0, self._permits * self._shrink)

    def _hand_on(self) -> None:
        while self._waiters and self.in_flight < self.current:
            waiter = self._waiters.popleft()
            if not waiter.done():
                self.in_flight += 1
                waiter.set_result(None)


class Pause:
    """A hold on all requests of an endpoint, as a server asks for with Retry-After."""

    def __init__(self, longest_seconds: float = 120.0) -> None:
        """Take the longest hold: a server that asks for more is asked again after this."""
        self._longest = longest_seconds
        self._until = -math.inf

    def hold(self, seconds: float) -> None:
        """Hold for so long from now; a longer hold stays."""
        now = asyncio.get_running_loop().time()
        self._until = max(self._until, now + min(seconds, self._longest))

    async def wait(self) -> None:
        """Wait for the end of the hold, and of those that come meanwhile."""
        loop = asyncio.get_running_loop()
        while (left := self._until - loop.time()) > 0:
            await asyncio.sleep(left)


def backoff(attempt: int, rng: random.Random) -> float:
    """Seconds to wait after a failed attempt: anything up to 0.5 s after the first, 1 s, 2 s … 30 s.

    Args:
        attempt: attempts that failed so far, from 1.
        rng: what draws the wait, so that clients who failed together do not come back together.
    """
    doublings = min(attempt - 1, 10)
    return rng.uniform(0, min(BACKOFF_CAP_SECONDS, BACKOFF_BASE_SECONDS * 2**doublings))


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that a server asks to wait, at least 0; none if it does not say, or makes no sense.

    Args:
        headers: of the answer: `retry-after-ms`, or `retry-after` in seconds or as an HTTP date.
        now: the time, in seconds since 1970.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    milliseconds = _number(lower.get("retry-after-ms", ""))
    if milliseconds is not None:
        return max(0.0, milliseconds / 1000)
    said = lower.get("retry-after", "")
    seconds = _number(said)
    if seconds is None:
        seconds = _seconds_until(said, now)
    return None if seconds is None else max(0.0, seconds)


def _bucket(per_minute: int) -> AsyncLimiter:
    size = 1 + BURST * per_minute
    return AsyncLimiter(size, 60 * size / (STEADY * per_minute))


def _pieces(amount: int, size: float) -> list[float]:
    whole, rest = divmod(amount, size)
    return [size] * int(whole) + [rest]


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _seconds_until(text: str, now: float) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now
