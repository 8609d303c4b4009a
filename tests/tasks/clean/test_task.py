"""The stage on a warehouse of its own: what becomes of every conversation."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tasks import warehouse
from tasks.refs import Ref, Run
from tasks.settings import CleanSettings
from tests.plugins.homes import fetch
from tests.tasks.clean.clean_home import (
    GERMAN,
    MONDAY,
    A,
    B,
    C,
    add,
    clean_up,
    products,
    reasons,
    row,
    rules,
)


def test_every_conversation_ends_under_one_reason(run: Run):
    add(
        run,
        [
            row(A),
            row(f"  {A}\r\n"),
            row(B, turn_count=2),
            row(B, is_toxic=True),
            row(C, has_image=True),
            row(GERMAN),
            row("short"),
            row("x" * 16_001),
            row(B + " My address is jane@example.com"),
            row(A + " Thanks!", day=1),
        ],
    )
    assert clean_up(run) == Ref(stage="clean", table="core.prompts", key="eligible", rows=1)
    assert reasons(run) == {None: 6, "exact_duplicate": 1, "multi_turn": 1, "toxic": 1, "image": 1}
    assert rules(run) == {
        "language": 1,
        "too_short": 1,
        "too_long": 1,
        "personal_data": 1,
        "near_duplicate": 1,
    }
    assert fetch(run.home, "select prompt from core.eligible_prompts") == [(A,)]


def test_an_exact_duplicate_is_a_further_sighting_of_the_prompt_first_asked(run: Run):
    add(run, [row(A.replace(" how", "  how"), day=3), row(A, day=1), row(A, day=None), row(A + "\n", day=2)])
    clean_up(run)
    assert fetch(run.home, "select prompt, first_seen_at from core.prompts") == [
        (A, MONDAY + timedelta(days=1))
    ]
    assert fetch(run.home, "select position, reject_reason from core.sightings order by position") == [
        (1, "exact_duplicate"),
        (2, None),
        (3, "exact_duplicate"),
        (4, "exact_duplicate"),
    ]


def test_a_rejected_conversation_does_not_make_its_prompt_seen(run: Run):
    add(run, [row(A, day=0, turn_count=3), row(A, day=5)])
    clean_up(run)
    assert reasons(run) == {"multi_turn": 1, None: 1}
    assert fetch(run.home, "select first_seen_at from core.prompts") == [(MONDAY + timedelta(days=5),)]


def test_an_image_without_text_is_rejected_as_an_image(run: Run):
    add(run, [row("", has_image=True), row(A)])
    clean_up(run)
    assert reasons(run) == {"image": 1, None: 1}


def test_the_source_is_believed_where_the_model_is_unsure(run: Run):
    add(run, [row("12 + 30 = ? 12 * 30 = ?", language="German"), row(A, language="German")])
    clean_up(run, CleanSettings(rules=("language",)))
    assert fetch(run.home, "select evidence from core.flags") == [("German, by its source",)]


def test_no_personal_datum_is_in_a_flag(run: Run):
    add(run, [row(A + " Mail jane@example.com or call 415-555-2671."), row(B + " Call 415-555-2671.")])
    clean_up(run)
    assert sorted(fetch(run.home, "select rule, evidence from core.flags")) == [
        ("personal_data", "email"),
        ("personal_data", "phone"),
    ]


def test_a_second_run_changes_nothing(run: Run):
    add(run, [row(A), row(B), row(A)])
    ref, before = clean_up(run), products(run)
    assert clean_up(run) == ref
    assert products(run) == before


def test_a_second_run_adds_what_is_new_and_keeps_what_was_there(run: Run):
    add(run, [row(A, day=5)])
    clean_up(run)
    # Asked earlier, but read later: what was published may not be replaced by its near-duplicate.
    add(run, [row(A + " Thanks!", day=0, file="f2"), row(B, file="f2"), row(A, day=6, file="f2")])
    assert clean_up(Run(id="run-2", home=run.home, seed=42, lock_wait_seconds=5)).rows == 2
    assert sorted(fetch(run.home, "select prompt, run_id from core.eligible_prompts")) == [
        (A, "run-1"),
        (B, "run-2"),
    ]
    assert rules(run) == {"near_duplicate": 1}
    assert reasons(run) == {None: 3, "exact_duplicate": 1}


@pytest.mark.parametrize(
    "loss",
    ["delete from core.prompt_bands", "update core.prompt_bands set version = 'older', bands = [1, 2]"],
    ids=["no bands", "other bands"],
)
def test_near_duplicates_of_what_another_version_kept_are_found(run: Run, loss: str):
    add(run, [row(A), row(B)])
    clean_up(run)
    with warehouse.transaction(run.home) as con:
        con.execute(loss)
    add(run, [row(A + " Thanks!", day=1, file="f2")])
    assert clean_up(run).rows == 2
    assert rules(run) == {"near_duplicate": 1}
    assert fetch(run.home, "select count(distinct version), count(*) from core.prompt_bands") == [(1, 2)]


def test_a_source_read_later_can_show_that_a_prompt_was_seen_earlier(run: Run):
    add(run, [row(A, day=5), row(B, day=None), row(C, day=1)])
    clean_up(run)
    add(
        run,
        [
            row(A, day=2, file="f2"),
            row(B, day=3, file="f2"),
            row(C, day=4, file="f2"),
            row(C, day=0, file="f2", turn_count=2),
        ],
    )
    clean_up(run)
    seen = dict(fetch(run.home, "select prompt, first_seen_at from core.prompts"))
    assert seen == {
        A: MONDAY + timedelta(days=2),
        B: MONDAY + timedelta(days=3),
        C: MONDAY + timedelta(days=1),
    }


def test_a_file_not_read_to_its_end_waits(run: Run):
    add(run, [row(A)])
    with warehouse.transaction(run.home) as con:
        con.execute("delete from raw.files")
    assert clean_up(run).rows == 0
    assert reasons(run) == {}


def test_other_settings_clean_everything_again(new_run: Callable[[], Run]):
    run, other_run = new_run(), new_run()
    rows = [row(A), row("short"), row(GERMAN), row(A + " Thanks!", day=1), row(B, turn_count=2)]
    loose = CleanSettings(rules=("too_short",), min_chars=3)
    add(run, rows)
    clean_up(run)
    assert clean_up(run, loose).rows == 5
    add(other_run, rows)
    clean_up(other_run, loose)
    assert products(run) == products(other_run)
    assert clean_up(run).rows == 1


def test_nothing_to_clean(run: Run):
    assert clean_up(run).rows == 0


def test_what_an_earlier_run_knew_keeps_that_run_when_all_is_cleaned_again(run: Run) -> None:
    add(run, [row(A)])
    clean_up(run)
    with warehouse.transaction(run.home) as con:
        con.execute(
            "insert into core.screened (prompt_id, first_run_id, is_screened) "
            "select prompt_id, run_id, true from core.prompts"
        )
    add(run, [row(B, file="f2")])
    later = run.model_copy(update={"id": "run-2"})
    clean_up(later, CleanSettings(min_chars=20))  # other settings: all rows are judged anew
    assert fetch(run.home, "select prompt, run_id from core.prompts order by run_id") == [
        (A, run.id),
        (B, later.id),
    ]
