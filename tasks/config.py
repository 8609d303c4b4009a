"""Where settings come from: command line over environment (`EVERGREEN_CLEAN__MIN_CHARS=20`) over profile."""

import os
import tomllib
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from tasks.errors import InputError
from tasks.settings import Settings

PROFILES = Path(__file__).parent / "profiles"


class _Layers(Settings, BaseSettings):
    """`Settings` that also look at the environment; what is passed in comes from the profile."""

    model_config = SettingsConfigDict(env_prefix="EVERGREEN_", env_nested_delimiter="__", extra="forbid")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  (the signature is pydantic-settings')
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over profile."""
        return env_settings, init_settings


def load(profile: str = "offline") -> Settings:
    """Read the settings of a profile, under the environment's.

    Args:
        profile: the name of a shipped profile, or the path of a TOML file with one table a stage.

    Raises:
        InputError: no such profile, bad TOML, an unknown setting or a value out of range.
    """
    path = _profile_path(profile)
    _refuse_unknown_tables()
    try:
        layers = _Layers(**tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not valid TOML: {error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not valid TOML: not in UTF-8") from error
    except SettingsError as error:
        raise InputError(f"the environment: {error}; lists and tables are written as JSON") from error
    except ValidationError as error:
        raise InputError(f"{path} or the environment: {describe(error)}") from error
    return Settings.model_validate(layers.model_dump())


def override(settings: Settings, **values: object) -> Settings:
    """Set single fields, named `table__field` or `field`; `None` leaves a field alone.

    Raises:
        InputError: a value out of range.
    """
    data = settings.model_dump()
    for name, value in values.items():
        if value is not None:
            *table, field = name.split("__")
            (data[table[0]] if table else data)[field] = value
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        raise InputError(describe(error)) from error


def describe(error: ValidationError) -> str:
    """One line for a user: each faulty setting, what is wrong with it, and the names that exist."""
    faults = []
    for fault in error.errors():
        name = ".".join(str(part) for part in fault["loc"])
        message = "unknown setting" if fault["type"] == "extra_forbidden" else fault["msg"]
        faults.append(f"{name}: {message}")
    return "; ".join(faults)


def _refuse_unknown_tables() -> None:
    """Refuse `EVERGREEN_TABEL__FIELD`, which pydantic-settings passes over."""
    for name in os.environ:
        table, separator, _ = name.upper().removeprefix("EVERGREEN_").partition("__")
        is_ours = name.upper().startswith("EVERGREEN_") and separator
        if is_ours and table.lower() not in Settings.model_fields:
            raise InputError(f"the environment: {name}: unknown setting")


def _profile_path(profile: str) -> Path:
    shipped = PROFILES / f"{profile}.toml"
    if shipped.is_file():
        return shipped
    path = Path(profile)
    if path.is_file():
        return path
    names = ", ".join(sorted(file.stem for file in PROFILES.glob("*.toml")))
    raise InputError(f"no profile {profile!r}: name one of {names}, or the path of a TOML file")
