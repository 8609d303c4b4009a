"""The log that the weeks are written to: an S3 served by moto on loopback, with a clock of ours."""

import gzip
import json
import logging
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import boto3
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

from tests.bench.weeks.traffic import Message

LOGS, RELEASES = "logs", "releases"
SOURCE, TARGET = f"s3://{LOGS}/chat", f"s3://{RELEASES}/evergreen"


class Store:
    """Puts messages into the partitions of their days."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def put(self, messages: Iterable[Message], name: str, now: datetime) -> list[str]:
        """Put an object a day; one that is there already gets another version. Returns the keys."""
        days: dict[str, list[str]] = defaultdict(list)
        for message in messages:
            days[message.at.date().isoformat()].append(json.dumps(message.row))
        keys = []
        for day, lines in sorted(days.items()):
            key = f"chat/dt={day}/{name}.jsonl.gz"
            body = gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)
            self._client.put_object(Bucket=LOGS, Key=key, Body=body)
            # The server has no clock to set: the time that it notes is put right.
            s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[LOGS].keys[key].last_modified = now
            keys.append(key)
        return keys


@contextmanager
def serve() -> Iterator[Store]:
    """A store with its buckets; the environment points to it meanwhile."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server.start()
    environment = {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.get_host_and_port()[1]}",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        client = boto3.client("s3")
        for bucket in (LOGS, RELEASES):
            client.create_bucket(Bucket=bucket)
        yield Store(client)
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
        server.stop()
