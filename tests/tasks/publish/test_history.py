"""What is known of releases of earlier versions, and how each differs from the one before it."""

import duckdb

from tasks import warehouse
from tests.tasks.publish.homes import Home


def test_a_home_from_before_publications_knows_what_was_published() -> None:
    with duckdb.connect() as con:
        for file in sorted((warehouse.SQL / "migrations").glob("00[0-6]*.sql")):
            con.execute(file.read_text())
        con.execute(
            "insert into core.releases values ('new', 'h', 'r', '2026-01-02', 1, 1, '', '2026-01-02'), "
            "('old', 'h', 'r', '2026-01-01', 1, 1, '', '2026-01-01'), "
            "('none', 'h', 'r', '2026-01-03', 1, 1, '', null)"
        )
        con.execute((warehouse.SQL / "migrations" / "008_publications.sql").read_text())
        states = con.execute("select release_id, state from core.release_states order by position").fetchall()
    assert states == [("old", "published"), ("new", "published"), ("none", "candidate")]


def test_analysts_see_what_came_stayed_and_went_against_the_release_that_was_the_latest_then(
    two: Home,
) -> None:
    two.publish(1)
    two.publish(2, policy="manual")
    two.make(3)
    two.publish(3)
    pairs = "select distinct release_id, previous_id from out.release_diff order by release_id"
    # By the clock of the runs, none was published yet when these were made: the one made before counts.
    assert two.table(pairs) == [("rel-2", "rel-1"), ("rel-3", "rel-2")]
    # rel-1 was, and rel-2 waited.
    two.table("update core.publications set noted_at = timestamp '2026-01-02 12:00:00' where position = 1")
    assert two.table(pairs) == [("rel-2", "rel-1"), ("rel-3", "rel-1")]
    of_the_third = "from out.release_diff where release_id = 'rel-3' group by all order by all"
    changes = f"select change, reason, count(*) {of_the_third}"
    assert two.table(changes) == [("came", None, 10), ("stayed", None, 10), ("went", "spare", 10)]
    two.table("delete from core.selections where prompt_id = (select left(md5('5'), 16))")
    two.table("update core.selections set role = 'new' where run_id = 'run-3' and reject_reason is null")
    assert two.table(changes) == [
        ("came", "new", 10),
        ("stayed", "new", 10),
        ("went", "not_eligible", 1),
        ("went", "spare", 9),
    ]
    two.table("delete from core.selections where run_id = 'run-3'")
    assert two.table(changes)[2] == ("went", "unknown", 10)
