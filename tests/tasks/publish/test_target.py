"""Releases on S3 and in folders: all of one or nothing, the pointer last, and never overwritten."""

import json
from pathlib import Path
from typing import Any

import boto3
import orjson
import pytest

from tasks import config
from tasks.errors import EvergreenError, InputError
from tasks.publish.pull import pull
from tasks.publish.target import Target, TargetError
from tasks.settings import Settings
from tests.plugins.s3 import forget_connections, post
from tests.tasks.publish.homes import BUCKET, S3, Home, Objects, kill

NAMES = ["question.jsonl", "questions.parquet", "CARD.md", "manifest.json"]
FILES = [f"weekly/rel-1/{name}" for name in NAMES]
POINTER = "weekly/latest.json"


def names(objects: dict[str, bytes]) -> str:
    """The release that the pointer names."""
    return str(orjson.loads(objects[POINTER])["release_id"])


def test_files_go_first_then_the_manifest_then_the_pointer(
    two: Home, objects: Objects, uploads: list[str]
) -> None:
    two.publish(1, S3)
    assert uploads == [*FILES, POINTER]
    there = objects()
    folder = two.path / "releases" / "rel-1"
    assert {Path(key).name: there[key] for key in FILES} == {
        file.name: file.read_bytes() for file in folder.iterdir()
    }
    assert there[POINTER] == (two.path / "releases" / "latest.json").read_bytes()


def test_what_is_published_already_is_not_uploaded_again(
    two: Home, objects: Objects, uploads: list[str]
) -> None:
    two.publish(1, S3)
    uploads.clear()
    two.publish(1, S3)
    assert two.approve("rel-1", S3) == "rel-1"
    assert uploads == []
    assert two.events == [("rel-1", "published")]


def test_a_candidate_is_not_uploaded_until_it_is_published(two: Home, objects: Objects) -> None:
    two.publish(1, S3)
    two.publish(2, S3, policy="manual")
    assert set(objects()) == {*FILES, POINTER}
    two.approve("rel-2", S3)
    assert names(objects()) == "rel-2"


@pytest.mark.parametrize("put", range(5))
def test_killed_at_any_upload_a_reader_sees_no_half_release_and_the_rest_comes_next_time(
    two: Home, objects: Objects, uploads: list[str], monkeypatch: pytest.MonkeyPatch, put: int, tmp_path: Path
) -> None:
    two.publish(1, S3)
    uploads.clear()
    plain = Target._put

    def killed(self: Target, place: str, content: bytes) -> None:
        if len(uploads) == put:
            raise KeyboardInterrupt
        plain(self, place, content)

    with pytest.raises(KeyboardInterrupt), monkeypatch.context() as patch:
        patch.setattr(Target, "_put", killed)
        two.publish(2, S3)
    assert pull(S3, "", tmp_path / "reader").name == "rel-1"
    assert two.latest == "rel-1"
    two.publish(2, S3)
    assert uploads == [key.replace("rel-1", "rel-2") for key in [*FILES, POINTER]]  # each once
    assert pull(S3, "", tmp_path / "reader").name == "rel-2"
    assert two.events == [("rel-1", "published"), ("rel-2", "published")]


def test_what_is_missing_at_the_target_is_uploaded_and_nothing_else(
    two: Home, s3: Any, uploads: list[str]
) -> None:
    two.publish(1, S3)
    s3.delete_object(Bucket=BUCKET, Key=FILES[1])
    uploads.clear()
    two.publish(1, S3)
    assert uploads == [FILES[1]]


def test_another_file_under_the_same_release_is_an_error_and_stays(
    two: Home, s3: Any, objects: Objects, uploads: list[str]
) -> None:
    s3.put_object(Bucket=BUCKET, Key=FILES[0], Body=b"another")
    with pytest.raises(EvergreenError, match=rf"^{S3}/rel-1/question.jsonl: another file is there already"):
        two.publish(1, S3)
    assert objects() == {FILES[0]: b"another"}
    assert uploads == []
    assert two.events == []
    assert not (two.path / "releases" / "latest.json").exists()


