"""The tree of the 64 largest topics as a picture: topics on the right, the root on the left."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox

from tasks.topics.pictures.branches import Branch
from tasks.topics.pictures.labels import shortened
from tasks.topics.pictures.palette import INK, NO_TOPIC, darkened

_DPI: Final = 100
_LINE_INCHES: Final = 0.2

Branches = Mapping[int, Branch]


@dataclass(frozen=True)
class NodeName:
    """The name of an inner node on the stem that leads to it, from (x, y) on."""

    text: str
    x: float
    y: float
    colour: str


def draw_dendrogram(branches: Branches) -> tuple[Figure, list[NodeName]]:
    """Draw the tree, 1600 pixels wide and 20 a topic high.

    Returns:
        The figure, and the names of inner nodes on it: those that had room.
    """
    topics = [branch for branch in branches.values() if branch.is_topic]
    height = _LINE_INCHES * len(topics) + 0.4
    figure = Figure(figsize=(16, height), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.01, 0, 0.6, 1))
    axes.set_axis_off()
    axes.set_xlim(widest(branches) * 1.01, 0)
    axes.set_ylim(len(topics), -1)
    for line_x, line_y, colour in lines(branches):
        axes.plot(line_x, line_y, color=colour, linewidth=1.8, solid_capstyle="round", zorder=1)
    for topic in topics:
        text = f"{shortened(topic.name)} · {topic.prompts:,}"
        axes.text(-0.008 * widest(branches), topic.y, text, size=9, color=darkened(topic.colour), va="center")
    margin = figure.add_axes((0.79, 0, 0.2, 1), sharey=axes)
    margin.set_axis_off()
    margin.set_xlim(0, 1)
    for domain, colour, first, last in domain_bars(branches):
        margin.plot((0.02, 0.02), (first - 0.3, last + 0.3), color=colour, linewidth=5, solid_capstyle="butt")
        margin.text(
            0.06,
            (first + last) / 2,
            shortened(domain),
            size=10,
            color=darkened(colour),
            weight="bold",
            va="center",
        )
    return figure, _name_inner(axes, branches)


def widest(branches: Branches) -> float:
    """Where the root stands; 1 where all topics are the same."""
    return max(branch.x for branch in branches.values()) or 1.0


def lines(branches: Branches) -> list[tuple[tuple[float, ...], tuple[float, ...], str]]:
    """From each inner node to each of its children, down or up and then across, as (x, y, colour)."""
    return [
        ((node.x, node.x, child.x), (node.y, child.y, child.y), child.colour)
        for node in branches.values()
        for child in (branches[key] for key in node.children)
    ]


def domain_bars(branches: Branches) -> list[tuple[str, str, float, float]]:
    """Name and colour of each domain, and its first and its last topic's line."""
    topics = sorted((branch for branch in branches.values() if branch.is_topic), key=lambda topic: topic.y)
    bars = []
    for (domain, colour), own in groupby(topics, key=lambda topic: (topic.domain, topic.colour)):
        ys = [topic.y for topic in own]
        if colour != NO_TOPIC:
            bars.append((domain, colour, ys[0], ys[-1]))
    return bars


def _name_inner(axes: Axes, branches: Branches) -> list[NodeName]:
    """Write names on stems, those of most topics first, where they cover no line and no other name."""
    parents = {child: node for node in branches.values() for child in node.children}
    taken = [_upright(axes, node, branches) for node in branches.values() if node.children]
    inner = [(node_id, node) for node_id, node in branches.items() if node.children and node_id in parents]
    names: list[NodeName] = []
    for node_id, node in sorted(inner, key=lambda pair: (-pair[1].topics, pair[0])):
        x, y = parents[node_id].x - 0.005 * widest(branches), node.y - 0.08
        colour = darkened(node.colour) if node.domain else INK
        # Two words say more than none.
        for name in (node.name, ", ".join(node.name.split(", ")[:2])):
            text = axes.text(x, y, name, size=8.5, color=colour, va="bottom", zorder=3)
            text.set_path_effects([withStroke(linewidth=2, foreground="white")])
            box = text.get_window_extent()
            is_new = name not in {other.text for other in names}
            if is_new and not any(box.overlaps(other) for other in taken):
                taken.append(box.padded(2))
                names.append(NodeName(name, x, y, colour))
                break
            text.remove()
    return names


def _upright(axes: Axes, node: Branch, branches: Branches) -> Bbox:
    """The pixels of the upright line between a node's children."""
    places = [(node.x, branches[child].y) for child in node.children]
    (x, top), (_, bottom) = axes.transData.transform(places)
    return Bbox([(x - 1, min(top, bottom)), (x + 1, max(top, bottom))])
