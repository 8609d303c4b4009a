"""Run a suite on frames with Great Expectations."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tasks.errors import EvergreenError
from tasks.gate import docs
from tasks.gate.suite import Expectation, Rule, Severity, Suite

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.core import ExpectationValidationResult as Result
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.datasource.fluent.interfaces import Batch
    from great_expectations.expectations.expectation import Expectation as GxExpectation

SAMPLE_IDS = 10
# No more than this: the default puts values into the pages, row by row.
_RESULT_FORMAT: Final = "BASIC"
# Great Expectations has one current context a process, and gates may run side by side.
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class Check:
    """How one check went; one on a table as a whole counts 1 if it failed, and has no ids."""

    name: str
    severity: Severity
    says: str
    passed: bool
    unexpected_count: int
    sample_ids: tuple[str, ...]
    observed: str


def validate(
    suite: Suite, rows: "pd.DataFrame", offenders: "Mapping[str, pd.DataFrame]", folder: Path, run_id: str
) -> list[Check]:
    """Check a boundary and put the results on a page of the Data Docs.

    Args:
        suite: what to check.
        rows: the checked columns, the identifying one first; no prompt text, for values reach the page.
        offenders: `id`, `detail` of the rows that each rule found, by the rule's name.
        folder: where the Data Docs are.
        run_id: the run that is checked.

    Returns:
        A result a check, in the order of the suite.

    Raises:
        EvergreenError: a check could not be run.
    """
    with _LOCK:
        context = docs.open_context(folder)
        asset = context.data_sources.add_pandas("warehouse").add_dataframe_asset("frame")
        frames = asset.add_batch_definition_whole_dataframe("rows")
        results = _run_expectations(_batch(frames, rows), suite)
        results |= {
            rule.name: _run_rule(_batch(frames, offenders[rule.name][["id"]]), rule) for rule in suite.rules
        }
        docs.add_page(folder, context, suite.boundary, run_id, list(results.values()))
    return [_expectation_check(check, results[check.name], rows) for check in suite.expectations] + [
        _rule_check(rule, results[rule.name], offenders[rule.name]) for rule in suite.rules
    ]


def _run_expectations(batch: "Batch", suite: Suite) -> "dict[str, Result]":
    from great_expectations import ExpectationSuite  # noqa: PLC0415

    gx_suite = ExpectationSuite(name=suite.boundary)
    for check in suite.expectations:
        gx_suite.add_expectation(_expectation(check, check.type, check.kwargs))
    outcome = batch.validate(gx_suite, result_format=_RESULT_FORMAT)
    configs = [(result, result.expectation_config) for result in outcome.results]
    by_name = {config.meta["name"]: result for result, config in configs if config and config.meta}
    return {check.name: _ran(check, by_name[check.name]) for check in suite.expectations}


def _run_rule(batch: "Batch", rule: Rule) -> "Result":
    is_empty = _expectation(rule, "expect_table_row_count_to_equal", {"value": 0})
    return _ran(rule, batch.validate(is_empty, result_format=_RESULT_FORMAT))


def _expectation(check: Expectation | Rule, type_: str, kwargs: dict[str, Any]) -> "GxExpectation":
    from great_expectations.expectations.registry import get_expectation_impl  # noqa: PLC0415

    description = f"{check.says} ({check.name}, {check.severity})"
    labels: dict[str, Any] = {
        "severity": check.severity,
        "description": description,
        "meta": {"name": check.name},
    }
    return get_expectation_impl(type_)(**kwargs, **labels)


def _batch(frames: "BatchDefinition[Any]", frame: "pd.DataFrame") -> "Batch":
    return frames.get_batch(batch_parameters={"dataframe": frame})


def _ran(check: Expectation | Rule, result: "Result") -> "Result":
    """The result, if there is one: Great Expectations counts a check that broke as one that failed."""
    if result.result:
        return result
    info = result.exception_info
    messages = {part["exception_message"] for part in info.values() if isinstance(part, dict)}
    why = ", ".join(sorted(messages)) or info.get("exception_message")
    raise EvergreenError(f"the check {check.name} could not be run: {why}")


def _expectation_check(check: Expectation, result: "Result", rows: "pd.DataFrame") -> Check:
    found = result.result
    if "unexpected_count" not in found:
        return _check(check, result, int(not result.success), (), str(found["observed_value"]))
    count = int(found["unexpected_count"])
    # BASIC has offending values, not rows; but a check on a column sees nothing else of a row.
    is_offender = rows[check.kwargs["column"]].isin(found["partial_unexpected_list"])
    ids = tuple(str(row_id) for row_id in rows.loc[is_offender].iloc[:, 0].unique()[:SAMPLE_IDS])
    return _check(check, result, count, ids, f"{count:,} of {found['element_count']:,} rows")


def _rule_check(rule: Rule, result: "Result", offenders: "pd.DataFrame") -> Check:
    ids = tuple(str(row_id) for row_id in offenders["id"].iloc[:SAMPLE_IDS])
    observed = str(offenders["detail"].iloc[0]) if ids else "none"
    return _check(rule, result, len(offenders), ids, observed)


def _check(
    check: Expectation | Rule, result: "Result", count: int, ids: tuple[str, ...], observed: str
) -> Check:
    return Check(check.name, check.severity, check.says, bool(result.success), count, ids, observed)
