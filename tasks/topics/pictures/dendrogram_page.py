"""The tree of the 64 largest topics as a page that opens without a network."""

from collections.abc import Sequence
from typing import Any, Final

import plotly.graph_objects as go

from tasks.topics.pictures.branches import Branch
from tasks.topics.pictures.dendrogram import Branches, NodeName, domain_bars, lines, widest
from tasks.topics.pictures.labels import shortened
from tasks.topics.pictures.palette import INK, darkened

_LINE_PIXELS: Final = 19
# Beyond the topics, in widths of the tree: where the bars of domains are, and where the picture ends.
_MARGIN: Final = 0.32
_RIGHT: Final = 0.65


def dendrogram_page(branches: Branches, names: Sequence[NodeName]) -> str:
    """A page of the tree: under the pointer a node says its name, topics and prompts.

    Args:
        branches: the tree.
        names: those that `draw_dendrogram` had room for.
    """
    figure = go.Figure([*_stems(branches), _nodes(branches)], _layout(branches, names))
    return str(
        figure.to_html(
            include_plotlyjs=True, config={"displaylogo": False, "responsive": True}, div_id="topic-tree"
        )
    )


def _stems(branches: Branches) -> list[go.Scatter]:
    """One trace a colour, its brackets apart from each other."""
    xs: dict[str, list[float | None]] = {}
    ys: dict[str, list[float | None]] = {}
    for line_x, line_y, colour in lines(branches):
        xs.setdefault(colour, []).extend((*line_x, None))
        ys.setdefault(colour, []).extend((*line_y, None))
    return [
        go.Scatter(x=xs[colour], y=ys[colour], mode="lines", line=_line(colour, 2), hoverinfo="skip")
        for colour in xs
    ]


def _nodes(branches: Branches) -> go.Scatter:
    shown = list(branches.values())
    return go.Scatter(
        x=[branch.x for branch in shown],
        y=[branch.y for branch in shown],
        mode="markers",
        marker={"color": [branch.colour for branch in shown], "size": [_size(branch) for branch in shown]},
        text=[
            f"<b>{escaped(branch.name)}</b><br>{branch.topics:,} topics, {branch.prompts:,} prompts"
            f"<br>domain: {escaped(branch.domain) or 'several'}"
            for branch in shown
        ],
        hovertemplate="%{text}<extra></extra>",
    )


def _size(branch: Branch) -> int:
    return 7 if branch.is_topic else 9


def _layout(branches: Branches, names: Sequence[NodeName]) -> go.Layout:
    topics = [branch for branch in branches.values() if branch.is_topic]
    far = -_MARGIN * widest(branches)
    bars = domain_bars(branches)
    notes = [
        *(
            _note(0, topic.y, f"{shortened(topic.name)} · {topic.prompts:,}", topic.colour)
            for topic in topics
        ),
        *(_note(name.x, name.y, name.text, name.colour, "bottom") for name in names),
        *(_note(far, (first + last) / 2, domain, colour) for domain, colour, first, last in bars),
    ]
    shapes = [
        {"type": "line", "x0": far, "x1": far, "y0": first - 0.3, "y1": last + 0.3, "line": _line(colour, 5)}
        for _, colour, first, last in bars
    ]
    return go.Layout(
        template="none",
        font={"color": INK, "family": "sans-serif"},
        annotations=notes,
        shapes=shapes,
        showlegend=False,
        hovermode="closest",
        height=_LINE_PIXELS * len(topics) + 60,
        margin={"l": 10, "r": 10, "t": 40, "b": 10},
        xaxis={"visible": False, "range": [widest(branches) * 1.02, -_RIGHT * widest(branches)]},
        yaxis={"visible": False, "range": [len(topics) - 0.4, -0.6]},
    )


def _note(x: float, y: float, text: str, colour: str, anchor: str = "middle") -> dict[str, Any]:
    return {
        "x": x,
        "y": y,
        "text": escaped(text),
        "xanchor": "left",
        "yanchor": anchor,
        "xshift": 0 if anchor == "bottom" else 8,
        "showarrow": False,
        "borderpad": 0,
        "font": {"color": darkened(colour), "size": 11 if anchor == "bottom" else 12},
    }


def _line(colour: str, width: int) -> dict[str, Any]:
    return {"color": colour, "width": width}


def escaped(text: str) -> str:
    """Text without markup, as Plotly reads some tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
