"""Settings: one frozen, flat table a stage, read from a profile and the environment.

The same models are the parameters of the flows, so the Prefect form shows each field with its description.
Order of precedence: command line, environment (`EVERGREEN_CLEAN__MIN_CHARS=20`), profile, default.
"""

import os
import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from tasks.errors import InputError

PROFILES = Path(__file__).parent / "profiles"

Rule = Literal[
    "multi_turn", "image", "toxic", "too_short", "too_long", "language", "personal_data", "near_duplicate"
]


class StageSettings(BaseModel):
    """A table of the settings file: frozen, and strict about names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class IngestSettings(StageSettings):
    """How sources are read."""

    batch_rows: int = Field(
        50_000, ge=1, description="Rows held in memory and written at a time, fewer where prompts are long."
    )
    max_record_bytes: int = Field(
        16_000_000, ge=1_000, description="A longer record is rejected as `too_large`, so memory stays flat."
    )


class CleanSettings(StageSettings):
    """Which prompts are worth keeping."""

    rules: tuple[Rule, ...] = Field(
        (
            "multi_turn",
            "image",
            "toxic",
            "too_short",
            "too_long",
            "language",
            "personal_data",
            "near_duplicate",
        ),
        description="The rules that run; the first that a prompt breaks is its reason.",
    )
    min_chars: int = Field(33, ge=1, description="Fewer characters are `too_short`.")
    max_chars: int = Field(16_000, ge=1, description="More characters are `too_long`.")
    languages: tuple[str, ...] = Field(("en",), description="ISO 639-1 codes of the languages kept.")
    near_duplicate_jaccard: float = Field(
        0.7, gt=0, le=1, description="Jaccard similarity of words and word pairs from which two are the same."
    )


class EmbedSettings(StageSettings):
    """How prompts become vectors."""

    model: Literal["tfidf-svd"] = Field(
        "tfidf-svd", description="The embedder: TF-IDF and truncated SVD, fitted on the corpus."
    )
    dimensions: int = Field(256, ge=2, description="Length of a vector.")
    shard_rows: int = Field(20_000, ge=1, description="Vectors in a Parquet shard.")


class TopicsSettings(StageSettings):
    """How vectors become topics."""

    min_topic_size: int = Field(5, ge=2, description="HDBSCAN's smallest cluster.")
    min_samples: int = Field(
        1, ge=1, description="HDBSCAN's density: more means more prompts without a topic."
    )
    pca_dimensions: int = Field(
        256, ge=2, description="PCA before UMAP, if vectors are longer; TF-IDF vectors lose topics by it."
    )
    n_neighbors: int = Field(15, ge=2, description="UMAP's neighbourhood.")
    umap_dimensions: int = Field(5, ge=2, description="Dimensions that HDBSCAN sees.")
    umap_epochs: int = Field(200, ge=1, description="Rounds of UMAP's layout.")
    outliers: Literal["nearest", "leave"] = Field(
        "nearest", description="What happens to prompts that HDBSCAN calls noise; those moved are marked."
    )
    outlier_min_cosine: float = Field(
        0.2, ge=-1, le=1, description="With `nearest`: below this cosine to every topic, a prompt has none."
    )


class AnnotateSettings(StageSettings):
    """Who marks prompts against the seven criteria."""

    annotator: Literal["heuristic-1"] = Field(
        "heuristic-1", description="The annotator: a fixed heuristic, not an LLM's judgement."
    )


class SelectSettings(StageSettings):
    """Which prompts make the test set."""

    size: int = Field(500, ge=1, description="Prompts in the test set.")
    per_topic: int = Field(2, ge=1, description="Prompts of each chosen topic.")
    min_score: int = Field(5, ge=0, le=7, description="Criteria a prompt must meet.")
    min_topic_mean: float = Field(
        3.0, ge=0, le=7, description="Mean score a topic must reach, over `topic_mean_population`."
    )
    topic_mean_population: Literal["annotated", "passing"] = Field(
        "annotated",
        description="The mean is over all annotated prompts of a topic, or over the passing ones.",
    )


class ReleaseSettings(StageSettings):
    """What a release is called."""

    category: str = Field("evergreen", min_length=1, description="`category` of every question.")
    date: str = Field(
        "",
        pattern=r"^(\d{4}-\d{2}-\d{2})?$",
        description="Date in the id, as YYYY-MM-DD; empty: today, UTC.",
    )


class WarehouseSettings(StageSettings):
    """How the warehouse file is shared."""

    lock_wait_seconds: float = Field(
        60, ge=0, description="How long to wait for another run to let go of the home."
    )


class Settings(StageSettings):
    """Everything a build can be told."""

    seed: int = Field(42, ge=0, lt=2**32, description="Seed of every random choice.")
    warehouse: WarehouseSettings = WarehouseSettings()
    ingest: IngestSettings = IngestSettings()
    clean: CleanSettings = CleanSettings()
    embed: EmbedSettings = EmbedSettings()
    topics: TopicsSettings = TopicsSettings()
    annotate: AnnotateSettings = AnnotateSettings()
    select: SelectSettings = SelectSettings()
    release: ReleaseSettings = ReleaseSettings()


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
