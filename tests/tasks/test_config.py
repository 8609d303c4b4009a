"""Settings: what wins over what, and what is refused."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from tasks.config import PROFILES, load, override
from tasks.errors import InputError
from tasks.settings import Settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("EVERGREEN_"):
            monkeypatch.delenv(name)


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text("seed = 7\n[clean]\nmin_chars = 5\nmax_chars = 99\n")
    return path


@pytest.mark.parametrize("name", sorted(file.stem for file in PROFILES.glob("*.toml")))
def test_the_shipped_profiles_load(name: str) -> None:
    assert isinstance(load(name), Settings)


def test_the_default_profile_is_the_defaults() -> None:
    assert load() == Settings()


def test_environment_wins_over_profile_and_profile_over_default(
    profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERGREEN_CLEAN__MIN_CHARS", "6")
    monkeypatch.setenv("EVERGREEN_CLEAN__LANGUAGES", '["en", "de"]')
    settings = load(str(profile))
    assert (settings.seed, settings.clean.min_chars, settings.clean.max_chars) == (7, 6, 99)
    assert settings.clean.languages == ("en", "de")
    assert settings.ingest == Settings().ingest


def test_the_command_wins_over_all(profile: Path) -> None:
    settings = override(load(str(profile)), seed=8, clean__min_chars=4, select__size=None)
    assert (settings.seed, settings.clean.min_chars, settings.select.size) == (8, 4, 500)


@pytest.mark.parametrize(
    ("text", "clue"),
    [
        ("[claen]\nmin_chars = 5\n", "claen: unknown setting"),
        ("[clean]\nmin_char = 5\n", "clean.min_char: unknown setting"),
        ("[clean]\nmin_chars = 0\n", "clean.min_chars"),
        ("[clean]\nmin_chars = 'few'\n", "clean.min_chars"),
        ('[screen]\nseen_since = "2026-02-30"\n', "screen.seen_since"),
        ('[clean]\nrules = ["too_odd"]\n', "clean.rules"),
        ("[select]\nmin_score = 8\n", "select.min_score"),
        ("seed = -1\n", "seed"),
        ("clean = 5\n", "clean"),
        ("[release]\ndate = 'today'\n", "release.date"),
        ("[clean\n", "not valid TOML"),
        ("\x00", "not valid TOML"),
    ],
)
def test_a_faulty_profile_is_one_clear_line(tmp_path: Path, text: str, clue: str) -> None:
    path = tmp_path / "faulty.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load(str(path))
    assert str(path) in str(caught.value)
    assert clue in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_profile_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "faulty.toml"
    path.write_bytes(b"seed = \xff")
    with pytest.raises(InputError, match="UTF-8"):
        load(str(path))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EVERGREEN_CLEAN__MIN_CHAR", "5"),
        ("EVERGREEN_CLAEN__MIN_CHARS", "5"),
        ("EVERGREEN_CLEAN__MIN_CHARS", "few"),
        ("EVERGREEN_CLEAN__LANGUAGES", "en"),
        ("EVERGREEN_CLEAN", "strict"),
        ("EVERGREEN_SEED", "-1"),
    ],
)
def test_a_faulty_environment_is_one_clear_line(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError) as caught:
        load()
    assert "\n" not in str(caught.value)


def test_variables_of_the_command_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERGREEN_HOME", "/somewhere")
    assert load() == Settings()


def test_a_profile_that_is_not_there_says_which_are() -> None:
    with pytest.raises(InputError, match=r"no profile 'absent': name one of .*offline"):
        load("absent")


def test_size_0_is_refused() -> None:
    with pytest.raises(InputError, match=r"select\.size"):
        override(Settings(), select__size=0)


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Settings().seed = 1  # type: ignore[misc]
