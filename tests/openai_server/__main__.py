"""`python -m tests.openai_server`: prints its port, then serves until it is ended."""

import asyncio
import socket
import sys

from aiohttp import web

from tests.openai_server import options
from tests.openai_server.app import application
from tests.openai_server.service import Service

_BACKLOG = 4_096
_KEEPALIVE_SECONDS = 3_600


async def serve(chosen: options.Options) -> None:
    """Serve on loopback. The port is printed once it is taken; it refuses connections for `start_delay`."""
    app = application(Service(chosen))
    # No access log; a client that goes away ends its request.
    runner = web.AppRunner(
        app, access_log=None, handler_cancellation=True, keepalive_timeout=_KEEPALIVE_SECONDS
    )
    await runner.setup()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", chosen.port))
        if chosen.start_delay:
            _announce(listener)
            await asyncio.sleep(chosen.start_delay)
        await web.SockSite(runner, listener, backlog=_BACKLOG).start()
        if not chosen.start_delay:
            _announce(listener)
        ended = asyncio.Event()
        if chosen.with_parent:
            asyncio.get_running_loop().add_reader(sys.stdin.fileno(), ended.set)
        await ended.wait()


def _announce(listener: socket.socket) -> None:
    print(listener.getsockname()[1], flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(serve(options.read()))
    except KeyboardInterrupt:
        sys.exit(130)
