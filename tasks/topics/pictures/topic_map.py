"""The map: every prompt as a dot in the colour of its domain, with the names of domains and large topics."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tasks.topics.pictures.labels import Label, Points, densest, place_labels, shortened
from tasks.topics.pictures.palette import INK, NO_TOPIC, darkened, domain_colours

_WIDTH: Final = 16
_HEIGHT: Final = 10
_DPI: Final = 100
_LABELS: Final = 70
_TOPICS_TRIED: Final = 200
_NO_DOMAIN: Final = -1
_MOST: Final = 0.8
# In widths of the map. A domain is where most of it is, not where its densest topic is.
_TOPIC_RADIUS: Final = 0.02
_DOMAIN_RADIUS: Final = 0.07


@dataclass(frozen=True)
class TopicMap:
    """What a map shows.

    Args:
        points: `topic_id`, `domain_id` (null for none), `x`, `y`; a row a prompt.
        topics: `topic_id`, `domain_id`, `name`; the largest first.
        domains: `domain_id`, `name`, `share` (of prompts); the largest first.
    """

    points: pl.DataFrame
    topics: pl.DataFrame
    domains: pl.DataFrame

    @cached_property
    def places(self) -> Points:
        """Where the dots are, of shape (prompts, 2)."""
        return _drawn_in(np.asarray(self.points.select("x", "y").to_numpy(), dtype=np.float32))

    @property
    def colours(self) -> dict[int, str]:
        """The colour of each domain, and of prompts without one."""
        return {_NO_DOMAIN: NO_TOPIC, **domain_colours(self.domains["domain_id"].to_list())}

    def domain_names(self) -> dict[int, str]:
        """The name of each domain with its share, the largest first; last, prompts without a topic."""
        names = {
            domain: f"{shortened(name)} · {share:.0%}"
            for domain, name, share in self.domains.select("domain_id", "name", "share").iter_rows()
        }
        return {**names, _NO_DOMAIN: "no topic"}


def draw_map(shown: TopicMap) -> tuple[Figure, list[Label]]:
    """Draw the map, 1600 by 1000 pixels.

    Returns:
        The figure, and the labels on it.
    """
    figure = Figure(figsize=(_WIDTH, _HEIGHT), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.01, 0.01, 0.78, 0.98))
    axes.set_axis_off()
    points = shown.places
    domain = shown.points["domain_id"].fill_null(_NO_DOMAIN).to_numpy()
    colours = shown.colours
    # No domain lies on top of another everywhere: dots are drawn in an order that has nothing to do with it.
    order = np.random.default_rng(0).permutation(len(points))
    size = float(np.clip(60_000 / len(points), 1.2, 14))
    axes.scatter(
        points[order, 0],
        points[order, 1],
        s=size,
        c=[colours[key] for key in domain[order].tolist()],
        alpha=0.55,
        linewidths=0,
        rasterized=len(points) > 20_000,
    )
    (left, right), (bottom, top) = limits(points)
    axes.set(xlim=(left, right), ylim=(bottom, top))
    labels = place_labels(axes, _wanted(shown, points), _LABELS)
    _legend(figure, shown, domain)
    return figure, labels


def _drawn_in(points: Points) -> Points:
    """Points around their median, in which a distance beyond that of most points grows by its logarithm.

    The layout has islands far from the rest: at their true distance all else would be a blot.
    """
    away = points - np.median(points, axis=0)
    scale = np.quantile(np.abs(away), _MOST, axis=0)
    away = away / np.where(scale > 0, scale, 1)
    distance = np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    return np.asarray(away * np.where(distance > 1, (1 + np.log(distance)) / distance, 1), dtype=np.float32)


def limits(points: Points) -> tuple[tuple[float, float], tuple[float, float]]:
    """The range of x, and that of y, with a margin around all points."""
    low, high = points.min(axis=0), points.max(axis=0)
    pad = np.maximum((high - low) * 0.03, 1e-3)
    (left, bottom), (right, top) = (low - pad).tolist(), (high + pad).tolist()
    return (left, right), (bottom, top)


def _wanted(shown: TopicMap, points: Points) -> list[Label]:
    """Labels of domains, then of the largest topics."""
    extent = float(np.ptp(points, axis=0).max()) or 1.0
    domains, topics = (_members(shown.points[column]) for column in ("domain_id", "topic_id"))
    labels = []
    for domain, name in shown.domains.select("domain_id", "name").iter_rows():
        x, y = densest(points[domains[domain]], _DOMAIN_RADIUS * extent)
        labels.append(Label(shortened(name), x, y, 13, darkened(shown.colours[domain]), is_bold=True))
    for topic, name in shown.topics.head(_TOPICS_TRIED).select("topic_id", "name").iter_rows():
        x, y = densest(points[topics[topic]], _TOPIC_RADIUS * extent)
        labels.append(Label(shortened(name), x, y, 8.5, INK, is_bold=False))
    return labels


def _members(keys: pl.Series) -> dict[int, NDArray[np.uint32]]:
    """Rows of each key."""
    rows = pl.DataFrame({"key": keys}).with_row_index("row").drop_nulls().group_by("key").agg("row")
    return {key: row.to_numpy() for key, row in zip(rows["key"], rows["row"], strict=True)}


def _legend(figure: Figure, shown: TopicMap, domain: NDArray[np.int32]) -> None:
    names = {key: name for key, name in shown.domain_names().items() if (domain == key).any()}
    for line, (key, name) in enumerate(names.items()):
        figure.text(0.795, 0.94 - line * 0.03, "●", color=shown.colours[key], size=13, va="center")
        figure.text(0.81, 0.94 - line * 0.03, name, color=INK, size=9, va="center")
