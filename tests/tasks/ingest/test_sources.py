"""Sources are found wherever fsspec reaches, and what can't be is one clear line."""

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, NoCredentialsError, ProfileNotFound

from tasks.errors import InputError
from tasks.ingest import sources
from tasks.ingest.access import access, watched
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


class _Handler(BaseHTTPRequestHandler):
    """Answers with the status that the path names; 200 has the query as its body."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        self.send_response(int(path.split("/")[1]))
        self.send_header("Content-Length", str(len(query)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(query.encode())

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def http() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_user_password_and_query_of_a_url_are_not_told(http: str) -> None:
    (file,) = sources.find(f"http://zoe:pass@{http}/200/a.jsonl?X-Signature=secret")
    assert file.url == f"http://{http}/200/a.jsonl?"
    assert file.open().read() == b"X-Signature=secret"
    assert not [clue for clue in ("zoe", "pass", "secret") if clue in repr(file)]
    (other,) = sources.find(f"http://zoe:pass@{http}/200/a.jsonl?X-Signature=sacred")
    assert (file.url, file.size) == (other.url, other.size)
    assert file.place != other.place


@pytest.mark.parametrize(
    ("place", "kind", "clue"),
    [
        ("{http}/404/a.jsonl", InputError, "nothing readable"),
        ("{http}/403/a.jsonl", InputError, "access failed"),
        ("{http}/401/a.jsonl", InputError, "access failed"),
        ("{http}/503/a.jsonl", SourceError, "the source failed: 503"),
        ("{http}/429/a.jsonl", SourceError, "the source failed: 429"),
        ("127.0.0.1:9/a.jsonl", SourceError, "the source failed: Cannot connect"),
    ],
)
def test_only_what_stays_wrong_is_a_fault_of_the_input(
    http: str, place: str, kind: type[Exception], clue: str
) -> None:
    place = place.format(http=http)
    with pytest.raises(kind) as caught:
        sources.find(f"http://zoe:pass@{place}?sig=secret")
    line = str(caught.value)
    assert caught.value.__suppress_context__ or not caught.value.__context__, (
        "a traceback would quote the URL"
    )
    assert line.startswith(f"http://{place}?: {clue}")
    assert not [secret for secret in ("zoe", "pass", "secret") if secret in line]


def test_a_local_name_may_look_like_a_url_with_a_query(folder: Path) -> None:
    odd = folder / "who?@home.jsonl"
    odd.write_text("{}")
    assert sources.find(str(odd))[0].url == str(odd)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (PermissionError("no"), InputError),
        (NotADirectoryError("no"), InputError),
        (NoCredentialsError(), InputError),
        (ProfileNotFound(profile="p"), InputError),
        (ClientError({"ResponseMetadata": {"HTTPStatusCode": 403}}, "AssumeRole"), InputError),
        (ClientError({"ResponseMetadata": {"HTTPStatusCode": 503}}, "AssumeRole"), SourceError),
        (ValueError("no"), InputError),
        (ImportError("no"), InputError),
        (TimeoutError(), SourceError),
        (ConnectionResetError(104, "reset"), SourceError),
        (ConnectTimeoutError(endpoint_url="http://h"), SourceError),
        (OSError(5, "input/output error"), SourceError),
        (RuntimeError("whatever a library raises"), SourceError),
    ],
)
def test_an_error_is_for_good_or_for_now(error: Exception, kind: type[Exception]) -> None:
    with pytest.raises(kind), access("s3://b/k"):
        raise error


def test_a_failure_of_the_source_is_not_taken_for_the_end_of_the_file() -> None:
    class Dying(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 10_000:
                raise ConnectionResetError("reset by peer")
            return super().read(min(size or 0, 5_000))

    with pytest.raises(SourceError, match=r"s3://b/k: reading broke off: reset by peer"):
        watched(Dying(b"x" * 20_000), "s3://b/k").read()
