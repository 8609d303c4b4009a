"""Where labels go on a map: at the densest place of what they name, and not over each other."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

Points = NDArray[np.float32]

_SAMPLE: Final = 400
_NAME_CHARS: Final = 36
# Heights of the label by which it is shifted, in the order tried. A small topic would lie under its own name.
_SHIFTS: Final = (0.8, -0.8, 1.6, -1.6)
_BOLD_SHIFTS: Final = (0.0, 0.8, -0.8, 1.6, -1.6, 2.4, -2.4)
_MARGIN: Final = 2.0


@dataclass(frozen=True)
class Label:
    """A text centred on (x, y) in the units of the map; `size` is in points."""

    text: str
    x: float
    y: float
    size: float
    colour: str
    is_bold: bool


def densest(points: Points, radius: float) -> tuple[float, float]:
    """Where most points are: a mean would fall into the void between two islands.

    Args:
        points: shape (n, 2), n >= 1.
        radius: how far apart points may be that are near each other.
    """
    step = max(1, len(points) // _SAMPLE)
    sample = points[::step]
    apart = np.linalg.norm(sample[:, None] - sample[None], axis=2)
    near = apart <= radius
    x, y = sample[near[near.sum(axis=1).argmax()]].mean(axis=0)
    return float(x), float(y)


def place_labels(axes: Axes, wanted: Iterable[Label], most: int) -> list[Label]:
    """Draw labels on axes, each where it covers none before it; those without such a place are left out.

    Args:
        axes: with their final limits.
        wanted: the most important first.
        most: labels to draw.

    Returns:
        Those drawn, where they are now.
    """
    frame = axes.get_window_extent()
    taken: list[Bbox] = []
    drawn: list[Label] = []
    for label in wanted:
        if len(drawn) == most:
            break
        text = axes.text(
            label.x,
            label.y,
            label.text,
            size=label.size,
            color=label.colour,
            weight="bold" if label.is_bold else "normal",
            ha="center",
            va="center",
            zorder=5,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
        )
        box = text.get_window_extent().padded(_MARGIN)
        shifts = _BOLD_SHIFTS if label.is_bold else _SHIFTS
        shifted = (box.translated(0, up * box.height) for up in shifts)
        free = next((b for b in shifted if _is_free(b, frame, taken)), None)
        if free is None:
            text.remove()
            continue
        x, y = axes.transData.inverted().transform(((free.x0 + free.x1) / 2, (free.y0 + free.y1) / 2))
        text.set_position((x, y))
        taken.append(free)
        drawn.append(Label(label.text, float(x), float(y), label.size, label.colour, label.is_bold))
    return drawn


def _is_free(box: Bbox, frame: Bbox, taken: list[Bbox]) -> bool:
    inside = box.x0 >= frame.x0 and box.x1 <= frame.x1 and box.y0 >= frame.y0 and box.y1 <= frame.y1
    return inside and not any(box.overlaps(other) for other in taken)


def shortened(name: str) -> str:
    """A name of at most 36 characters, cut with an ellipsis."""
    return name if len(name) <= _NAME_CHARS else f"{name[: _NAME_CHARS - 1].rstrip(', ')}…"
