"""What select stores and says."""

import logging
from collections.abc import Callable, Mapping

import pytest

from tasks import warehouse
from tasks.annotate.task import annotate
from tasks.refs import Ref, Run
from tasks.select.task import select
from tasks.settings import AnnotateSettings, LlmSettings, RotationSettings, SelectSettings
from tests.plugins.homes import read

TOPICS = Ref(stage="topics", table="core.topics", key="tax-1", rows=3)
IDS = [f"{number:02d}" for number in range(12)]


@pytest.fixture
def run(home_of: Callable[[Mapping[str, str]], Run], eligible: Ref) -> Run:
    """Twelve prompts in three topics, all annotated; the last one has no topic."""
    run = home_of({i: f"Design a cache for {i} servers and prove a bound on its misses." for i in IDS})
    annotate.fn(run, eligible, TOPICS, AnnotateSettings(), LlmSettings())
    with warehouse.transaction(run.home) as con:
        con.execute(
            "insert into core.topics "
            "(taxonomy_id, topic_id, name, keywords, size, core_size, representatives, x, y, domain_id) "
            "select 'tax-1', i, 'topic ' || i, ['cache'], 4, 4, [], 0, 0, if(i = 2, 2, 3) "
            "from range(3) as t (i)"
        )
        con.execute(
            "insert into core.topic_tree (taxonomy_id, node_id, parent_id, name, distance, topic_count) "
            "values ('tax-1', 2, 4, 'topic 2', 0, 1), ('tax-1', 3, 4, 'caches', 1, 2), "
            "('tax-1', 4, null, 'all topics', 2, 3)"
        )
        con.execute(
            "insert into core.prompt_topics "
            "(taxonomy_id, prompt_id, topic_id, assigned_by, similarity, x, y) select 'tax-1', prompt_id, "
            "if(prompt_id = '11', null, cast(prompt_id as integer) % 3), 'cluster', 1, 0, 0 from core.prompts"
        )
    return run


def call(run: Run, **asked: object) -> Ref:
    annotations = Ref(stage="annotate", table="core.annotations", key="heuristic-1", rows=12)
    return select.fn(run, TOPICS, annotations, SelectSettings(min_score=0, min_topic_mean=0, **asked))


def test_the_choice_is_stored_with_the_fate_of_all_prompts_that_have_a_topic(run: Run) -> None:
    ref = call(run, size=4)
    assert ref == Ref(stage="select", table="core.selections", key="run-1", rows=4)
    selections = read(run.home, "select * from core.selections order by prompt_id")
    assert selections["prompt_id"].to_list() == IDS[:11]
    assert selections["reject_reason"].null_count() == 4
    topics = read(run.home, "select * from core.topic_scores")
    assert topics["annotated_count"].sum() == 11
    assert topics["is_chosen"].sum() == 2


def test_what_the_first_pass_of_this_run_kept_back_is_not_chosen(run: Run) -> None:
    with warehouse.transaction(run.home) as con:
        con.execute("insert into core.screenings values ('run-1', '03', 'low_first_score')")
        con.execute("insert into core.screenings values ('run-0', '04', 'low_first_score')")
    call(run, size=4)
    assert set(read(run.home, "select prompt_id from core.selections")["prompt_id"]) == {*IDS[:11]} - {"03"}


def drawn(run: Run, run_id: str) -> tuple[str, str | None]:
    """Choose in a later refresh, which has read another file; returns what it was drawn of and rotates."""
    with warehouse.transaction(run.home) as con:
        con.execute(
            "insert into core.runs (run_id, flow, state, started_at, settings) "
            f"values ('{run_id}', 'refresh', 'done', now(), '{{}}')"
        )
        con.execute(f"insert into raw.files values ('{run_id}', 's3://a', 1, 'v', 1, 0, '{run_id}', now())")
    annotations = Ref(stage="annotate", table="core.annotations", key="heuristic-1", rows=12)
    asked = SelectSettings(min_score=0, min_topic_mean=0, size=4)
    later = run.model_copy(update={"id": run_id})
    select.fn(later, TOPICS, annotations, asked, RotationSettings(flows="all"))
    data, base = read(
        run.home, f"select data_sha256, base_id from core.rotations where run_id = '{run_id}'"
    ).row(0)
    return data, base


def release(run: Run, run_id: str) -> None:
    """Make and publish what a run chose."""
    with warehouse.transaction(run.home) as con:
        con.execute(
            f"insert into core.releases values ('a-release', '00', '{run_id}', now(), 4, 2, '', now())"
        )
        con.execute(f"insert into core.publications values (1, 'a-release', 'published', now(), '{run_id}')")
        con.execute(
            "insert into core.release_prompts by name select 'a-release' as release_id, prompt_id as uid, "
            "prompt_id, topic_id, '' as topic, 7 as score, '' as prompt from core.selections "
            f"where run_id = '{run_id}' and reject_reason is null"
        )


