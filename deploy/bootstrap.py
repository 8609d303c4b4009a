"""What a Prefect server needs before its first run; again at any time, with the same result.

- The work pool `evergreen`.
- The variables `evergreen_home` and `evergreen_sources`: what deploy/prefect.yaml fills in the forms with.
- A global concurrency limit `llm-<endpoint>` for each endpoint: runs with `llm.shared_limits` hold a part of
  it while they ask, so that all runs and machines together stay within the endpoint's concurrency.
- Automations (deploy/automations.py): runs that fell silent are marked as crashed; the address in
  `EVERGREEN_NOTIFY_URL`, if there is one, is told of runs that failed and of releases that wait.

    PREFECT_API_URL=http://127.0.0.1:4200/api python -m deploy.bootstrap [PROFILE]
"""

import os
import sys

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import VariableCreate, WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists

from deploy import automations
from deploy.server import POOL
from tasks.config import load
from tasks.errors import EvergreenError, InputError
from tasks.llm import endpoint as endpoints

NOTIFY = "EVERGREEN_NOTIFY_URL"
# The sample that ships with the project, until a person puts something else there.
VARIABLES = {
    "evergreen_home": "deploy/demo/home",
    "evergreen_sources": ["deploy/demo/conversations.jsonl"],
}


def main() -> None:
    """Make what is missing, bring the rest up to date; exit code 2 if settings or the address are faulty."""
    profile = sys.argv[1] if len(sys.argv) > 1 else "offline"
    try:
        known = endpoints.load(load(profile).llm.endpoints)
        with get_client(sync_client=True) as client:
            make_pool(client)
            make_variables(client)
            for _, endpoint in sorted(known.items()):
                client.upsert_global_concurrency_limit_by_name(endpoint.limit_name, endpoint.concurrency)
                print(f"limit {endpoint.limit_name}: {endpoint.concurrency} requests in flight")
            automations.end_silent_runs(client)
            print(f"runs that are silent for {automations.SILENCE.seconds} s: marked as crashed")
            notify(client, os.environ.get(NOTIFY, ""))
    except EvergreenError as error:
        sys.stderr.write(f"bootstrap: {error}\n")
        sys.exit(error.exit_code)


def make_pool(client: SyncPrefectClient) -> None:
    """The pool that workers take runs from; one that exists keeps its limit, and its pause."""
    try:
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
    except ObjectAlreadyExists:
        kind = client.read_work_pool(POOL).type
        if kind != "process":
            raise InputError(f"the work pool {POOL} is of type {kind}, not process: delete it") from None
    print(f"work pool {POOL}: process")


def make_variables(client: SyncPrefectClient) -> None:
    """What deployments are filled in with; what a person has set stays."""
    for name, value in VARIABLES.items():
        known = client.read_variable_by_name(name)
        if known is None:
            client.create_variable(VariableCreate(name=name, value=value))
        print(f"variable {name}: {'made' if known is None else 'as it was set'}")


def notify(client: SyncPrefectClient, url: str) -> None:
    """Have an address told of what a person must look at; it is a secret, and kept in a block as one.

    Raises:
        InputError: not a web address.
    """
    if url and not url.startswith(("http://", "https://")):
        raise InputError(f"{NOTIFY} is no http:// or https:// address")
    if url:
        automations.tell(client, url)
        print(f"notifications: to the address in {NOTIFY}")
    elif automations.is_telling(client):
        print("notifications: as they were set; to stop them, delete the automations in the UI")
    else:
        print(f"notifications: none; to be told of failed runs, set {NOTIFY} and run this again")


if __name__ == "__main__":
    main()
