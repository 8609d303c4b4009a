"""Limits: never over, hardly under, and no permit is lost. Minutes are simulated."""

import asyncio
import random
from collections.abc import Iterator

import pytest

from tasks.llm.limits import AdaptiveConcurrency, Pause, RequestRate, TokenRate, backoff, retry_after
from tests.tasks.llm.virtual_time import run

Sent = list[tuple[float, int]]


def now() -> float:
    return asyncio.get_running_loop().time()


def busiest_minute(sent: Sent) -> int:
    """The most that was sent in any 60 seconds, both ends included."""
    busiest = total = first = 0
    for moment, amount in sent:
        total += amount
        while sent[first][0] < moment - 60:
            total -= sent[first][1]
            first += 1
        busiest = max(busiest, total)
    return busiest


async def send_requests(rpm: int, minutes: float) -> Sent:
    """A crowd that always wants to send more."""
    rate, sent = RequestRate(rpm), []

    async def client() -> None:
        while now() < minutes * 60:
            await rate.acquire()
            sent.append((now(), 1))

    await asyncio.gather(*(client() for _ in range(20)))
    return [(moment, amount) for moment, amount in sent if moment < minutes * 60]


async def send_tokens(tpm: int, sizes: Iterator[int], minutes: float) -> Sent:
    rate, sent = TokenRate(tpm), []

    async def client() -> None:
        while now() < minutes * 60:
            tokens = next(sizes)
            await rate.acquire(tokens)
            sent.append((now(), min(tokens, tpm)))

    await asyncio.gather(*(client() for _ in range(20)))
    return [(moment, amount) for moment, amount in sent if moment < minutes * 60]


def sizes(smallest: int, largest: int) -> Iterator[int]:
    rng = random.Random(1)
    while True:
        yield rng.randint(smallest, largest)


@pytest.mark.parametrize("lateness", [1e-6, 0.05])
@pytest.mark.parametrize(("rpm", "minutes"), [(1, 300), (3, 300), (60, 60), (500, 10), (3000, 3)])
def test_requests_use_99_percent_of_the_limit_and_never_more(rpm: int, minutes: int, lateness: float) -> None:
    sent = run(send_requests(rpm, minutes), lateness)
    assert busiest_minute(sent) <= rpm
    assert len(sent) >= 0.99 * rpm * minutes


@pytest.mark.parametrize("lateness", [1e-6, 0.05])
@pytest.mark.parametrize("tpm", [100_000, 2_000_000])
def test_tokens_use_99_percent_of_the_limit_and_never_more(tpm: int, lateness: float) -> None:
    sent = run(send_tokens(tpm, sizes(100, tpm // 200), minutes=10), lateness)
    assert busiest_minute(sent) <= tpm
    assert sum(amount for _, amount in sent) >= 0.99 * tpm * 10


def test_requests_of_many_tokens_keep_the_limit_too() -> None:
    sent = run(send_tokens(10_000, sizes(1, 4_000), minutes=60))
    assert busiest_minute(sent) <= 10_000
    assert sum(amount for _, amount in sent) >= 0.8 * 10_000 * 60


def test_a_request_of_more_tokens_than_the_limit_takes_the_whole_minute() -> None:
    async def main() -> list[float]:
        rate, moments = TokenRate(1_000), []
        for tokens in (10, 5_000, 10):
            await rate.acquire(tokens)
            moments.append(now())
        return moments

    small, huge, after = run(main())
    assert huge - small > 60
    assert after - huge > 60


def test_a_large_request_is_not_overtaken_for_ever() -> None:
    async def main() -> list[int]:
        rate, order = TokenRate(10_000), []

        async def client(tokens: int) -> None:
            await rate.acquire(tokens)
            order.append(tokens)

        await asyncio.gather(*(client(tokens) for tokens in (100, 5_000, 50, 50)))
        return order

    assert run(main()) == [100, 5_000, 50, 50]


def test_a_cancelled_wait_for_tokens_lets_the_next_one_go_on() -> None:
    async def main() -> float:
        rate = TokenRate(1_000)
        await rate.acquire(1_000)
        start = now()
        waiting = asyncio.create_task(rate.acquire(1_000))
        await asyncio.sleep(1)
        waiting.cancel()
        await rate.acquire(1)
        return now() - start

    assert run(main()) < 61


def test_no_limit_does_not_wait() -> None:
    async def main() -> float:
        requests, tokens = RequestRate(0), TokenRate(0)
        for _ in range(10_000):
            await requests.acquire()
            await tokens.acquire(1_000_000)
        return now()

    assert run(main()) == 0


def test_a_request_without_tokens_passes() -> None:
    run(TokenRate(10).acquire(0))


def test_429s_of_one_moment_count_once_and_successes_bring_all_permits_back() -> None:
    async def main() -> None:
        permits = AdaptiveConcurrency(100, cool_down_seconds=5)
        assert permits.current == 100
        for _ in range(30):
            permits.throttled()
        assert permits.current == 70
        await asyncio.sleep(5.1)
        permits.throttled()
        assert permits.current in {48, 49}
        for _ in range(100):
            permits.succeeded()
        assert 49 < permits.current < 60
        for _ in range(10_000):
            permits.succeeded()
        assert permits.current == 100

    run(main())


def test_one_permit_is_always_left() -> None:
    async def main() -> None:
        permits = AdaptiveConcurrency(3)
        for _ in range(20):
            permits.throttled()
            await asyncio.sleep(10)
        assert permits.current == 1
        await permits.acquire()

    run(main())


def test_a_pause_holds_until_the_last_one_asked_for_ends() -> None:
    async def main() -> float:
        pause = Pause()
        pause.hold(10)
        waiting = asyncio.create_task(pause.wait())
        await asyncio.sleep(5)
        pause.hold(20)
        pause.hold(1)
        await waiting
        return now()

    assert run(main()) == pytest.approx(25, abs=0.01)


def test_a_pause_is_capped_and_none_is_no_wait() -> None:
    async def main() -> tuple[float, float]:
        pause = Pause(longest_seconds=60)
        await pause.wait()
        before = now()
        pause.hold(86_400)
        await pause.wait()
        return before, now()

    before, after = run(main())
    assert before == 0
    assert after == pytest.approx(60, abs=0.01)


@pytest.mark.parametrize(("attempt", "ceiling"), [(1, 0.5), (2, 1), (4, 4), (7, 30), (5_000, 30)])
def test_backoff_is_anything_up_to_a_doubling_ceiling(attempt: int, ceiling: float) -> None:
    rng = random.Random(3)
    waits = [backoff(attempt, rng) for _ in range(500)]
    assert 0 <= min(waits) < 0.1 * ceiling
    assert 0.9 * ceiling < max(waits) <= ceiling


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3),
        ({"Retry-After": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "1"}, 1),
        ({"retry-after": "Thu, 01 Jan 1970 00:17:20 GMT"}, 40),
        ({"retry-after": "Thu, 01 Jan 1970 00:17:20 -0000"}, 40),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"retry-after": "-5"}, 0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "in a while"}, None),
        ({"retry-after": "Thu, 99 Foo 1970 00:17:20 GMT"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_what_a_server_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, now=1_000) == seconds
