"""What is under `/_`: for tests to look at the server and to set it, neither counted nor guarded by a key."""

import time

from aiohttp import web

from tests.openai_server.errors import ApiError
from tests.openai_server.responses import of_value, parsed
from tests.openai_server.service import Service


class Admin:
    """The handlers."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def add_routes(self, router: web.UrlDispatcher) -> None:
        for path in ("/_stats", "/_counts", "/_arrivals", "/_plan"):
            router.add_get(path, self.show)
        router.add_post("/_plan", self.plan)
        router.add_post("/_reset", self.reset)

    async def show(self, request: web.Request) -> web.Response:
        counts = self._service.counts
        match request.path:
            case "/_stats":
                return of_value(counts.stats() | {"cpu_seconds": time.process_time()})
            case "/_counts":
                return of_value(counts.by_key())
            case "/_arrivals":
                return of_value({"arrivals": counts.arrivals.tolist()})
        return of_value(self._service.plan_source)

    async def plan(self, request: web.Request) -> web.Response:
        try:
            self._service.set_plan(await parsed(request))
        except (ApiError, TypeError, ValueError) as error:
            return web.Response(text=str(error), status=400)
        return of_value(self._service.plan_source)

    async def reset(self, _: web.Request) -> web.Response:
        self._service.reset()
        return of_value({})
