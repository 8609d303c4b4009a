"""What a refresh is told otherwise than a build."""

import pytest

from tasks.config import override
from tasks.errors import InputError
from tasks.settings import Settings
from tasks.weekly import for_refresh

SOURCES = ("s3://logs/chat",)


def test_topics_are_kept_and_releases_rotate() -> None:
    weekly = for_refresh(Settings(), SOURCES)
    assert (weekly.topics.refit, weekly.rotation.flows) == ("on_drift", "all")
    assert weekly.refresh.sources == SOURCES
    assert override(weekly, topics__refit="always", rotation__flows="refresh") == override(
        Settings(), refresh__sources=SOURCES
    )


def test_a_refit_fits_all_again() -> None:
    assert for_refresh(override(Settings(), refresh__refit=True), SOURCES).topics.refit == "always"


def test_what_was_said_with_never_and_none_stays() -> None:
    said = override(Settings(), topics__refit="never", rotation__flows="none")
    weekly = for_refresh(said, SOURCES)
    assert (weekly.topics.refit, weekly.rotation.flows) == ("never", "none")


def test_sources_of_the_settings_are_read_if_none_are_named() -> None:
    configured = override(Settings(), refresh__sources=("a", "b"))
    assert for_refresh(configured).refresh.sources == ("a", "b")
    assert for_refresh(configured, SOURCES).refresh.sources == SOURCES
    with pytest.raises(InputError, match=r"set refresh\.sources"):
        for_refresh(Settings())
