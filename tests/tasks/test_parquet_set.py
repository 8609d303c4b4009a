"""What analysts read says the same as the warehouse, in DuckDB's copy and in the Parquet beside it."""

import shutil
from pathlib import Path

import duckdb
import polars as pl
import pytest

from tasks import warehouse
from tests.plugins.homes import Copy
from tests.tasks.prompts import KeepOpen


@pytest.fixture
def home(good_home: Path, copy: Copy, keep_open: KeepOpen) -> Path:
    """A home with rows in it, before its first copy for analysts."""
    return keep_open(copy(good_home))


def count(folder: Path, view: str) -> int:
    return int(pl.scan_parquet(folder / f"{view}.parquet").select(pl.len()).collect().item())


def test_views_have_the_same_rows_in_the_warehouse_in_its_copy_and_in_parquet(home: Path) -> None:
    target = warehouse.publish_analytics(str(home))
    latest = home / "parquet" / "latest"
    filled = 0
    with warehouse.transaction(str(home)) as con, duckdb.connect(target, read_only=True) as copy:
        views = warehouse.run(con, "home/views")["name"].to_list()
        assert {path.stem for path in latest.glob("*.parquet")} == set(views)
        for view in views:
            rows = con.execute(f"from out.{view} order by all").fetchall()
            assert copy.execute(f"from out.{view} order by all").fetchall() == rows
            file = latest / f"{view}.parquet"
            assert con.execute(f"from '{file}' order by all").fetchall() == rows
            read = pl.read_parquet(file)
            assert read.height == len(rows)
            assert read.columns == copy.sql(f"from out.{view}").columns
            filled += read.height > 0
    assert filled >= 15


def test_polars_reads_texts_lists_times_and_booleans(home: Path) -> None:
    warehouse.publish_analytics(str(home))
    latest = home / "parquet" / "latest"
    assert pl.read_parquet(latest / "topics.parquet")["keywords"].to_list()[0] == ["SENTINEL"]
    releases = pl.read_parquet(latest / "releases.parquet")
    assert releases.select("release_id", "is_latest").rows() == [("rel-1", True)]
    assert releases.schema["released_on"] == pl.Date
    assert '"size": 20' in pl.read_parquet(latest / "runs.parquet")["settings"].item()


def test_personal_data_is_in_no_file(home: Path) -> None:
    warehouse.publish_analytics(str(home))
    prompts = pl.read_parquet(home / "parquet" / "latest" / "prompts.parquet")
    assert prompts.filter(reject_reason="personal_data")["prompt"].null_count() == 10
    assert prompts["prompt"].null_count() == 10


def test_a_home_that_was_copied_with_its_links_followed_gets_its_link_back(home: Path) -> None:
    warehouse.publish_analytics(str(home))
    copied = Path(shutil.copytree(home, home.with_name("copied")))
    warehouse.publish_analytics(str(copied))
    assert (copied / "parquet" / "latest").is_symlink()
    assert count(copied / "parquet" / "latest", "prompts") == 200


def test_who_follows_the_link_once_reads_one_run_while_the_next_is_put_in_place(home: Path) -> None:
    warehouse.publish_analytics(str(home))
    link = home / "parquet" / "latest"
    mine = link.resolve()
    with warehouse.transaction(str(home)) as con:
        con.execute("delete from core.prompts")
        con.execute("delete from core.annotations")
    warehouse.publish_analytics(str(home))
    assert (count(mine, "prompts"), count(mine, "annotations")) == (200, 150)
    assert (count(link, "prompts"), count(link, "annotations")) == (0, 0)
    newer = link.resolve()
    warehouse.publish_analytics(str(home))
    assert sorted(link.parent.iterdir()) == sorted([newer, link.resolve(), link])


def test_what_else_lies_there_stays_and_is_in_no_ones_way(home: Path) -> None:
    folder = home / "parquet"
    (folder / "mine").mkdir(parents=True)
    (folder / ".DS_Store").touch()
    for _ in range(3):
        warehouse.publish_analytics(str(home))
    assert (folder / "mine").is_dir()
    assert (folder / ".DS_Store").is_file()
    assert len(list(folder.iterdir())) == 5  # and two sets, and the link
