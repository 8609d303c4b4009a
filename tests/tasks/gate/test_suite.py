"""A suite file is proved before it is trusted."""

from pathlib import Path

import pytest

from tasks.errors import InputError
from tasks.gate.suite import FOLDER, load

CHECK = "name: a, severity: critical, says: It is so."
MALFORMED = {
    "no mapping": ("- query", "not a suite"),
    "no yaml": ("query: [", "not a suite"),
    "no query": ("rules: []", "query"),
    "unknown key": ("query: q\nrule: []", "rule: unknown setting"),
    "unknown severity": ("query: q\nrules: [{query: r, name: a, severity: fatal, says: s}]", "severity"),
    "no sentence": ("query: q\nrules: [{query: r, name: a, severity: warning}]", "says"),
    "no expectation": (f"query: q\nexpectations: [{{type: assert_it, {CHECK}}}]", "type"),
    "name twice": (
        f"query: q\nrules: [{{query: r, {CHECK}}}, {{query: s, {CHECK}}}]",
        "two checks are named a",
    ),
}


def test_a_suite_is_read() -> None:
    suite = load("clean")
    assert suite.boundary == "clean"
    assert suite.query == "gate/clean"
    assert suite.expectations[0].kwargs == {"column": "prompt_id"}
    assert {rule.severity for rule in suite.rules} == {"critical", "warning"}


@pytest.mark.parametrize(("text", "message"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_suite_is_one_clear_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "clean.yaml").write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        load("clean", tmp_path)
    assert str(tmp_path / "clean.yaml") in str(caught.value)


def test_a_boundary_without_a_suite_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such suite"):
        load("clean", tmp_path)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_sentences_are_sentences(path: Path) -> None:
    suite = load(path.stem)
    for check in (*suite.expectations, *suite.rules):
        assert check.says[0].isupper()
        assert check.says.endswith(".")
