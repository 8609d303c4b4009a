"""The rotation in the words of the manifest."""

from tasks.release.manifest import rotation_rule
from tasks.settings import RotationSettings


def test_a_run_that_rotates_says_how() -> None:
    said = rotation_rule(RotationSettings(flows="all", share_kept=0.25, anchors=7, max_releases=3))[
        "rotation"
    ]
    assert "25%" in said
    assert "7 are anchors, at most 25% of it" in said
    assert "more than 3 releases" in said
    assert "releases" not in rotation_rule(RotationSettings(flows="all", max_releases=0))["rotation"]


def test_a_run_that_does_not_rotate_says_nothing() -> None:
    assert rotation_rule(RotationSettings()) == rotation_rule(RotationSettings(flows="none")) == {}