@pytest.mark.parametrize("is_older", [False, True], ids=["", "a release older than rotations"])
def test_a_release_is_rotated_once_there_is_a_prompt_that_was_not_there_when_it_was_drawn(
    run: Run, is_older: bool
) -> None:
    data, _ = drawn(run, "run-2")
    release(run, "run-2")
    if is_older:
        data = "a-release"
        with warehouse.transaction(run.home) as con:
            con.execute("delete from core.rotations")
    assert drawn(run, "run-3") == (data, None)
    query = "select prompt_id, reject_reason from core.selections where run_id = '{}' order by prompt_id"
    assert read(run.home, query.format("run-3")).equals(read(run.home, query.format("run-2")))
    with warehouse.transaction(run.home) as con:
        con.execute("update core.prompt_topics set topic_id = 2 where prompt_id = '11'")
    other, base = drawn(run, "run-4")
    assert (other != data, base) == (True, "a-release")
    assert drawn(run, "run-5") == (other, "a-release")
    roles = read(run.home, "select role from core.selections where run_id = 'run-5' and role is not null")
    assert sorted(roles["role"]) == ["anchor", "kept", "new", "new"]


def test_a_repeated_run_replaces_its_choice(run: Run) -> None:
    call(run, size=4)
    call(run, size=6)
    selections = read(run.home, "select * from core.selections")
    assert selections.height == 11
    assert selections["reject_reason"].null_count() == 6
    assert read(run.home, "select * from core.topic_scores").height == 3


def test_too_few_eligible_topics_is_a_warning_with_the_numbers(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    assert call(run, size=50).rows == 6
    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert (
        "50 prompts were wanted, 2 of each topic, but only 3 topics are eligible: 6 chosen" in warning.message
    )


def test_a_choice_of_full_size_warns_of_nothing(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    call(run, size=6)
    assert not [record for record in caplog.records if record.levelno == logging.WARNING]


def test_none_eligible_is_no_choice_that_the_gate_can_see(run: Run) -> None:
    assert call(run, size=4, per_topic=5).rows == 0
    reasons = read(run.home, "select distinct reject_reason from core.selections")
    assert reasons["reject_reason"].to_list() == ["small_topic"]


def test_a_quota_that_makes_the_test_set_smaller_is_a_warning_that_names_the_domain(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    assert call(run, size=6, max_domain_share=0.5).rows == 4
    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "at most 0.5 of them from one domain" in warning.message
    assert "(caches) only 4 could be chosen. Raise select.max_domain_share" in warning.message
    full = read(run.home, "select distinct topic_id from core.selections where reject_reason = 'domain_full'")
    assert full.height == 1


def test_prompts_that_were_noise_can_be_left_out_of_scores_and_choice(run: Run) -> None:
    with warehouse.transaction(run.home) as con:
        con.execute("update core.prompt_topics set assigned_by = 'nearest' where prompt_id in ('03', '04')")
    assert call(run, size=4, reassigned="ignore").rows == 4
    counts = read(run.home, "select annotated_count from core.topic_scores order by topic_id")
    assert counts["annotated_count"].to_list() == [3, 3, 3]
    left_out = read(run.home, "select prompt_id from core.selections where reject_reason = 'reassigned'")
    assert sorted(left_out["prompt_id"]) == ["03", "04"]


def test_contaminated_prompts_are_left_out_by_their_gravest_kind_and_count_in_no_score(run: Run) -> None:
    with warehouse.transaction(run.home) as con:
        con.execute(
            "insert into core.contamination values ('03', 'stale', '', '', null, '', 'run-1'), "
            "('03', 'repeat_near', 'list', 'q', 0.9, '', 'run-1'), "
            "('04', 'template', '', '', null, '', 'run-1'), "
            "('05', 'released_near', 'never-published', 'q', 0.9, '', 'run-1')"
        )
    assert call(run, size=6).rows == 6
    left_out = read(
        run.home,
        "select prompt_id, reject_reason from core.selections "
        "where reject_reason in ('stale', 'repeat_near', 'template', 'released_near') order by prompt_id",
    )
    assert left_out.rows() == [("03", "repeat_near"), ("04", "template")]
    assert read(run.home, "select * from core.selections").height == 11
    counts = read(run.home, "select annotated_count from core.topic_scores order by topic_id")
    assert counts["annotated_count"].to_list() == [3, 3, 3]
