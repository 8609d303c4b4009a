"""The HTTP side: routes, keys, headers, and faults of the connection."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from tests.openai_server import errors
from tests.openai_server.admin import Admin
from tests.openai_server.batch_input import ENDPOINTS
from tests.openai_server.errors import ApiError
from tests.openai_server.files import page
from tests.openai_server.responses import HEADERS, of_bytes, of_value, parsed
from tests.openai_server.service import Service

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(service: Service) -> web.Application:
    """The whole application."""
    app = web.Application(client_max_size=service.options.file_bytes + 100_000_000)
    api = Api(service)
    for endpoint in ENDPOINTS:
        app.router.add_post(endpoint, api.guarded(endpoint, api.answer))
    for method, path, work in (
        ("GET", "/v1/models", api.models),
        ("POST", "/v1/files", api.upload),
        ("GET", "/v1/files", api.list_files),
        ("GET", "/v1/files/{id}", api.file),
        ("GET", "/v1/files/{id}/content", api.content),
        ("DELETE", "/v1/files/{id}", api.remove),
        ("POST", "/v1/batches", api.create_batch),
        ("GET", "/v1/batches", api.list_batches),
        ("GET", "/v1/batches/{id}", api.batch),
        ("POST", "/v1/batches/{id}/cancel", api.cancel),
    ):
        app.router.add_route(method, path, api.guarded(path, api.unreliable(work)))
    Admin(service).add_routes(app.router)
    app.router.add_route("*", "/{tail:.*}", api.guarded("unknown", _unknown))
    return app


class Api:
    """The handlers of a server."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def guarded(self, path: str, handler: Handler) -> Handler:
        """Check the key, count, and turn errors into answers."""

        async def run(request: web.Request) -> web.StreamResponse:
            counts = self._service.counts
            counts.by_path[path] += 1
            try:
                self._authorise(request)
                response = await handler(request)
            except ApiError as error:
                response = of_value(error.body, error.status, error.headers)
            # One that was cut or stalled is no `Response`: its client saw no status, or no end.
            if isinstance(response, web.Response):
                counts.by_status[response.status] += 1
            return response

        return run

    def unreliable(self, work: Callable[[web.Request], Awaitable[Any]]) -> Handler:
        """Answer with what the work returns, or fail as the plan wants; connections fail after the work."""

        async def run(request: web.Request) -> web.StreamResponse:
            service, key = self._service, f"{request.method} {request.path}"
            kind = service.plan.choose_for_batch_api(key, service.counts.ask(key))
            if kind is not None:
                service.counts.fault(key, kind)
            error = service.plan.error(kind, "batches", key)
            if error is not None:
                raise error
            made = await work(request)
            return await self._deliver(request, made if isinstance(made, bytes) else orjson.dumps(made), kind)

        return run

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """A chat completion or embeddings."""
        service, counts = self._service, self._service.counts
        counts.arrive(time.monotonic())
        try:
            body = await parsed(request)
            key, kind = service.decide(body, request.path)
            await self._wait()
            made = service.answer(body, request.path, key, kind)
            return await self._deliver(request, orjson.dumps(made), kind)
        finally:
            counts.in_flight -= 1

    async def models(self, _: web.Request) -> Any:
        names = self._service.models()
        rows = [{"id": name, "object": "model", "created": 0, "owned_by": "system"} for name in names]
        return {"object": "list", "data": rows}

    async def upload(self, request: web.Request) -> Any:
        form = await request.post()
        file, purpose = form.get("file"), form.get("purpose")
        if not isinstance(file, web.FileField):
            raise errors.missing("file")
        if purpose != "batch":
            raise ApiError(400, "Invalid value for 'purpose'.", param="purpose", code="invalid_value")
        return self._service.files.add(file.filename, purpose, file.file.read()).view()

    async def list_files(self, request: web.Request) -> Any:
        return _paged(request, self._service.files.newest_first())

    async def file(self, request: web.Request) -> Any:
        return self._service.files.get(request.match_info["id"]).view()

    async def content(self, request: web.Request) -> Any:
        return self._service.files.get(request.match_info["id"]).content

    async def remove(self, request: web.Request) -> Any:
        return self._service.files.remove(request.match_info["id"])

    async def create_batch(self, request: web.Request) -> Any:
        return self._service.batches.create(await parsed(request))

    async def list_batches(self, request: web.Request) -> Any:
        return _paged(request, self._service.batches.newest_first())

    async def batch(self, request: web.Request) -> Any:
        return self._service.batches.get(request.match_info["id"])

    async def cancel(self, request: web.Request) -> Any:
        return self._service.batches.cancel(request.match_info["id"])

    def _authorise(self, request: web.Request) -> None:
        wanted = self._service.options.api_key
        if not wanted:
            return
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if not given:
            raise errors.no_key()
        if given != wanted:
            raise errors.wrong_key(given)

    async def _wait(self) -> None:
        if not self._service.options.latency:
            return
        try:
            await asyncio.sleep(self._service.options.latency)
        except asyncio.CancelledError:
            self._service.counts.abandoned += 1
            raise

    async def _deliver(self, request: web.Request, body: bytes, kind: str | None) -> web.StreamResponse:
        """Send an answer, or fail to."""
        match kind:
            case "bad_json":
                body = body[: len(body) // 2]
            case "stall":
                await asyncio.sleep(self._service.plan.stall_seconds)
                return _abort(request, web.StreamResponse())
            case "cut":
                response = web.StreamResponse(headers={**HEADERS, "Content-Length": str(len(body))})
                await response.prepare(request)
                await response.write(body[: len(body) // 2])
                return _abort(request, response)
        return of_bytes(body)


async def _unknown(request: web.Request) -> web.StreamResponse:
    raise ApiError(404, f"Invalid URL ({request.method} {request.path})")


def _abort(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return response


def _paged(request: web.Request, rows: list[dict[str, Any]]) -> dict[str, Any]:
    limit = request.query.get("limit", "20")
    if not limit.isdigit() or not 1 <= int(limit) <= 100:
        raise ApiError(400, "Invalid 'limit': 1 to 100.", param="limit", code="invalid_value")
    return page(rows, request.query.get("after"), int(limit))
