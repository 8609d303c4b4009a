"""Which releases were published or withdrawn, and what may become of them."""

from dataclasses import dataclass

import polars as pl

from tasks.errors import InputError


@dataclass(frozen=True)
class History:
    """Where the releases of a home stand.

    `releases`: `release_id`, `state`, `is_passed` (its gates let it through); the latest comes first.
    """

    home: str
    releases: pl.DataFrame

    @property
    def published(self) -> list[str]:
        """Those that were published and not withdrawn since, the latest first."""
        return self.releases.filter(state="published")["release_id"].to_list()

    @property
    def latest(self) -> str:
        """The latest one; empty if there is none."""
        return next(iter(self.published), "")

    def state(self, release_id: str) -> str:
        """`candidate`, `published` or `withdrawn`.

        Raises:
            InputError: no such release.
        """
        states = self.releases.filter(release_id=release_id)["state"].to_list()
        if not states:
            raise InputError(f"--home {self.home}: no release {release_id!r}; evergreen status lists them")
        return str(states[0])

    def waits(self, release_id: str, policy: str) -> bool:
        """Whether a person must publish it: by the policy, or because a person put another in its place."""
        if release_id == self.latest:
            return False
        return policy == "manual" or self.state(release_id) != "candidate"

    def standing(self, release_id: str) -> str:
        """Its state, but `replaced` for what was published and is not the latest.

        Raises:
            InputError: no such release.
        """
        state = self.state(release_id)
        return "replaced" if state == "published" and release_id != self.latest else state

    def require_passed(self, release_id: str) -> None:
        """See that a release may be published by name.

        Raises:
            InputError: no such release, or no gate let it through.
        """
        self.state(release_id)
        if not self.releases.filter(release_id=release_id)["is_passed"].any():
            raise InputError(
                f"--home {self.home}: release {release_id} did not pass its gate, so it cannot be published; "
                "build again"
            )

    def successor(self, release_id: str) -> str:
        """The release that is the latest once this one is withdrawn.

        Raises:
            InputError: it was never published, or none was before it; there is none.
        """
        if not release_id:
            raise InputError(f"--home {self.home}: no release is published, so none can be withdrawn")
        if self.state(release_id) == "candidate":
            raise InputError(f"--home {self.home}: release {release_id} was never published")
        others = [other for other in self.published if other != release_id]
        if not others:
            raise InputError(
                f"--home {self.home}: no release was published before {release_id}, so none can take its "
                "place; publish another one first"
            )
        return others[0]
