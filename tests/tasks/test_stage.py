"""What every task of ours does: which errors are tried again, and what an unexpected one may say."""

import pytest

from tasks.errors import DEBUG, EvergreenError, InputError, StageFailed
from tasks.stage import best_effort, stage

SECRET = "SENTINEL text of a prompt"


@stage("sample")
def fails(error: Exception) -> None:
    raise error


@pytest.mark.parametrize("error", [InputError("which file"), OSError("disk full")])
def test_our_errors_and_io_errors_keep_their_message(error: Exception) -> None:
    with pytest.raises(type(error), match=str(error)):
        fails.fn(error)


def test_an_unexpected_error_tells_its_type_but_not_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DEBUG, raising=False)
    with pytest.raises(
        StageFailed, match=r"unexpected ValueError at tests/tasks/test_stage.py:\d+"
    ) as caught:
        fails.fn(ValueError(SECRET))
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_debugging_shows_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEBUG, "1")
    with pytest.raises(ValueError, match=SECRET):
        fails.fn(ValueError(SECRET))


def test_what_is_only_shown_may_fail(caplog: pytest.LogCaptureFixture) -> None:
    with best_effort("showing a table"):
        raise ValueError(SECRET)
    assert "showing a table failed: ValueError" in caplog.text
    assert SECRET not in caplog.text


def test_exit_codes_are_the_documented_ones() -> None:
    assert (EvergreenError.exit_code, InputError.exit_code, StageFailed.exit_code) == (1, 2, 1)
