"""From which cosine a prompt repeats another: a number that is the embedder's own."""

import re
from typing import Final

from tasks.errors import InputError
from tasks.settings import STATIC, ScreenSettings

# LMArena's, for OpenAI's model; README.md says how the one of `static` was found.
CALIBRATED: Final = {"text-embedding-3-small": 0.7, STATIC: 0.8}
# What the stage embed puts behind the name of a model with parameters, or of the static one.
_SUFFIX: Final = re.compile(r"-[0-9a-f]{8}$")


def min_cosine(embedder: str, settings: ScreenSettings) -> float:
    """The cosine from which a prompt is a semantic repeat.

    Args:
        embedder: as vectors are stored under, or the model alone.
        settings: of the stage; its own limit comes first.

    Raises:
        InputError: the embedder has no calibrated limit, and none is set.
    """
    if settings.min_cosine:
        return settings.min_cosine
    limit = CALIBRATED.get(embedder) or CALIBRATED.get(_SUFFIX.sub("", embedder))
    if limit is None:
        raise InputError(
            f"no calibrated cosine of {embedder}, from which a prompt repeats another: set screen.min_cosine "
            "(tasks/screen/README.md tells how to find it), or screen.semantic = false to go without"
        )
    return limit
