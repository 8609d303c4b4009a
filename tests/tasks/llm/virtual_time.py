"""An event loop whose clock jumps to the next timer: ten minutes of waiting take no time."""

import asyncio
import random
import selectors
from collections.abc import Coroutine
from typing import Any


class VirtualLoop(asyncio.SelectorEventLoop):
    """Timers fire at their moment by the loop's own clock, or up to `lateness` seconds after it."""

    def __init__(self, lateness: float = 1e-6) -> None:
        self.now = 0.0
        super().__init__(_Jumping(self, lateness))

    def time(self) -> float:
        return self.now


class _Jumping(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    def __init__(self, loop: VirtualLoop, lateness: float) -> None:
        super().__init__()
        self._loop = loop
        self._lateness = lateness
        self._rng = random.Random(0)

    def select(self, timeout: float | None = None) -> Any:
        assert timeout is not None, "all tasks wait, and no timer is set"
        if timeout > 0:
            self._loop.now += timeout + self._rng.uniform(1e-6, self._lateness)
        return super().select(0)


def run(main: Coroutine[Any, Any, Any], lateness: float = 1e-6) -> Any:
    """The result of a coroutine, at the speed of a jumping clock."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(lateness)) as runner:
        return runner.run(main)
