"""Servers on loopback that speak OpenAI's API, as processes of their own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.openai_server.process import OpenAIServer

Servers = Callable[..., OpenAIServer]


@pytest.fixture(scope="session")
def openai_servers() -> Iterator[Servers]:
    """Gives a server with the options of `OpenAIServer`, as good as new: one process for equal options."""
    made: dict[str, OpenAIServer] = {}
    with ExitStack() as stack:

        def server(**options: str | float) -> OpenAIServer:
            key = repr(sorted(options.items()))
            if key not in made:
                made[key] = stack.enter_context(OpenAIServer(**options))
            made[key].reset()
            return made[key]

        yield server


@pytest.fixture
def openai_server(openai_servers: Servers) -> OpenAIServer:
    """One that answers in a hundredth of a second."""
    return openai_servers(latency=0.01)
