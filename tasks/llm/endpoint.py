"""Endpoints: the models that can be asked, and how, read from `endpoints.yaml`."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
    model_validator,
)

from tasks.config import PROFILES, describe
from tasks.errors import InputError
from tasks.llm import api_config

SHIPPED = PROFILES / "endpoints.yaml"

Mode = Literal["sync", "flex", "batch"]

# Fields that people keep keys in. `max_tokens` is none of them, nor is `api_key_env`.
KEY_FIELD = re.compile(r"(^|[_-])(key|apikey|token|secret|password|authorization|bearer)$", re.IGNORECASE)
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

# What the program itself puts into a request.
RESERVED = {"model", "messages", "input", "stream", "n"}


class Price(BaseModel):
    """USD per million tokens. Cached input costs what input does, unless it is stated."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    input: float = Field(0, ge=0)
    cached_input: float = Field(0, ge=0)
    output: float = Field(0, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _cached_input_is_input(cls, table: object) -> object:
        if isinstance(table, Mapping) and "input" in table:
            return {"cached_input": table["input"], **table}
        return table


class Endpoint(BaseModel):
    """One entry of `endpoints.yaml`; what its fields mean is told in the shipped file."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field(min_length=1)
    model: str = Field(min_length=1)
    base_url: str = ""
    api_key_env: str = "OPENAI_API_KEY"
    concurrency: int = Field(32, ge=1)
    rpm: int = Field(0, ge=0)
    tpm: int = Field(0, ge=0)
    mode: Mode = "sync"
    json_schema: bool = False
    served_as: str = ""
    parameters: dict[str, JsonValue] = {}
    timeout_seconds: float = Field(120, gt=0)
    max_attempts: int = Field(6, ge=1)
    max_input_tokens: int = Field(8_191, ge=1)
    enqueued_tokens: int = Field(0, ge=0)
    price: Price | None = None

    @field_validator("base_url", "api_key_env", "served_as", mode="before")
    @classmethod
    def _null_is_empty(cls, value: object) -> object:
        return "" if value is None else value

    @field_validator("base_url")
    @classmethod
    def _is_web_address(cls, value: str) -> str:
        if value and not _is_plain_url(value):
            raise ValueError("write http(s)://host[:port]/path, without a user, a key or a query in it")
        return value

    @field_validator("api_key_env")
    @classmethod
    def _is_name_of_variable(cls, value: str) -> str:
        if value and (value.lower().startswith("sk-") or not VARIABLE.fullmatch(value)):
            raise ValueError("write the name of an environment variable that holds the key, never a key")
        return value

    @field_validator("parameters")
    @classmethod
    def _leaves_the_request_alone(cls, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if taken := RESERVED & set(value):
            raise ValueError(f"the program sets {', '.join(sorted(taken))} itself")
        return value

    @property
    def limit_name(self) -> str:
        """The Prefect limit that runs share: `llm-<name>`, with `~2F` for a `/`, which Prefect bans."""
        return "llm-" + quote(self.name, safe=" :@+=,").replace("~", "%7E").replace("%", "~")

    def with_parameters(self, body: dict[str, Any]) -> dict[str, Any]:
        """A body with the endpoint's own parameters over a stage's; one that is null is left out."""
        return {name: value for name, value in {**body, **self.parameters}.items() if value is not None}

    def api_key(self) -> str:
        """The key, from the environment; empty for a server that wants none.

        Raises:
            InputError: the variable is unset or empty, or holds what cannot be sent as a key.
        """
        if not self.api_key_env:
            return ""
        key = os.environ.get(self.api_key_env, "").strip()
        if not key:
            raise InputError(
                f"endpoint {self.name}: set the environment variable {self.api_key_env} to its key"
            )
        if not re.fullmatch(r"[!-~]+", key):
            raise InputError(
                f"endpoint {self.name}: {self.api_key_env} has a space or a letter outside ASCII"
            )
        return key


class Endpoints(dict[str, Endpoint]):
    """Endpoints by name, and by name too why others of a file cannot be used."""

    def __init__(self, usable: Mapping[str, Endpoint], refused: Mapping[str, str] | None = None) -> None:
        super().__init__(usable)
        self.refused = dict(refused or {})


def load(path: str = "") -> Endpoints:
    """The shipped endpoints, and over them those of a file: an entry of the same name replaces one.

    Args:
        path: a YAML file with an entry for each model, in our format or arena-hard-auto's; empty: none.

    Raises:
        InputError: no such file, not YAML, an entry that is faulty or holds a key.
    """
    endpoints = _read(SHIPPED)
    if path:
        mine = _read(Path(path))
        usable = {name: kept for name, kept in endpoints.items() if name not in mine.refused}
        endpoints = Endpoints(usable | mine, mine.refused)
    return endpoints


def get(endpoints: Endpoints, name: str) -> Endpoint:
    """The endpoint of that name.

    Raises:
        InputError: there is none, or its entry is of an API that cannot be called.
    """
    if name in endpoints.refused:
        raise InputError(endpoints.refused[name])
    if name not in endpoints:
        raise InputError(
            f"no endpoint {name!r}: name one of {', '.join(sorted(endpoints))}, or add it to a file"
        )
    return endpoints[name]


def _read(path: Path) -> Endpoints:
    usable: dict[str, Endpoint] = {}
    refused: dict[str, str] = {}
    for name, entry in _entries(path).items():
        if api_config.is_entry(entry):
            # Other models of a file made for another program must not be in the way of this one.
            try:
                usable[name] = _endpoint(name, api_config.translate(entry))
            except InputError as error:
                refused[name] = f"{path}: endpoint {name}: {error}"
        else:
            try:
                usable[name] = _endpoint(name, entry)
            except InputError as error:
                raise InputError(f"{path}: endpoint {name}: {error}") from error
    return Endpoints(usable, refused)


def _entries(path: Path) -> dict[str, object]:
    """The named entries of a file. A parser's message quotes the file, so only the line is told."""
    try:
        table = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: no such endpoints file, or it cannot be read") from error
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise InputError(f"{path}{where}: not valid YAML in UTF-8") from None
    if not isinstance(table, dict) or not all(isinstance(name, str) and name for name in table):
        raise InputError(
            f"{path}: not a file of endpoints: write one entry a model, under its name in quotes"
        )
    return table


def _endpoint(name: str, entry: object) -> Endpoint:
    if not isinstance(entry, dict):
        raise InputError("not a table of fields, such as `model: gpt-4o-mini`")
    parameters = entry.get("parameters")
    fields = [str(field) for field in (*entry, *(parameters if isinstance(parameters, dict) else ()))]
    if keys := [field for field in fields if KEY_FIELD.search(field)]:
        raise InputError(f"{keys[0]}: keys stay out of files; name their variable in api_key_env")
    if "name" in entry:
        raise InputError("name: unknown setting; the entry's key is its name")
    try:
        return Endpoint.model_validate({"name": name, **entry})
    except ValidationError as error:
        raise InputError(describe(error).replace("Value error, ", "")) from None


def _is_plain_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname)
    return is_whole and not ("@" in parts.netloc or parts.query or parts.fragment or " " in value)
