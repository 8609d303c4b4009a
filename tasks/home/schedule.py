"""What a Prefect server has planned, asked of its REST API: to import Prefect takes longer than to ask."""

import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from tasks.urls import public

_PAGE = 200  # what the server gives at most
_DEFAULT_HOME = ".evergreen"


@dataclass(frozen=True)
class Planned:
    """The next run of a flow on a home; `state` is Scheduled, Late, AwaitingConcurrencySlot, …"""

    home: str
    at: datetime
    state: str


@dataclass(frozen=True)
class Schedule:
    """The next run on each home, the first one first; `problem`: why nothing is known, in one line."""

    runs: list[Planned]
    problem: str = ""


def next_runs(api: str, flow: str, login: str, timeout_seconds: float) -> Schedule:
    """Ask a Prefect server for the next run of a flow on each home. It never raises.

    Args:
        api: the server's API, as in PREFECT_API_URL; empty: there is none.
        flow: name of the flow.
        login: `user:password` of a server that wants it, as in PREFECT_API_AUTH_STRING; else empty.
        timeout_seconds: how long to wait for the server.
    """
    if not api:
        return Schedule([], "unknown: PREFECT_API_URL is not set, so no Prefect server was asked")
    if not api.startswith(("http://", "https://")):
        return Schedule([], "unknown: PREFECT_API_URL is no http:// or https:// address")
    server = f"the Prefect server at {public(api)}"
    try:
        return Schedule(_by_home(_planned(api, flow, login, timeout_seconds)))
    except HTTPError as error:
        return Schedule([], f"unknown: {server} answered {error.code} {error.reason}")
    except (URLError, OSError, HTTPException):
        return Schedule([], f"unknown: {server} was not reached; is it running?")
    except (ValueError, KeyError, TypeError):
        return Schedule([], f"unknown: {server} did not answer as a Prefect server does")


def _planned(api: str, flow: str, login: str, timeout_seconds: float) -> list[dict[str, Any]]:
    query = {
        "flows": {"name": {"any_": [flow]}},
        "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
        "sort": "EXPECTED_START_TIME_ASC",
        "limit": _PAGE,
    }
    headers = {"Content-Type": "application/json"}
    if login:
        headers["Authorization"] = f"Basic {b64encode(login.encode()).decode()}"
    url = f"{api.rstrip('/')}/flow_runs/filter"
    request = Request(url, json.dumps(query).encode(), headers)  # noqa: S310  (the scheme was looked at)
    with urlopen(request, timeout=timeout_seconds) as answer:  # noqa: S310
        runs: list[dict[str, Any]] = json.load(answer)
    return runs


def _by_home(runs: list[dict[str, Any]]) -> list[Planned]:
    first: dict[str, Planned] = {}
    for run in runs:
        home = str(run["parameters"].get("home", _DEFAULT_HOME))
        at = datetime.fromisoformat(run["expected_start_time"])
        first.setdefault(home, Planned(home, at, run["state_name"]))
    return list(first.values())
