"""A release pulled from where it was published: verified to the last byte, or not there at all."""

import threading
from pathlib import Path
from typing import Any

import orjson
import pytest

from tasks.errors import EvergreenError, InputError
from tasks.publish.pull import pull
from tests.tasks.publish.homes import S3, Home


@pytest.fixture
def shelf(two: Home, tmp_path: Path) -> Path:
    """A folder that two releases were published to."""
    folder = tmp_path / "shelf"
    two.publish(1, str(folder))
    two.publish(2, str(folder))
    return folder


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "pulled"


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_latest_release_comes_from_s3_byte_for_byte(two: Home, s3: Any, to: Path) -> None:
    two.publish(1, S3)
    two.publish(2, S3)
    assert pull(S3, "", to) == to / "rel-2"
    assert files(to / "rel-2") == files(two.path / "releases" / "rel-2")
    assert [path.name for path in to.iterdir()] == ["rel-2"]


def test_a_release_can_be_named(shelf: Path, to: Path) -> None:
    assert pull(shelf.as_uri(), "rel-1", to) == to / "rel-1"
    assert files(to / "rel-1") == files(shelf / "rel-1")


def test_a_release_that_is_there_already_is_not_fetched_again(shelf: Path, to: Path) -> None:
    place = pull(str(shelf), "", to)
    before = {path: path.stat().st_mtime_ns for path in place.iterdir()}
    (shelf / "rel-2" / "question.jsonl").unlink()  # so it would be noticed
    assert pull(str(shelf), "", to) == place
    assert {path: path.stat().st_mtime_ns for path in place.iterdir()} == before


def test_what_is_there_already_and_differs_is_an_error_and_stays(shelf: Path, to: Path) -> None:
    place = pull(str(shelf), "", to)
    (place / "question.jsonl").write_bytes(b"mine")
    with pytest.raises(EvergreenError, match=rf"^{place}: there already, but not as published"):
        pull(str(shelf), "", to)
    assert (place / "question.jsonl").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("rel-2/question.jsonl", b"SENTINEX", "question.jsonl: not as its manifest says"),
        ("rel-2/question.jsonl", None, "question.jsonl: missing"),
        ("rel-2/manifest.json", b'{"files": {}}', "manifest.json: not the one that latest.json means"),
        ("rel-2/manifest.json", None, "latest.json: names rel-2, which is gone"),
        ("latest.json", b"{", "latest.json: damaged"),
        ("latest.json", b'{"release_id": "../rel-2", "manifest_sha256": ""}', "latest.json: damaged"),
    ],
)
def test_what_is_damaged_or_missing_is_an_error_and_leaves_nothing_behind(
    shelf: Path, to: Path, file: str, content: bytes | None, says: str
) -> None:
    if content is None:
        (shelf / file).unlink()
    else:
        (shelf / file).write_bytes(content)
    with pytest.raises(EvergreenError, match=says) as caught:
        pull(str(shelf), "", to)
    assert str(shelf) in str(caught.value)
    assert not to.exists() or not list(to.iterdir())


def test_a_manifest_cannot_write_outside_the_release(shelf: Path, to: Path) -> None:
    facts = orjson.loads((shelf / "rel-1" / "manifest.json").read_bytes())
    facts["files"]["../../escaped"] = next(iter(facts["files"].values()))
    (shelf / "rel-1" / "manifest.json").write_bytes(orjson.dumps(facts))
    with pytest.raises(EvergreenError, match="not that of release rel-1"):
        pull(str(shelf), "rel-1", to)


def test_another_releases_manifest_is_refused(shelf: Path, to: Path) -> None:
    (shelf / "rel-1" / "manifest.json").write_bytes((shelf / "rel-2" / "manifest.json").read_bytes())
    with pytest.raises(EvergreenError, match="not that of release rel-1"):
        pull(str(shelf), "rel-1", to)


@pytest.mark.parametrize(
    ("release_id", "says"), [("rel-9", "no release rel-9 there"), ("../rel-1", "not the id of a release")]
)
def test_a_release_that_is_not_there_is_one_clear_line(
    shelf: Path, to: Path, release_id: str, says: str
) -> None:
    with pytest.raises(InputError, match=says):
        pull(str(shelf), release_id, to)


@pytest.mark.parametrize("url", ["s3://releases/nothing", "s3://absent"])
def test_a_place_that_nothing_was_published_to_says_so(s3: Any, to: Path, url: str) -> None:
    with pytest.raises(InputError, match=rf"^{url}: no latest.json there"):
        pull(url, "", to)


def test_a_pull_that_was_killed_is_done_again(shelf: Path, to: Path) -> None:
    left_over = to / ".rel-2.pulling"
    left_over.mkdir(parents=True)
    (left_over / "question.jsonl").write_bytes(b"half")
    (left_over / "other").write_bytes(b"of another version")
    assert files(pull(str(shelf), "", to)) == files(shelf / "rel-2")
    assert [path.name for path in to.iterdir()] == ["rel-2"]


def test_two_pulls_at_once_come_to_one_whole_release(shelf: Path, to: Path) -> None:
    failures: list[BaseException] = []

    def get() -> None:
        try:
            pull(str(shelf), "", to)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert files(to / "rel-2") == files(shelf / "rel-2")
    assert [path.name for path in to.iterdir()] == ["rel-2"]


def test_a_folder_that_cannot_be_made_is_one_clear_line(shelf: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"^--to .*file/here: cannot be written to"):
        pull(str(shelf), "", tmp_path / "file" / "here")


def test_a_signature_in_the_url_is_in_no_message(to: Path) -> None:
    with pytest.raises(EvergreenError) as caught:
        pull("http://user:word@127.0.0.1:9/x?signature=secret", "", to)
    assert "127.0.0.1:9/x" in str(caught.value)
    assert not {part for part in ("user", "word", "secret") if part in str(caught.value)}
