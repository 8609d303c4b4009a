"""What a refresh is told otherwise than a build."""

from collections.abc import Sequence

from tasks.config import override
from tasks.errors import InputError
from tasks.settings import Settings


def for_refresh(settings: Settings, sources: Sequence[str] = ()) -> Settings:
    """The settings of a refresh: topics are kept, unless told to refit, and releases rotate.

    `topics.refit = "never"` stays as it is, and so does `rotation.flows = "none"`.

    Args:
        settings: as they were given.
        sources: to read; if there are none, those of `refresh.sources`.

    Raises:
        InputError: there are no sources.
    """
    sources = tuple(sources) or settings.refresh.sources
    if not sources:
        raise InputError("nothing to refresh from: name a source, or set refresh.sources in the settings")
    kept = "never" if settings.topics.refit == "never" else "on_drift"
    is_rotating = settings.rotation.flows != "none"
    return override(
        settings,
        refresh__sources=sources,
        topics__refit="always" if settings.refresh.refit else kept,
        rotation__flows="all" if is_rotating else "none",
    )
