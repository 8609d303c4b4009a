"""The map as a page that opens without a network: it pans and zooms, and says the topic under the pointer."""

import base64
import json
from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go
import polars as pl

from tasks.topics.pictures.dendrogram_page import escaped
from tasks.topics.pictures.labels import Label
from tasks.topics.pictures.palette import INK
from tasks.topics.pictures.topic_map import TopicMap, limits

_MANY: Final = 50_000
# A name a prompt would be most of the page: a prompt has the number of its topic, and the page looks it up.
_SCRIPT: Final = """
const names = {names};
const texts = {numbers}.map(packed => {{
  const bytes = Uint8Array.from(atob(packed), c => c.charCodeAt(0));
  return Array.from(new Int32Array(bytes.buffer), number => names[number]);
}});
Plotly.restyle('{{plot_id}}', {{text: texts}});
"""


def map_page(shown: TopicMap, labels: Sequence[Label]) -> str:
    """A page of the map: one trace a domain, no text of a prompt, nothing loaded from elsewhere.

    Args:
        shown: what it shows.
        labels: where `draw_map` put them.
    """
    names = [escaped(name) for name in shown.topics["name"]]
    place = {topic: number for number, topic in enumerate(shown.topics["topic_id"])}
    size = 5 if shown.points.height < _MANY else 2.5
    traces, numbers = [], []
    points = shown.points.with_columns(pl.DataFrame(shown.places, schema=["x", "y"]))
    # Last in the legend, and drawn first: under all others.
    for domain, domain_name in reversed(shown.domain_names().items()):
        own = points.filter(pl.col("domain_id").fill_null(-1) == domain)
        if own.height:
            traces.append(_trace(own, escaped(domain_name), shown.colours[domain], size))
            rows = own["topic_id"].replace_strict(place, default=len(names), return_dtype=pl.Int32)
            numbers.append(base64.b64encode(rows.to_numpy().astype("<i4").tobytes()).decode())
    figure = go.Figure(traces, _layout(shown, labels))
    script = _SCRIPT.format(names=_json([*names, "no topic"]), numbers=_json(numbers))
    return str(
        figure.to_html(
            include_plotlyjs=True,
            post_script=script,
            config={"scrollZoom": True, "displaylogo": False, "responsive": True},
            default_height="93vh",
            div_id="topic-map",
        )
    )


def _trace(points: pl.DataFrame, name: str, colour: str, size: float) -> go.Scattergl:
    return go.Scattergl(
        x=points["x"].to_numpy(),
        y=points["y"].to_numpy(),
        name=name,
        mode="markers",
        marker={"color": colour, "size": size, "opacity": 0.6},
        hovertemplate=f"%{{text}}<br>{name}<extra></extra>",
    )


def _layout(shown: TopicMap, labels: Sequence[Label]) -> go.Layout:
    xs, ys = limits(shown.places)
    notes = [
        {
            "x": label.x,
            "y": label.y,
            "text": f"<b>{escaped(label.text)}</b>" if label.is_bold else escaped(label.text),
            "font": {"size": label.size * 1.25, "color": label.colour},
            "showarrow": False,
            "bgcolor": "rgba(255,255,255,0.5)",
            "borderpad": 0,
        }
        for label in labels
    ]
    return go.Layout(
        template="none",
        font={"color": INK, "family": "sans-serif"},
        annotations=notes,
        xaxis={"visible": False, "range": xs},
        yaxis={"visible": False, "range": ys},
        margin={"l": 5, "r": 5, "t": 5, "b": 5},
        legend={"itemsizing": "constant", "traceorder": "reversed", "y": 0.96},
        dragmode="pan",
        hovermode="closest",
    )


def _json(value: object) -> str:
    """JSON that cannot end the script it stands in."""
    return json.dumps(value).replace("<", "\\u003c")
