"""What a Prefect server needs before its first run; again at any time, with the same result.

A global concurrency limit `llm-<endpoint>` for each endpoint: runs with `llm.shared_limits` hold a part of it
while they ask, so that all runs and machines together stay within the endpoint's concurrency.

    PREFECT_API_URL=http://127.0.0.1:4200/api python -m deploy.bootstrap [PROFILE]
"""

import sys

from prefect.client.orchestration import get_client

from tasks.config import load
from tasks.errors import EvergreenError
from tasks.llm import endpoint as endpoints


def main() -> None:
    """Make the limits, or bring them up to date; exit code 2 if the settings can't be read."""
    profile = sys.argv[1] if len(sys.argv) > 1 else "offline"
    try:
        known = endpoints.load(load(profile).llm.endpoints)
    except EvergreenError as error:
        sys.stderr.write(f"bootstrap: {error}\n")
        sys.exit(error.exit_code)
    with get_client(sync_client=True) as client:
        for _, endpoint in sorted(known.items()):
            client.upsert_global_concurrency_limit_by_name(endpoint.limit_name, endpoint.concurrency)
            print(f"limit {endpoint.limit_name}: {endpoint.concurrency} requests in flight")


if __name__ == "__main__":
    main()
