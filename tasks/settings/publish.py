"""From a release to its readers."""

from typing import Literal

from pydantic import Field

from tasks.settings.base import StageSettings


class PublishSettings(StageSettings):
    """Who says that a release becomes the latest, and where else it is put."""

    policy: Literal["auto", "manual"] = Field(
        "auto",
        description="`auto`: a release that its gates let through becomes the latest. `manual`: it waits for "
        "`evergreen publish ID`, or for a run of the flow `publish`.",
    )
    target: str = Field(
        "",
        # No `user:password@` and no signature: settings are kept and shown.
        pattern=r"^[^?@]*$",
        description="Where published releases are copied to: `s3://bucket/prefix`, a folder, or any other "
        "fsspec URL; empty: nowhere. Credentials come from the environment, never from here.",
    )
