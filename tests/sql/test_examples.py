"""The questions of analysts in sql/examples: each says what it asks, and its answer is right."""

from pathlib import Path

import duckdb
import pytest

from tasks import warehouse

FOLDER = warehouse.SQL / "examples"
EXAMPLES = sorted(FOLDER.glob("*.sql"))
THREE_RELEASES = Path(__file__).parent / "three_releases.sql"

# The first rows of some columns, by the number of the example.
ANSWERS = {
    "01": ("topic_id, releases, share_then, share_now", [(0, 3, 0.1, 0.111)]),
    "02": (
        "fate, prompts, mean_releases, median_days",
        [("unknown", 11, 1.91, 14.0), ("still serving", 9, 2.0, None)],
    ),
    "03": (
        "release, stage, calls, usd",
        [
            ("not released yet", "all", 1, 0.5),
            ("not released yet", "annotate", 1, 0.5),
            ("rel-2", "all", 3, 1.5),
        ],
    ),
    "04": (
        "kind, found_by, prompts, kept_out, in_latest_release",
        [
            ("released_near", "rel-1", 1, 1, 0),
            ("repeat_exact", "list", 1, 1, 0),
            ("repeat_near", "questions.jsonl", 1, 1, 0),
            ("stale", "(the home itself)", 1, 1, 0),
        ],
    ),
    "05": (
        "criterion, share_before, share_now, shift",
        [("complexity", 0.75, 1.0, 0.25), ("creativity", 1.0, 1.0, 0.0)],
    ),
    "06": ("domain, prompts, questions, share_asked, share_released", [("SENTINEL", 15, 0, 0.1, 0.0)]),
    "07": (
        "flow, calls, failed, failed_percent, most_often, usd_lost",
        [("refresh", 3, 0, 0.0, None, None), (None, 2, 1, 50.0, "refused", 0.5)],
    ),
    "08": ("release_id, change, reason, prompts", [("rel-3", "stayed", "unknown", 9)]),
    "09": ("stage, reason, dropped, percent_of_its_rows", [("clean", "too_short", 40, 20.0)]),
    "10": ("release_id, questions, came, stayed, went", [("rel-3", 9, 0, 9, 11), ("rel-2", 20, 10, 10, 10)]),
}


@pytest.fixture(autouse=True)
def releases(con: duckdb.DuckDBPyConnection) -> None:
    """Three releases, of which the last lacks one prompt of topic 9, and criteria that not all meet."""
    con.execute(THREE_RELEASES.read_text())
    con.execute("delete from core.release_prompts where release_id = 'rel-3' and uid = 'uid-29'")
    con.execute("update core.releases set prompt_count = 9 where release_id = 'rel-3'")
    con.execute(
        "update core.annotations set complexity = false "
        "where prompt_id in (select prompt_id(i) from range(10, 15) as t (i))"
    )
    con.execute("insert into core.annotators values ('run-3', 1, 'heuristic-1', null)")
    con.execute(
        "insert into core.funnel select 'run-2', 2, 'clean', * from (values ('kept', 160), ('too_short', 40))"
    )


def test_there_are_ten_and_each_is_in_the_readme_with_its_question() -> None:
    readme = (FOLDER / "README.md").read_text()
    assert [path.stem[:2] for path in EXAMPLES] == sorted(ANSWERS) == [f"{i:02}" for i in range(1, 11)]
    for path in EXAMPLES:
        question = path.read_text().splitlines()[0].removeprefix("-- ").split("?")[0]
        assert f"| [{path.stem}]({path.name}) | {question}? |" in readme


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_answer_is_right(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    columns, first = ANSWERS[path.stem[:2]]
    answer = con.sql(path.read_text())
    assert answer.select(columns).fetchmany(len(first)) == first


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_it_reads_only_what_is_for_analysts(path: Path) -> None:
    assert "core." not in path.read_text()
    assert "raw." not in path.read_text()
