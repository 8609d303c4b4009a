"""Whatever conversations come, in whatever order and however many runs."""

from collections import Counter
from collections.abc import Callable

from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tasks.refs import Run
from tasks.settings import CleanSettings
from tests.plugins.homes import fetch
from tests.tasks.clean.clean_home import (
    GERMAN,
    A,
    B,
    C,
    Row,
    add,
    clean_up,
    products,
    reasons,
    row,
    rules,
)

TEXTS = st.sampled_from([A, f" {A}", A + " Thanks!", A + " Please!", B, B.upper(), C, GERMAN, "short", ""])
ROWS = st.lists(
    st.builds(
        row,
        TEXTS,
        day=st.one_of(st.none(), st.integers(0, 3)),
        file=st.sampled_from(["f1", "f2"]),
        turn_count=st.sampled_from([1, 1, 1, 2]),
        language=st.sampled_from([None, "English", "German"]),
        is_toxic=st.sampled_from([False, False, False, True]),
    ),
    min_size=1,
    max_size=14,
)


@given(rows=ROWS, data=st.data())
@examples(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_rows_never_matters_and_every_row_is_accounted_for(
    rows: list[Row], data: st.DataObject, new_run: Callable[[], Run]
):
    shuffled = data.draw(st.permutations(rows))
    homes = [new_run(), new_run()]
    for home, order in zip(homes, (rows, shuffled), strict=True):
        add(home, order)
        kept = clean_up(home).rows
        sightings = Counter(reasons(home))
        assert sightings.total() == len(rows)
        assert sightings[None] == kept + Counter(rules(home)).total()
        assert fetch(home.home, "select count(*) from core.prompts") == [(sightings[None],)]
    assert products(homes[0]) == products(homes[1])


@given(rows=ROWS, split=st.integers(0, 14))
@examples(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_two_runs_see_what_one_sees(rows: list[Row], split: int, new_run: Callable[[], Run]):
    """Prompts, sightings and dates; who of two near-duplicates stays depends on which was read first."""
    without_neighbours = CleanSettings(rules=("multi_turn", "toxic", "too_short"))
    once, twice = new_run(), new_run()
    parts = (
        [{**row, "file_id": "a"} for row in rows[:split]],
        [{**row, "file_id": "b"} for row in rows[split:]],
    )
    for part in parts:
        add(once, part)
        add(twice, part)
        clean_up(twice, without_neighbours)
    clean_up(once, without_neighbours)
    dates = "select prompt_id, first_seen_at from core.prompts order by all"
    assert fetch(once.home, dates) == fetch(twice.home, dates)
    assert reasons(once) == reasons(twice)
    assert rules(once) == rules(twice)
