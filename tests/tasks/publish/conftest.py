"""Homes to publish from, and what they publish to."""

import shutil
from pathlib import Path
from typing import Any

import fsspec
import pytest

from tasks.publish import task as publish_task
from tests.once import once
from tests.plugins.homes import Copy
from tests.tasks.prompts import KeepOpen
from tests.tasks.publish.homes import BUCKET, Home, Objects, unreleased


@pytest.fixture(scope="session")
def templates(shared: Path, good_home: Path) -> Path:
    """Homes to copy: to make one takes longer than most tests."""

    def make(folder: Path) -> None:
        unreleased(Path(shutil.copytree(good_home, folder / "home")))
        two = Home(Path(shutil.copytree(folder / "home", folder / "two")), {})
        two.make(1)
        two.make(2)

    return once(shared / "publish", make)


@pytest.fixture
def artifacts(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """What Prefect's server is sent."""
    sent: dict[str, dict[str, Any]] = {}
    for kind in ("table", "link", "markdown"):
        monkeypatch.setattr(
            publish_task, f"create_{kind}_artifact", lambda *_, key, **rest: sent.update({key: rest})
        )
    # Without a server, Prefect starts one for an event.
    monkeypatch.setattr(publish_task, "emit_event", lambda name, resource, **_: sent.update({name: resource}))
    return sent


@pytest.fixture
def home(templates: Path, copy: Copy, keep_open: KeepOpen, artifacts: dict[str, Any]) -> Home:
    """A home without a release."""
    return Home(keep_open(copy(templates / "home")), artifacts)


@pytest.fixture
def two(templates: Path, copy: Copy, keep_open: KeepOpen, artifacts: dict[str, Any]) -> Home:
    """A home with two releases that wait."""
    return Home(keep_open(copy(templates / "two")), artifacts)


@pytest.fixture
def uploads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys that are put, in order."""
    keys: list[str] = []
    filesystem = fsspec.get_filesystem_class("s3")
    plain = filesystem._call_s3

    async def noted(self: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        if method == "put_object":
            keys.append(kwargs["Key"])
        return await plain(self, method, *args, **kwargs)

    monkeypatch.setattr(filesystem, "_call_s3", noted)
    return keys


@pytest.fixture
def objects(s3: Any) -> Objects:
    """What the bucket holds now."""

    def read() -> dict[str, bytes]:
        found = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {item["Key"]: s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read() for item in found}

    return read
