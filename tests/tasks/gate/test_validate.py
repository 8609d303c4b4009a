"""What Great Expectations says, turned into checks."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tasks.errors import EvergreenError
from tasks.gate.suite import Expectation, Rule, Suite
from tasks.gate.validate import Check, validate
from tests.places import ROOT

ROWS = pd.DataFrame({"id": [f"row-{i}" for i in range(40)], "size": [float(i) for i in range(40)]})
NO_OFFENDERS = pd.DataFrame({"id": [], "detail": []})


def expect(type_: str, **kwargs: object) -> Expectation:
    return Expectation(
        name="it", severity="critical", says="It is so.", type=f"expect_{type_}", kwargs=kwargs
    )


def outcome(folder: Path, expectation: Expectation, rows: pd.DataFrame = ROWS) -> Check:
    suite = Suite(boundary="clean", query="q", expectations=(expectation,))
    return validate(suite, rows, {}, folder, "run-1")[0]


def test_a_passing_check(tmp_path: Path) -> None:
    result = outcome(tmp_path, expect("column_values_to_be_unique", column="id"))
    assert result == Check("it", "critical", "It is so.", True, 0, (), "0 of 40 rows")


def test_all_offenders_count_and_ten_are_named(tmp_path: Path) -> None:
    result = outcome(tmp_path, expect("column_values_to_be_between", column="size", max_value=9))
    assert (result.passed, result.unexpected_count, result.observed) == (False, 30, "30 of 40 rows")
    assert result.sample_ids == tuple(f"row-{i}" for i in range(10, 20))


@pytest.mark.parametrize("values", [["a", None, "b"], [1.0, None, 2.0], [None, None, None]])
def test_nulls_are_named(tmp_path: Path, values: list[object]) -> None:
    rows = pd.DataFrame({"id": ["x", "y", "z"], "value": values})
    result = outcome(tmp_path, expect("column_values_to_not_be_null", column="value"), rows)
    assert not result.passed
    assert "y" in result.sample_ids
    assert result.unexpected_count == sum(value is None for value in values)


def test_some_offenders_may_be_allowed(tmp_path: Path) -> None:
    result = outcome(tmp_path, expect("column_values_to_be_between", column="size", min_value=1, mostly=0.9))
    assert (result.passed, result.unexpected_count, result.sample_ids) == (True, 1, ("row-0",))


def test_a_table_as_a_whole_has_no_ids(tmp_path: Path) -> None:
    result = outcome(tmp_path, expect("table_row_count_to_be_between", min_value=100))
    assert (result.passed, result.unexpected_count, result.sample_ids) == (False, 1, ())
    assert result.observed == "40"


def test_a_check_that_cannot_run_is_an_error_and_not_a_failure(tmp_path: Path) -> None:
    with pytest.raises(EvergreenError, match=r'check it could not be run: .*"sizes" .* does not exist'):
        outcome(tmp_path, expect("column_values_to_be_unique", column="sizes"))


def test_a_rule_passes_without_offenders(tmp_path: Path) -> None:
    rules = tuple(Rule(name=name, severity="warning", says="So.", query="q") for name in ("good", "bad"))
    suite = Suite(boundary="clean", query="q", rules=rules)
    offenders = pd.DataFrame({"id": [7, 8], "detail": ["seven of nine", "eight of nine"]})
    good, bad = validate(suite, ROWS, {"good": NO_OFFENDERS, "bad": offenders}, tmp_path, "run-1")
    assert good == Check("good", "warning", "So.", True, 0, (), "none")
    assert bad == Check("bad", "warning", "So.", False, 2, ("7", "8"), "seven of nine")


def test_neither_library_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, tasks.gate.validate, tasks.gate.docs, tasks.gate.suite; "
        "sys.exit(bool({'great_expectations', 'prefect', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
