"""What the server does with a chat or embeddings request, whether it comes alone or in a batch."""

import time
from typing import Any, Final

from tests.openai_server import chat, embeddings, errors, faults
from tests.openai_server.batch_input import ENDPOINTS, check_body
from tests.openai_server.batches import Batches
from tests.openai_server.counts import Counts, request_key, text_key
from tests.openai_server.errors import ApiError
from tests.openai_server.files import Files
from tests.openai_server.options import Options

_FOR_EMBEDDINGS: Final = ("truncated", "empty", "wrong_model")


class Service:
    """State of a server: its fault plan, counts, files and batches."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._models = {name for name in options.models.split(",") if name}
        self._meanings = embeddings.read_meanings(options.meanings)
        self.reset()

    def reset(self) -> None:
        """Be as at the start: nothing asked, no file, no batch, the first plan."""
        self.counts = Counts()
        self.files = Files(self.options.file_bytes)
        self.batches = Batches(self.options, self.files, self.execute)
        self._window = faults.Window()
        self.set_plan(self.options.faults)

    def set_plan(self, source: dict[str, Any]) -> None:
        """Take another fault plan from now on; ValueError or TypeError if it is none."""
        self.plan_source = source
        self.plan = faults.plan(source, rpm=self.options.rpm, quota_after=self.options.quota_after)

    def models(self) -> list[str]:
        return sorted(self._models) or ["gpt-3.5-turbo-0125", "gpt-4-turbo", "text-embedding-3-small"]

    def decide(self, body: dict[str, Any], endpoint: str) -> tuple[str, str | None]:
        """A request's key and the fault that it meets; raises what the server refuses."""
        key, kind = self._draw(body, endpoint)
        self._window.admit(self.plan.rpm, time.monotonic(), body["model"])
        if self.plan.quota_after and self.counts.good >= self.plan.quota_after:
            kind = "quota"
        self._refuse(body, endpoint, key, kind)
        return key, kind

    def answer(self, body: dict[str, Any], endpoint: str, key: str, kind: str | None) -> dict[str, Any]:
        """The answer to a request, counted."""
        options = self.options
        if endpoint == ENDPOINTS[0]:
            answer = chat.answer(body, kind, plain_answer=options.plain_answer, snapshot=options.snapshot)
            self.counts.answer(key, kind)
        else:
            answer = embeddings.answer(body, kind, dimensions=options.dimensions, meanings=self._meanings)
            self.counts.answer(key, kind, [text_key(body["model"], text) for text in embeddings.texts(body)])
        return answer

    def execute(self, body: dict[str, Any], endpoint: str) -> dict[str, Any] | None:
        """Answer an item of a batch: a response, or None for one that the server did not come to."""
        try:
            key, kind = self._draw(body, endpoint)
            if kind == faults.EXPIRED:
                self.counts.fault(key, kind)
                self.counts.batch_items[kind] += 1
                return None
            kind = None if kind in faults.WIRE else kind
            self._refuse(body, endpoint, key, kind)
            status, answer = 200, self.answer(body, endpoint, key, kind)
        except ApiError as error:
            status, answer = error.status, error.body
        self.counts.batch_items[str(status)] += 1
        return {"status_code": status, "request_id": f"req_{time.time_ns():032x}", "body": answer}

    def _draw(self, body: dict[str, Any], endpoint: str) -> tuple[str, str | None]:
        if not isinstance(body.get("model"), str):
            raise ApiError(400, "you must provide a model parameter")
        key = request_key(body)
        nth = self.counts.ask(key)
        if self._models and body["model"] not in self._models:
            raise errors.no_model(body["model"])
        check_body(body, endpoint)
        kind = self.plan.choose(key, nth)
        if endpoint != ENDPOINTS[0] and kind in faults.CONTENT and kind not in _FOR_EMBEDDINGS:
            kind = None
        return key, kind

    def _refuse(self, body: dict[str, Any], endpoint: str, key: str, kind: str | None) -> None:
        text = chat.prompt(body) if endpoint == ENDPOINTS[0] else embeddings.texts(body)[0]
        error = self.plan.error(kind, body["model"], text)
        if error is not None:
            self.counts.fault(key, kind or "")
            raise error
