"""Sources on S3, served by moto on loopback."""

import gzip
import json
import re
from typing import Any

import boto3
import fsspec
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from tasks import warehouse
from tasks.errors import InputError
from tasks.ingest import sources
from tasks.ingest.records import SourceError
from tasks.ingest.task import ingest
from tasks.refs import Run
from tasks.settings import IngestSettings
from tests.plugins.s3 import CREDENTIALS, post


def _fill(s3: Any, count: int, rows: int = 3) -> None:
    for number in range(count):
        lines = "".join(
            json.dumps({"id": f"{number}-{row}", "prompt": f"Question {row}?"}) + "\n" for row in range(rows)
        )
        s3.put_object(
            Bucket="logs", Key=f"week/{number:03}.jsonl.gz", Body=gzip.compress(lines.encode(), mtime=0)
        )


def _ingest(run: Run, *urls: str) -> int:
    rows: int = ingest.fn(run, list(urls), IngestSettings()).rows
    return rows


def test_gzip_jsonl_under_a_prefix_is_read_once(s3: Any, run: Run) -> None:
    _fill(s3, 5)
    assert _ingest(run, "s3://logs/week") == 15
    assert _ingest(run, "s3://logs/week/", "s3://logs/week/*.gz", "s3://logs/week/001.jsonl.gz") == 15
    files = warehouse.read(run.home, "ingest/files")
    assert files.height == 5


def test_a_new_object_and_a_changed_one_are_seen_in_the_same_process(s3: Any, run: Run) -> None:
    _fill(s3, 2)
    assert _ingest(run, "s3://logs/week") == 6
    _fill(s3, 3)
    assert _ingest(run, "s3://logs/week") == 9
    body = gzip.compress(b'{"prompt": "Another question?"}\n')
    s3.put_object(Bucket="logs", Key="week/001.jsonl.gz", Body=body)
    assert _ingest(run, "s3://logs/week") == 7


def test_many_objects_cost_one_request_each_beside_the_listing(
    s3: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(s3, 20)
    calls: list[str] = []
    filesystem = fsspec.get_filesystem_class("s3")
    plain = filesystem._call_s3

    async def counted(self: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        calls.append(method)
        return await plain(self, method, *args, **kwargs)

    monkeypatch.setattr(filesystem, "_call_s3", counted)
    assert len(sources.find("s3://logs/week")) == 20
    assert len(calls) <= 3
    calls.clear()
    sources.find("s3://logs/week/*.gz")
    assert len(calls) <= 4


def _fails(source: str) -> str:
    with pytest.raises(InputError) as caught:
        sources.find(source)
    line = str(caught.value)
    assert line.startswith(source)
    assert "\n" not in line
    return line


@pytest.mark.parametrize(
    "source", ["s3://absent/week", "s3://absent/week/*.gz", "s3://absent", "s3://logs/absent.jsonl"]
)
def test_a_missing_bucket_or_key_is_one_clear_line(s3: Any, source: str) -> None:
    assert "no such file, folder or bucket" in _fails(source) or "nothing readable" in _fails(source)


def test_no_credentials_is_one_clear_line(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CREDENTIALS:
        monkeypatch.delenv(name)
    assert "AWS_ACCESS_KEY_ID" in _fails("s3://logs/week")


def test_a_wrong_key_is_one_clear_line(s3: Any, moto: str) -> None:
    post(f"{moto}/moto-api/reset-auth", b"0")
    assert "access failed" in _fails("s3://logs/week")
    assert "access failed" in _fails("s3://logs/week/*.gz")


@pytest.mark.timeout(60)  # nobody waits for it
def test_a_server_that_is_not_there_is_one_clear_line(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    for source in ("s3://logs/week", "s3://logs/week/*.gz"):
        with pytest.raises(SourceError, match=rf"^{re.escape(source)}: the source failed: Could not connect"):
            sources.find(source)


def test_a_server_that_stops_is_no_fault_of_the_input(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    url = f"http://127.0.0.1:{moto.get_host_and_port()[1]}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    client = boto3.client("s3", endpoint_url=url)
    client.create_bucket(Bucket="brief")
    client.put_object(Bucket="brief", Key="a.jsonl", Body=b"{}")
    (file,) = sources.find("s3://brief")
    moto.stop()
    with pytest.raises(SourceError, match=r"^s3://brief: the source failed"):
        sources.find("s3://brief")
    with pytest.raises(SourceError, match=r"^s3://brief/a\.jsonl: the source failed"), file.open() as raw:
        raw.read()


def test_a_server_that_is_overloaded_is_no_fault_of_the_input(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def overloaded(*_: Any, **__: Any) -> None:
        raise ClientError({"Error": {"Code": "SlowDown", "Message": "Reduce your rate"}}, "ListObjectsV2")

    _fill(s3, 1)
    monkeypatch.setattr("s3fs.S3FileSystem.retries", 1)  # it waits longer after each
    monkeypatch.setattr("aiobotocore.client.AioBaseClient._make_api_call", overloaded)
    with pytest.raises(SourceError, match="Reduce your rate"):
        sources.find("s3://logs/week")
