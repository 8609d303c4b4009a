"""Homes for the tests of stages: empty ones, and ones with prompts in them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from tasks.refs import Ref, Run
from tests.plugins.homes import Copy, kept_open, run_on
from tests.tasks.prompts import HomeOf, KeepOpen, add_prompts


@pytest.fixture
def keep_open() -> Iterator[KeepOpen]:
    """Keeps the warehouses of homes open until the test ends, which takes half the time."""
    with ExitStack() as stack:

        def keep(home: Path) -> Path:
            stack.enter_context(kept_open(home))
            return home

        yield keep


@pytest.fixture
def new_run(migrated: Path, copy: Copy, keep_open: KeepOpen) -> Callable[[], Run]:
    """Begins runs, each on an empty home of its own, which is open."""
    return lambda: run_on(keep_open(copy(migrated)))


@pytest.fixture
def home_of(new_run: Callable[[], Run]) -> HomeOf:
    """Makes a home of eligible prompts, given as id → text; they are stored in that order."""

    def make(prompts: Mapping[str, str]) -> Run:
        run = new_run()
        add_prompts(run, prompts)
        return run

    return make


@pytest.fixture(scope="session")
def eligible() -> Ref:
    """What clean hands on."""
    return Ref(stage="clean", table="core.prompts", key="eligible", rows=0)
