"""Colours of domains, which colour-blind readers can tell apart."""

from collections.abc import Sequence
from typing import Final

NO_TOPIC: Final = "#c4c4c4"
INK: Final = "#2b2b2b"
# Martin Krzywinski's 12 colours for the common kinds of colour blindness, the strongest first.
_COLOURS: Final = (
    "#008df9", "#e20134", "#009f81", "#8400cd", "#ff6e3a", "#9f0162",
    "#00c2f9", "#ffc33b", "#ff5aaf", "#a40122", "#00d5b0", "#e59cf5",
)  # fmt: skip


def domain_colours(domain_ids: Sequence[int]) -> dict[int, str]:
    """A colour a domain, in the order given; after the twelfth they come again."""
    return {domain: _COLOURS[place % len(_COLOURS)] for place, domain in enumerate(domain_ids)}


def darkened(colour: str) -> str:
    """A colour that is dark enough for text on white."""
    red, green, blue = (int(int(colour[start : start + 2], 16) * 0.62) for start in (1, 3, 5))
    return f"#{red:02x}{green:02x}{blue:02x}"
