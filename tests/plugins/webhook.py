"""A webhook on loopback that keeps the messages which Prefect sends to operators."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

SECRET = "T0P/S3CRET"  # as the path of a chat's webhook is


@dataclass
class Told:
    """The address of a webhook, and what it was told."""

    url: str = ""
    messages: list[dict[str, str]] = field(default_factory=list)

    def wait(self, count: int) -> list[dict[str, str]]:
        """All messages, once there are so many."""
        deadline = time.monotonic() + 60
        while len(self.messages) < count:
            assert time.monotonic() < deadline, self.messages
            time.sleep(0.1)
        return self.messages


@pytest.fixture
def told() -> Iterator[Told]:
    told = Told()

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if self.path == f"/{SECRET}":
                told.messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Webhook) as webhook:
        threading.Thread(target=webhook.serve_forever, daemon=True).start()
        told.url = f"http://127.0.0.1:{webhook.server_port}/{SECRET}"
        yield told
        webhook.shutdown()
