"""Folders named for dates: which are known, and that old ones are not listed."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from fsspec.implementations.local import LocalFileSystem
from hypothesis import given
from hypothesis import strategies as st

from tasks.ingest.live import earliest_partition, find_live
from tasks.ingest.partitions import is_past, list_folder, period_of

LATER = datetime(2100, 1, 1)  # noqa: DTZ001  (the warehouse's times have no zone)
LAYOUTS: dict[str, Callable[[date], str]] = {
    "hive": lambda day: f"dt={day}",
    "plain": str,
    "compact": lambda day: f"{day:%Y%m%d}",
    "nested": lambda day: f"{day:%Y/%m/%d}",
    "nested hive": lambda day: f"year={day:%Y}/month={day.month}/day={day.day}",
    "with hours": lambda day: f"{day}T13",
    "hours inside": lambda day: f"{day:%Y/%m/%d}/13",
    "behind a name": lambda day: f"chat/dt={day}",
}


class Counting(LocalFileSystem):
    """A local file system that says which folders it was asked for."""

    cachable = False

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def ls(self, path: str, detail: bool = False, **kwargs: object) -> list[object]:
        self.asked.append(path)
        return super().ls(path, detail=detail, **kwargs)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "logs"


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f'{{"prompt": "{name}"}}')


def names(root: Path, source: object, earliest: date | None = None) -> list[str]:
    listing = find_live(str(source), earliest, LATER)
    return [Path(file.path).relative_to(root).as_posix() for file in listing.files]


@given(st.dates(date(1990, 1, 1), date(2099, 12, 31)), st.sampled_from(sorted(LAYOUTS)))
def test_each_layout_tells_its_day(day: date, layout: str) -> None:
    assert period_of(f"bucket/logs/{LAYOUTS[layout](day)}") == (day.year, day.month, day.day)


@pytest.mark.parametrize(
    ("path", "period"),
    [
        ("bucket/logs", ()),
        ("bucket/2026", (2026,)),
        ("bucket/2026-11", (2026, 11)),
        ("bucket/2026/11", (2026, 11)),
        ("bucket/2026/13", (2026,)),
        ("bucket/2026/02/30", (2026, 2)),
        ("bucket/2026/chat/11", ()),
        ("bucket/11/20", ()),
        ("bucket/12345678", ()),
        ("bucket/v2026-11-20", ()),
    ],
)
def test_what_is_no_date_is_none(path: str, period: tuple[int, ...]) -> None:
    assert period_of(path) == period


def test_a_period_is_past_when_its_last_day_is() -> None:
    day = date(2026, 11, 20)
    assert [is_past(p, day) for p in ((2025,), (2026, 10), (2026, 11, 19))] == [True] * 3
    assert [is_past(p, day) for p in ((2026,), (2026, 11), (2026, 11, 20), ())] == [False] * 4


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
@pytest.mark.parametrize("pattern", ["", "/*.jsonl"])
def test_old_partitions_are_not_even_listed(root: Path, layout: str, pattern: str) -> None:
    days = [date(2026, 11, 20) - timedelta(days=n) for n in range(40)]
    write(root, *(f"{LAYOUTS[layout](day)}/a.jsonl" for day in days))
    fs = Counting()
    found = list_folder(fs, str(root), date(2026, 11, 18))
    wanted = sorted(f"{LAYOUTS[layout](day)}/a.jsonl" for day in days[:3])
    assert sorted(Path(path).relative_to(root).as_posix() for path in found) == wanted
    assert len(fs.asked) <= 12
    depth = "/*" * len(LAYOUTS[layout](days[0]).split("/"))
    assert names(root, f"{root}{depth}/*.jsonl", date(2026, 11, 18)) == wanted


def test_files_beside_partitions_and_folders_without_a_date_are_listed_too(root: Path) -> None:
    write(root, "dt=2026-11-01/a.jsonl", "dt=2026-11-20/a.jsonl", "extra/deep/er/still/a.jsonl", "top.jsonl")
    found = names(root, root, date(2026, 11, 18))
    assert found == ["dt=2026-11-20/a.jsonl", "extra/deep/er/still/a.jsonl", "top.jsonl"]
    assert len(names(root, root)) == 4


def test_a_source_may_itself_be_part_of_a_date(root: Path) -> None:
    write(root, "2026/11/01/a.jsonl", "2026/11/20/a.jsonl")
    assert names(root, root / "2026" / "11", date(2026, 11, 18)) == ["2026/11/20/a.jsonl"]
    assert names(root, root / "2026" / "11" / "01", date(2026, 11, 18)) == ["2026/11/01/a.jsonl"]


def test_a_day_is_looked_for_from_the_older_of_last_look_and_last_partition() -> None:
    looked = datetime(2026, 11, 20, 6, tzinfo=UTC)
    assert earliest_partition(looked, date(2026, 11, 19), 7) == date(2026, 11, 12)
    assert earliest_partition(looked, date(2099, 1, 1), 7) == date(2026, 11, 13)
    assert earliest_partition(None, None, 7) is earliest_partition(looked, None, 7) is None


def test_names_of_unfinished_files_are_left_out(root: Path) -> None:
    write(
        root, "a.jsonl", ".b.jsonl", "_temporary/0/c.jsonl", "d.jsonl.tmp", "e.part", "f.jsonl~", "_g.jsonl"
    )
    assert names(root, root) == ["a.jsonl"]
    assert names(root, f"{root}/*") == ["a.jsonl"]


def test_a_listing_says_what_is_newest_and_what_is_not_settled(root: Path) -> None:
    write(root, "dt=2026-11-19/a.jsonl", "dt=2026-11-20/b.jsonl")
    listing = find_live(str(root), None, LATER)
    assert (len(listing.files), listing.unsettled) == (2, 0)
    assert listing.newest_partition == date(2026, 11, 20)
    assert listing.newest_at is not None
    fresh = find_live(str(root), None, listing.newest_at - timedelta(hours=1))
    assert (fresh.files, fresh.unsettled, fresh.newest_at) == ([], 2, None)
