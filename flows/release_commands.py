"""The commands for what becomes of releases: publish, withdraw, pull, release diff."""

import json
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from flows.options import Home, Json, Profile, quiet_our_errors, settings_of
from tasks.home.summary import latest_release, release_folder

Release = Annotated[str, Parameter(name="--release", help="Id of a release; the latest if left out.")]
To = Annotated[str, Parameter(help="A folder of releases, such as HOME/releases.")]

release = App(name="release", help="Compare releases.")


def add_release_commands(app: App) -> None:
    """Give the command `evergreen` those of this file."""
    for command in (publish, withdraw, pull, release):
        app.command(command)


def publish(
    release_id: str, /, *, home: Home = ".evergreen", profile: Profile = "offline", json_: Json = False
) -> None:
    """Make a release the latest, one that waits or an older one, here and at `publish.target` of the profile.

    Parameters
    ----------
    release_id
        Id of the release.
    """
    settings = settings_of(profile, None)
    release_folder(home, release_id)  # a wrong name is told before anything slow is imported
    from flows.publish import publish as flow  # noqa: PLC0415  (Prefect takes 2 s to import: not for --help)

    quiet_our_errors()
    _say_latest(flow(release_id, home, settings).key, home, json_)


def withdraw(
    release_id: str = "", /, *, home: Home = ".evergreen", profile: Profile = "offline", json_: Json = False
) -> None:
    """Withdraw a release, and put the one published before it back, here and at `publish.target`.

    Parameters
    ----------
    release_id
        Id of the release; the latest if left out.
    """
    settings = settings_of(profile, None)
    latest_release(home)
    from flows.withdraw import withdraw as flow  # noqa: PLC0415

    quiet_our_errors()
    _say_latest(flow(release_id, home, settings).key, home, json_)


def pull(url: str, /, *, release: Release = "", to: To = "releases", json_: Json = False) -> None:
    """Get a release from where it was published, and verify every byte of it.

    Parameters
    ----------
    url
        Where releases are published to: s3://bucket/prefix, a folder, or any other fsspec URL.
    """
    from tasks.publish.pull import pull as get  # noqa: PLC0415  (fsspec, botocore)

    folder = get(url, release, Path(to))
    if json_:
        sys.stdout.write(json.dumps({"release_id": folder.name, "path": str(folder.resolve())}) + "\n")
    else:
        sys.stdout.write(f"{folder}\n")


@release.command
def diff(older: str, newer: str, /, *, home: Home = ".evergreen", json_: Json = False) -> None:
    """Say which prompts came, stayed and went between two releases, and why; topics, scores, lengths.

    Parameters
    ----------
    older
        Id of a release of the home.
    newer
        Id of another.
    """
    from flows.releases_report import print_diff, read_diff  # noqa: PLC0415  (rich)

    found = read_diff(home, older, newer)
    if json_:
        sys.stdout.write(json.dumps(found.as_json()) + "\n")
    else:
        print_diff(found)


def _say_latest(release_id: str, home: str, json_: bool) -> None:
    path = (Path(home) / "releases" / release_id).resolve()
    if json_:
        sys.stdout.write(json.dumps({"release_id": release_id, "path": str(path)}) + "\n")
    else:
        sys.stdout.write(f"The latest release is {release_id}:\n{path}\n")
