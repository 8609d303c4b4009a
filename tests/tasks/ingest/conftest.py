"""An S3 on loopback, served by moto."""

from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import boto3
import fsspec
import pytest
from moto.server import ThreadedMotoServer

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    yield f"http://127.0.0.1:{moto.get_host_and_port()[1]}"
    moto.stop()


@pytest.fixture
def s3(server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Any]:
    """A client of an S3 with the bucket `logs`; the environment points to it."""
    for name, value in (
        CREDENTIALS | {"AWS_ENDPOINT_URL": server, "AWS_DEFAULT_REGION": "us-east-1"}
    ).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    _forget_connections()
    client = boto3.client("s3", endpoint_url=server)
    client.create_bucket(Bucket="logs")
    yield client
    post(f"{server}/moto-api/reset")
    post(f"{server}/moto-api/reset-auth", b"inf")
    _forget_connections()


def _forget_connections() -> None:
    fsspec.get_filesystem_class("s3").clear_instance_cache()


def post(url: str, data: bytes = b"") -> None:
    urlopen(Request(url, data=data, headers={"Content-Type": "text/plain"}, method="POST")).close()