def test_an_upload_that_comes_back_different_is_taken_away_and_tried_again(
    two: Home, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Target._put
    with monkeypatch.context() as patch, pytest.raises(TargetError, match="not what was written; run again"):
        patch.setattr(Target, "_put", lambda self, place, content: plain(self, place, content[:-1]))
        two.publish(1, S3)
    assert objects() == {}
    two.publish(1, S3)
    assert names(objects()) == "rel-1"


def test_a_pointer_that_another_home_moved_meanwhile_stays(
    two: Home, s3: Any, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Target._put
    theirs = b'{"release_id": "theirs", "manifest_sha256": ""}'

    def overtaken(self: Target, place: str, content: bytes) -> None:
        plain(self, place, theirs if place.endswith(POINTER) else content)

    with monkeypatch.context() as patch, pytest.raises(TargetError, match="not what was written; run again"):
        patch.setattr(Target, "_put", overtaken)
        two.publish(1, S3)
    assert objects()[POINTER] == theirs
    two.publish(1, S3)  # the last one to publish moves it
    assert names(objects()) == two.latest == "rel-1"
    assert two.events == [("rel-1", "published")]


def test_withdrawing_moves_the_pointer_there_too_and_uploads_what_it_needs(
    two: Home, objects: Objects, uploads: list[str]
) -> None:
    two.publish(1)  # before there was a target
    two.publish(2, S3)
    assert two.withdraw(target=S3) == "rel-1"
    assert names(objects()) == "rel-1"
    assert uploads[-5:] == [*FILES, POINTER]


@pytest.mark.parametrize("step", ["push", "point", "write_atomic", "_note"])
def test_a_withdrawal_killed_at_any_step_ends_as_if_undisturbed(
    two: Home, objects: Objects, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    two.publish(1, S3)
    two.publish(2, S3)
    kill(monkeypatch, lambda: two.withdraw(target=S3), step=step)
    assert two.withdraw(target=S3) == names(objects()) == two.latest == "rel-1"
    assert two.events[2:] == [("rel-2", "withdrawn")]


def test_a_missing_bucket_is_one_clear_line(two: Home, s3: Any) -> None:
    with pytest.raises(InputError, match=r"^s3://absent/weekly: no such folder or bucket$"):
        two.publish(1, "s3://absent/weekly")
    assert two.events == []


def test_no_credentials_is_one_clear_line(two: Home, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(InputError, match=rf"^{S3}: access failed .*set AWS_ACCESS_KEY_ID"):
        two.publish(1, S3)


def test_a_target_that_may_only_be_read_is_one_clear_line(
    two: Home, moto: str, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    iam = boto3.client("iam", endpoint_url=moto)
    iam.create_user(UserName="reader")
    allowed = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=policy)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    post(f"{moto}/moto-api/reset-auth", b"0")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    forget_connections()
    with pytest.raises(InputError, match=rf"^{S3}: access failed"):
        two.publish(1, S3)
    assert two.events == []


def test_a_server_that_is_not_there_may_be_tried_again(
    two: Home, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    forget_connections()
    with pytest.raises(TargetError, match=rf"^{S3}: failed: Could not connect.*run again"):
        two.publish(1, S3)


def test_a_folder_is_a_target_too(two: Home, tmp_path: Path) -> None:
    folder = tmp_path / "shelf"
    two.publish(1, folder.as_uri())
    two.publish(2, str(folder))
    assert two.withdraw(target=str(folder)) == "rel-1"
    assert orjson.loads((folder / "latest.json").read_bytes())["release_id"] == "rel-1"
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == {
        "latest.json",
        *(f"rel-{n}/{name}" for n in (1, 2) for name in NAMES),
    }


def test_a_file_where_a_folder_should_be_is_one_clear_line(two: Home, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="no such folder or bucket"):
        two.publish(1, str(tmp_path / "file" / "shelf"))


@pytest.mark.parametrize("url", ["s3://key:secret@bucket/x", "https://host/x?X-Amz-Signature=secret"])
def test_a_url_with_secrets_is_refused_by_the_settings_and_shown_without_them(url: str) -> None:
    with pytest.raises(InputError) as caught:
        config.override(Settings(), publish__target=url)
    assert "publish.target" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "secret" not in Target(url).url


def test_an_unknown_kind_of_url_is_one_clear_line(two: Home) -> None:
    with pytest.raises(InputError, match=r"^nowhere://shelf: cannot be used: Protocol not known"):
        two.publish(1, "nowhere://shelf")
