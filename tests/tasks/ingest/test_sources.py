"""Sources are found wherever fsspec reaches, and what can't be is one clear line."""

import io
from pathlib import Path

import fsspec
import pytest

from tasks.errors import InputError
from tasks.ingest import sources
from tasks.ingest.records import SourceError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "logs"
    for name in (
        "b.jsonl",
        "a.csv.gz",
        "deep/c.PARQUET",
        "deep/d.json.zst",
        "notes.txt",
        ".hidden/e.jsonl",
        ".f.csv",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def _names(source: str) -> list[str]:
    return [Path(file.url).name for file in sources.find(source)]


def test_a_folder_gives_its_readable_files_but_none_that_is_hidden(folder: Path) -> None:
    assert _names(str(folder)) == ["a.csv.gz", "b.jsonl", "c.PARQUET", "d.json.zst"]
    assert _names(f"{folder}/") == _names(f"file://{folder}") == _names(str(folder))
    assert not any(file.named for file in sources.find(str(folder)))


def test_a_folder_may_itself_be_hidden(folder: Path) -> None:
    assert _names(str(folder / ".hidden")) == ["e.jsonl"]


def test_a_glob_gives_what_it_names(folder: Path) -> None:
    assert _names(f"{folder}/*.jsonl") == ["b.jsonl"]
    assert _names(f"{folder}/**/*.zst") == ["d.json.zst"]
    assert _names(f"{folder}/*") == ["a.csv.gz", "b.jsonl", "notes.txt"]


def test_a_file_is_read_whatever_its_name(folder: Path) -> None:
    odd = folder / "odd [1] name*.txt"
    odd.write_text("{}")
    (file,) = sources.find(str(odd))
    assert (file.url, file.size, file.named) == (str(odd), 2, True)
    assert file.open().read() == b"{}"


def test_a_link_is_the_file_that_it_points_to(folder: Path) -> None:
    (folder / "link.jsonl").symlink_to(folder / "notes.txt")
    (file,) = sources.find(str(folder / "link.jsonl"))
    assert file.size == len("notes.txt")
    assert file.open().read() == b"notes.txt"
    assert "link.jsonl" in _names(str(folder))


def test_a_relative_path_is_the_same_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert sources.find("b.jsonl") == sources.find(str(folder / "b.jsonl"))


def test_identity_changes_with_the_bytes_and_not_with_the_time(folder: Path) -> None:
    file = folder / "b.jsonl"
    (before,) = sources.find(str(file))
    file.touch()
    assert sources.find(str(file))[0].file_id == before.file_id
    file.write_text("B.jsonl")
    assert sources.find(str(file))[0].file_id != before.file_id


def test_any_fsspec_url_is_a_source() -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe({"/crate/a.jsonl": b"{}", "/crate/deep/b.jsonl": b"{} "})
    try:
        assert [file.url for file in sources.find("memory://crate")] == [
            "memory:///crate/a.jsonl",
            "memory:///crate/deep/b.jsonl",
        ]
        (file,) = sources.find("memory://crate/deep/*.jsonl")
        assert file.open().read() == b"{} "
        (named,) = sources.find("memory://crate/a.jsonl")
        memory.pipe("/crate/a.jsonl", b"[]")
        assert sources.find("memory://crate/a.jsonl")[0].file_id != named.file_id
    finally:
        memory.rm("/crate", recursive=True)


@pytest.mark.parametrize(
    ("source", "clue"),
    [
        ("{folder}/absent.jsonl", "no such file"),
        ("{folder}/absent*", "nothing readable"),
        ("{folder}/empty", "nothing readable"),
        ("memory://absent", "no such file"),
        ("unheard-of://place/a.jsonl", "Protocol not known"),
        ("s3://", "s3://"),
    ],
)
def test_a_source_that_is_not_there_is_one_clear_line(folder: Path, source: str, clue: str) -> None:
    (folder / "empty").mkdir()
    source = source.format(folder=folder)
    with pytest.raises(InputError) as caught:
        sources.find(source)
    assert str(caught.value).startswith(source)
    assert clue in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_failure_of_the_source_is_not_taken_for_the_end_of_the_file() -> None:
    class Dying(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 10_000:
                raise ConnectionResetError("reset by peer")
            return super().read(min(size or 0, 5_000))

    with pytest.raises(SourceError, match=r"s3://b/k: reading broke off: reset by peer"):
        io.BufferedReader(sources._Watched(Dying(b"x" * 20_000), "s3://b/k")).read()
