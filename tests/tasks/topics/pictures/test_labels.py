"""Labels stand where most points are, and never over each other."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tasks.topics.pictures.labels import Label, densest, place_labels


@pytest.fixture
def axes() -> Axes:
    figure = Figure(figsize=(8, 5), dpi=100)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 10), ylim=(0, 10))
    return axes


def test_a_label_is_on_the_larger_island_not_in_the_void_between_two() -> None:
    rng = np.random.default_rng(1)
    islands = np.concatenate([rng.normal(0, 0.1, (60, 2)), rng.normal(10, 0.1, (40, 2))]).astype(np.float32)
    x, y = densest(islands, 0.5)
    assert abs(x) < 0.5
    assert abs(y) < 0.5


def test_labels_drawn_cover_none_of_each_other_and_stay_inside(axes: Axes) -> None:
    places = np.random.default_rng(2).uniform(0, 10, (80, 2))
    wanted = [Label(f"topic number {n}", x, y, 9, "#000000", n < 5) for n, (x, y) in enumerate(places)]
    drawn = place_labels(axes, wanted, 80)
    boxes = [text.get_window_extent() for text in axes.texts]
    assert 10 < len(drawn) < 80
    assert [text.get_text() for text in axes.texts] == [label.text for label in drawn]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    frame = axes.get_window_extent()
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 for box in boxes)


def test_the_most_important_labels_come_first_and_no_more_than_asked(axes: Axes) -> None:
    wanted = [Label(f"n{number}", number + 0.5, 5, 9, "#000000", is_bold=False) for number in range(9)]
    assert [label.text for label in place_labels(axes, wanted, 3)] == ["n0", "n1", "n2"]
