"""A browser without a window, driven by its DevTools protocol."""

import base64
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --window-size=1200,1000 --remote-debugging-port=0"
)
_MIDDLE = """
(() => {
    const element = %s;
    if (!element) return null;
    element.scrollIntoView({block: "center"});
    const box = element.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
})()"""


class Page:
    """What a person sees and does; elements are JavaScript expressions."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._sent = 0
        self._ask("Page.enable")

    def go(self, url: str) -> None:
        """Open an address, and wait until it has loaded."""
        self._ask("Page.navigate", url=url)
        while self._receive().get("method") != "Page.loadEventFired":
            pass

    def wait_for(self, expression: str, seconds: float = 60) -> Any:
        """The value of an expression, once it is true."""
        deadline = time.monotonic() + seconds
        while not (value := self.evaluate(expression)):
            assert time.monotonic() < deadline, f"{expression}: {self.text()}"
            time.sleep(0.2)
        return value

    def text(self) -> str:
        return self.evaluate("document.body.innerText")

    def evaluate(self, expression: str) -> Any:
        answer = self._ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def click(self, element: str) -> None:
        x, y = self.wait_for(_MIDDLE % element)
        for kind in ("mousePressed", "mouseReleased"):
            self._ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def scroll_to(self, element: str) -> None:
        """Lists of Prefect's pages draw only what can be seen."""
        self.wait_for(f"!!{element}")
        self.evaluate(f"{element}.scrollIntoView()")

    def fill(self, field: str, text: str) -> None:
        """Replace what is in a field, and leave it."""
        self.wait_for(f"!!{field}")
        self.evaluate(f"{field}.focus(), {field}.select()")
        self._ask("Input.insertText", text=text)
        assert self.evaluate(f"{field}.value") == text
        self.evaluate(f"{field}.blur()")
        time.sleep(0.5)  # forms take over what was typed a little later

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._ask("Page.captureScreenshot")["data"]))

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._sent += 1
        self._connection.send(json.dumps({"id": self._sent, "method": method, "params": parameters}))
        while (answer := self._receive()).get("id") != self._sent:
            pass  # an event
        return answer["result"]

    def _receive(self) -> dict[str, Any]:
        return json.loads(self._connection.recv(timeout=60))


@contextmanager
def browse(profile: Path) -> Iterator[Page]:
    """A page of a new browser, while the block runs."""
    command = [BROWSER, *_FLAGS.split(), f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            said = next(line.split()[-1] for line in process.stderr if line.startswith("DevTools listening"))
            with urllib.request.urlopen(f"http://{said.split('/')[2]}/json/list", timeout=30) as answer:
                (page,) = (target for target in json.load(answer) if target["type"] == "page")
            with connect(page["webSocketDebuggerUrl"], max_size=None) as connection:
                yield Page(connection)
        finally:
            process.terminate()
