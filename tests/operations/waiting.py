"""A flow that runs until it is told to end."""

import time
from pathlib import Path

from prefect import flow


@flow
def wait(until: str) -> None:
    """Run until a file exists; two minutes at most."""
    deadline = time.monotonic() + 120
    while not Path(until).exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
