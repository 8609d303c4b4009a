"""Weekly refreshes of the sample: what stays, what comes, and what people see of it."""

import itertools
from collections import Counter
from dataclasses import replace
from pathlib import Path

import duckdb
import polars as pl
import pytest

from flows.build import build
from flows.refresh import refresh
from tasks import warehouse
from tasks.config import override
from tasks.errors import InputError
from tests.flows.forks import Command
from tests.flows.weeks import SIZE, Weeks
from tests.plugins.homes import Copy


def test_half_is_replaced_each_week(weeks: Weeks) -> None:
    assert len(set(weeks.releases)) == 4
    told = [Counter(weeks.roles(release).values()) for release in weeks.releases]
    assert told[0] == {"new": SIZE}
    assert told[1:] == [{"new": SIZE // 2, "kept": SIZE // 2 - 4, "anchor": 4}] * 3
    for before, after in itertools.pairwise(weeks.releases):
        both = weeks.roles(before).keys() & weeks.roles(after).keys()
        assert both == {prompt for prompt, role in weeks.roles(after).items() if role != "new"}


def test_nobody_serves_too_long_but_anchors_who_stay(weeks: Weeks) -> None:
    served = Counter(prompt for release in weeks.releases for prompt in weeks.roles(release))
    anchors = [
        {prompt for prompt, role in weeks.roles(release).items() if role == "anchor"}
        for release in weeks.releases[1:]
    ]
    assert anchors[0] == anchors[1] == anchors[2]
    assert {prompt for prompt, count in served.items() if count > 2} == anchors[0]


def test_topics_keep_their_ids_and_only_what_is_new_is_placed(weeks: Weeks) -> None:
    assert len(weeks.rows("select 1 from core.taxonomies")) == 1
    moved = weeks.rows(
        "select prompt_id from core.release_prompts group by prompt_id having count(distinct topic_id) > 1"
    )
    assert not moved
    placed = weeks.rows(
        "select count(distinct m.run_id), "
        "count(*) filter (where m.run_id = t.run_id) = any_value(t.prompt_count) "
        "from core.prompt_topics as m inner join core.taxonomies as t using (taxonomy_id)"
    )
    assert placed == [(4, True)]


def test_analysts_see_why_each_question_is_in_and_how_far_sources_are(weeks: Weeks) -> None:
    told = weeks.rows("select role, count(*) from out.test_set group by role order by role")
    assert told == [("anchor", 12), ("kept", 24), ("new", SIZE + 36)]
    [(source, outcome, lag)] = weeks.rows("select source, outcome, lag_hours from out.source_lag")
    assert (source, outcome) == (str(weeks.logs), "new")
    assert 0 <= lag < 1


def test_readers_see_the_whole_of_one_run_and_block_none(weeks: Weeks) -> None:
    assert len(set(weeks.story.copies)) == 4
    assert set(weeks.story.seen["holder"]) == {weeks.story.copies[0]}
    visits = weeks.story.seen["visitor"]
    assert (visits[0], visits[-1]) == (weeks.story.copies[0], weeks.story.copies[-1])
    assert set(visits) == set(weeks.story.copies)
    assert [copy for copy, _ in itertools.groupby(visits)] == weeks.story.copies


def test_nothing_new_makes_no_new_release(weeks: Weeks, copy: Copy) -> None:
    home = copy(weeks.home)
    again = refresh((str(weeks.logs),), str(home), weeks.settings)
    assert again.key == weeks.releases[-1]
    assert len(list((home / "releases").glob("*/manifest.json"))) == 4


def test_questions_of_analysts_have_answers_after_four_refreshes(weeks: Weeks) -> None:
    answers = {}
    with duckdb.connect(weeks.home / "analytics.duckdb", read_only=True) as con:
        for path in (warehouse.SQL / "examples").glob("*.sql"):
            answers[path.stem[3:]] = con.sql(path.read_text()).pl()
    # No model was asked, and the sample repeats no list.
    empty = {name for name, answer in answers.items() if answer.is_empty()}
    assert empty == {"cost_per_release", "failed_calls", "contamination_by_list"}
    lives = {row["fate"]: row for row in answers["prompt_lifetimes"].to_dicts()}
    assert lives["still serving"]["prompts"] == SIZE
    assert (lives["served_out"]["mean_releases"], lives["rotated_out"]["mean_releases"]) == (2, 1)
    assert answers["releases_over_time"]["came"].to_list() == [SIZE // 2] * 3 + [None]
    assert answers["criteria_shift"].height == 7
    assert answers["growing_topics"]["releases"].max() <= 4
    # The Parquet beside it is of the same run.
    lifetimes = pl.read_parquet(weeks.home / "parquet" / "latest" / "prompt_lifetimes.parquet")
    assert lifetimes.height == SIZE + 36


def test_a_refit_places_all_prompts_anew_and_keeps_the_rotation_and_what_ids_it_can(
    weeks: Weeks, copy: Copy
) -> None:
    home = copy(weeks.eve)
    made = refresh((str(weeks.logs),), str(home), override(weeks.settings, refresh__refit=True))
    refitted = replace(weeks, home=home)
    placed = refitted.rows(
        "select count(*) from core.taxonomies inner join core.prompt_topics using (taxonomy_id) "
        "group by taxonomy_id order by min(fitted_at)"
    )
    eligible = refitted.rows("select count(*) from core.eligible_prompts")
    assert placed[0] < placed[1] == eligible[0]
    [(same, kept_their_id)] = refitted.rows(
        "select count(*), count(*) filter (where topic_id = parent_topic_id) "
        "from core.topic_lineage where relation = 'same'"
    )
    assert same == kept_their_id > 0
    roles = Counter(refitted.roles(made.key).values())
    assert roles == {"new": SIZE // 2, "kept": SIZE // 2 - 4, "anchor": 4}


def test_a_build_does_not_rotate(weeks: Weeks, copy: Copy) -> None:
    home = copy(weeks.home)
    made = build([str(weeks.logs)], str(home), weeks.settings)
    assert Counter(replace(weeks, home=home).roles(made.key).values()) == {"new": SIZE}
    assert made.key[11:] != weeks.releases[-1][11:]


def test_without_a_source_a_refresh_says_what_to_do(command: Command, tmp_path: Path) -> None:
    done = command("refresh", "--home", tmp_path)
    assert done.returncode == 2
    assert "set refresh.sources" in done.stderr
    with pytest.raises(InputError, match="nothing to refresh from"):
        refresh((), str(tmp_path))
