"""A real S3 server on loopback: moto's."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

import boto3
import fsspec
import pytest
from moto.server import ThreadedMotoServer

CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
BUCKETS: Final = ("logs", "releases")


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """The server's address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield address(server)
    server.stop()


@pytest.fixture
def s3(moto: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """A client of an S3 with two empty buckets, `logs` and `releases`; the environment points to it."""
    environment = CREDENTIALS | {
        "AWS_ENDPOINT_URL": moto,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    forget_connections()
    client = boto3.client("s3", endpoint_url=moto)
    for bucket in BUCKETS:
        client.create_bucket(Bucket=bucket)
    yield client
    post(f"{moto}/moto-api/reset")
    post(f"{moto}/moto-api/reset-auth", b"inf")
    forget_connections()


def address(server: ThreadedMotoServer) -> str:
    return f"http://127.0.0.1:{server.get_host_and_port()[1]}"


def forget_connections() -> None:
    """fsspec keeps clients, with the keys and the server that they had."""
    fsspec.get_filesystem_class("s3").clear_instance_cache()


def post(url: str, data: bytes = b"") -> None:
    """Tell moto something."""
    urlopen(Request(url, data=data, headers={"Content-Type": "text/plain"}, method="POST")).close()
