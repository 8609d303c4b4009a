"""The command, in a process of its own: exit codes, one line an error, what goes to stdout."""

import fcntl
from pathlib import Path

import pytest

from tasks import warehouse
from tests.flows.forks import Command
from tests.flows.homes import Built
from tests.places import SAMPLE


def _one_line(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.startswith("evergreen: ")]
    assert len(lines) == 1, stderr
    assert "Traceback" not in stderr
    return lines[0]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "name at least one source"),
        (("nowhere.jsonl",), "no such file"),
        (("{tmp}/empty.jsonl",), "empty"),
        (("{tmp}/folder",), "nothing readable"),
        (("{tmp}/other.jsonl",), "unknown_schema"),
        (("{sample}", "--size", "0"), "select.size"),
        (("{sample}", "--profile", "nowhere"), "no profile"),
        (("{sample}", "--profile", "{tmp}/typo.toml"), "clean.min_char: unknown setting"),
        (("{sample}", "--colour"), "--colour"),
        (("{sample}", "--home", "/proc/evergreen"), "cannot be written"),
        (("{sample}", "--home", "s3://bucket/home"), "local folder"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_code_2(
    command: Command, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "notes.txt").write_text("no conversations here")
    (tmp_path / "other.jsonl").write_text('{"colour": "red"}\n')
    (tmp_path / "typo.toml").write_text("[clean]\nmin_char = 5\n")
    filled = [argument.format(tmp=tmp_path, sample=SAMPLE) for argument in arguments]
    home = [] if "--home" in filled else ["--home", str(tmp_path / "home")]
    done = command("build", *filled, *home)
    assert done.returncode == 2
    assert says in _one_line(done.stderr)
    assert done.stdout == ""
    assert not (tmp_path / "home" / "releases").exists()


def test_a_home_that_another_run_holds_is_waited_for_and_then_refused(
    command: Command, tmp_path: Path
) -> None:
    with (tmp_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = command("build", SAMPLE, "--home", tmp_path, EVERGREEN_WAREHOUSE__LOCK_WAIT_SECONDS="1")
    assert done.returncode == 2
    assert "another run has held it for 1 s" in _one_line(done.stderr)


def test_a_warehouse_that_another_program_has_open_is_refused(command: Command, tmp_path: Path) -> None:
    warehouse.migrate(str(tmp_path))
    with warehouse.transaction(str(tmp_path)):
        done = command("build", SAMPLE, "--home", tmp_path, EVERGREEN_WAREHOUSE__LOCK_WAIT_SECONDS="1")
    assert done.returncode == 2
    assert "locked" in _one_line(done.stderr)


def test_a_gate_that_refuses_is_exit_code_3(command: Command, tmp_path: Path) -> None:
    source = tmp_path / "short.jsonl"
    source.write_text('{"prompt": "hi"}\n')
    done = command("build", source, "--home", tmp_path / "home")
    assert done.returncode == 3
    assert "gate after clean" in _one_line(done.stderr)


def test_show_prints_the_place_the_funnel_the_topics_and_prompts(command: Command, demo: Built) -> None:
    done = command("show", "--home", demo.home, "--prompts", "3", COLUMNS="200")
    assert done.returncode == 0, done.stderr
    assert str(demo.release) in done.stdout
    assert "exact_duplicate 24" in done.stdout
    assert done.stdout.count(" of 7") == 3


def test_status_lists_the_runs_of_a_home(command: Command, demo: Built) -> None:
    done = command("status", "--home", demo.home, COLUMNS="200")
    assert done.returncode == 0, done.stderr
    assert demo.release.name in done.stdout


def test_an_empty_home_has_nothing_to_show(command: Command, tmp_path: Path) -> None:
    for name in ("show", "status"):
        done = command(name, "--home", tmp_path)
        assert done.returncode == 2
        assert str(tmp_path) in _one_line(done.stderr)
