"""A home: made, locked, and written to in whole files."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.errors import InputError
from tasks.storage import hold_home, open_home, write_atomic


def test_a_home_is_made_with_its_parents_and_left_clean(tmp_path: Path) -> None:
    home = open_home(str(tmp_path / "a" / "b"))
    assert home.is_dir()
    assert list(home.iterdir()) == []
    assert open_home(str(home)) == home


def test_a_home_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for home in (str(tmp_path / "file"), str(tmp_path / "file" / "below"), "/proc/home", "s3://bucket/home"):
        with pytest.raises(InputError) as caught:
            open_home(home)
        assert home in str(caught.value)


def test_one_run_at_a_time_holds_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = (
        "import sys\nfrom tasks.storage import hold_home\n"
        f"with hold_home({str(tmp_path)!r}, 0):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with (
        pytest.raises(InputError, match=r"another run has held it for 0\.1 s"),
        hold_home(str(tmp_path), 0.1),
    ):
        pass
    monkeypatch.setattr("time.sleep", lambda _: kill(holder))  # while this one waits
    with hold_home(str(tmp_path), 3_600):
        pass


def kill(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.communicate()


def test_a_home_is_let_go_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), hold_home(str(tmp_path), 0):
        raise ZeroDivisionError
    with hold_home(str(tmp_path), 0):
        pass


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "latest.json"
    write_atomic(path, b"old")
    with path.open("rb") as reader:
        write_atomic(path, b"new")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new"
    assert [file.name for file in path.parent.iterdir()] == ["latest.json"]


def test_a_lock_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".lock").mkdir()
    with (
        pytest.raises(InputError, match=rf"--home {tmp_path}: \.lock cannot be written to: Is a directory"),
        hold_home(str(tmp_path), 0),
    ):
        pass


def test_waiting_for_a_home_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tasks.storage")
    with hold_home(str(tmp_path), 0):
        assert caplog.messages == []
        with pytest.raises(InputError), hold_home(str(tmp_path), 0.3):
            pass
    assert caplog.messages == [f"{tmp_path}: another run holds it; waiting up to 0.3 s"]
