"""Settings: one frozen, flat table a stage; `tasks/config.py` reads them.

The same models are the parameters of the flows, so the Prefect form shows each field with its description.
"""

from pydantic import Field

from tasks.settings.base import HEURISTIC, KEYWORDS, STATIC, StageSettings
from tasks.settings.corpus import CleanSettings, EmbedSettings, IngestSettings, Rule, TopicsSettings
from tasks.settings.publish import PublishSettings
from tasks.settings.refresh import RefreshSettings
from tasks.settings.rotation import RotationSettings
from tasks.settings.screen import ScreenSettings
from tasks.settings.test_set import (
    AnnotateSettings,
    LlmSettings,
    ReleaseSettings,
    SelectSettings,
    WarehouseSettings,
)

__all__ = [
    "HEURISTIC",
    "KEYWORDS",
    "STATIC",
    "AnnotateSettings",
    "CleanSettings",
    "EmbedSettings",
    "IngestSettings",
    "LlmSettings",
    "PublishSettings",
    "RefreshSettings",
    "ReleaseSettings",
    "RotationSettings",
    "Rule",
    "ScreenSettings",
    "SelectSettings",
    "Settings",
    "StageSettings",
    "TopicsSettings",
    "WarehouseSettings",
]


class Settings(StageSettings):
    """Everything a build can be told."""

    seed: int = Field(42, ge=0, lt=2**32, description="Seed of every random choice.")
    warehouse: WarehouseSettings = WarehouseSettings()
    llm: LlmSettings = LlmSettings()
    ingest: IngestSettings = IngestSettings()
    clean: CleanSettings = CleanSettings()
    embed: EmbedSettings = EmbedSettings()
    topics: TopicsSettings = TopicsSettings()
    screen: ScreenSettings = ScreenSettings()
    annotate: AnnotateSettings = AnnotateSettings()
    select: SelectSettings = SelectSettings()
    rotation: RotationSettings = RotationSettings()
    release: ReleaseSettings = ReleaseSettings()
    publish: PublishSettings = PublishSettings()
    refresh: RefreshSettings = RefreshSettings()
