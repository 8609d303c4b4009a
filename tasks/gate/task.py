"""The Prefect task of gate: the suite of a stage's output → core.checks, Data Docs and a table artifact."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import polars as pl
from prefect.artifacts import create_table_artifact

from tasks import clock, warehouse
from tasks.errors import GateRefused
from tasks.gate.suite import load
from tasks.gate.validate import Check, validate
from tasks.refs import Ref, Run
from tasks.stage import best_effort, stage

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

DOCS = "docs"
_SHOWN_IDS = 5
_SHOWN = ("passed", "severity", "name", "unexpected_count", "observed", "sample_ids", "says")
_CHECKS: dict[str, pl.DataType] = {
    "name": pl.String(),
    "severity": pl.String(),
    "passed": pl.Boolean(),
    "unexpected_count": pl.Int64(),
    "sample_ids": pl.List(pl.String),
    "observed": pl.String(),
}


@stage("gate", retries=1, run_name="gate: {ref.stage}")
def gate(run: Run, ref: Ref) -> Ref:
    """Let a stage's output pass, or stop the run.

    The results are kept and shown before a refusal, so that there is something to look at.

    Raises:
        GateRefused: a critical check failed.
    """
    checks = check(run, ref)
    _store(run, ref, checks)
    _show(ref, checks)
    failed = [result for result in checks if not result.passed]
    for result in failed:
        logger.warning("%s, %s: %s", ref.stage, result.severity, describe(result))
    if refused := [describe(result) for result in failed if result.severity == "critical"]:
        page = Path(run.home) / DOCS / "index.html"
        raise GateRefused(f"the gate after {ref.stage} refused: {'; '.join(refused)}; see {page}")
    return ref


def check(run: Run, ref: Ref) -> list[Check]:
    """Run the suite of a stage's output, and write its page of the Data Docs."""
    suite = load(ref.stage)
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        rows = _read(con, suite.query, run, ref)
        offenders = {rule.name: _read(con, rule.query, run, ref) for rule in suite.rules}
    return validate(suite, rows, offenders, Path(run.home) / DOCS, run.id)


def describe(result: Check) -> str:
    """One failed check in a line: its name, how many offend, a few of them, and what was found."""
    ids = ", ".join(result.sample_ids[:_SHOWN_IDS])
    count = f"{result.unexpected_count:,} ({ids})" if ids else f"{result.unexpected_count:,}"
    return f"{result.name} failed for {count}: {result.observed}"


def _read(con: duckdb.DuckDBPyConnection, query: str, run: Run, ref: Ref) -> "pd.DataFrame":
    """Run a query with those of the gate's parameters that it uses: DuckDB takes no others."""
    text = warehouse.query_text(query)
    parameters = {name: value for name, value in (("run_id", run.id), ("key", ref.key)) if f"${name}" in text}
    return warehouse.run(con, query, parameters).to_pandas()


def _store(run: Run, ref: Ref, checks: list[Check]) -> None:
    """Keep the results, instead of those that an earlier attempt of the same run left."""
    rows = [[getattr(result, name) for name in _CHECKS] for result in checks]
    tables = {"checks": pl.DataFrame(rows, schema=_CHECKS, orient="row")}
    row = {"run_id": run.id, "boundary": ref.stage}
    with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
        warehouse.run(con, "gate/forget_checks", row)
        warehouse.run(con, "gate/add_checks", row | {"now": clock.utc_now()}, tables)


def _urgency(result: Check) -> tuple[bool, bool]:
    """Failed checks come first, the critical ones before the warnings."""
    return result.passed, result.severity != "critical"


def _show(ref: Ref, checks: list[Check]) -> None:
    passed = sum(result.passed for result in checks)
    rows = [{name: getattr(result, name) for name in _SHOWN} for result in sorted(checks, key=_urgency)]
    with best_effort(f"showing the checks after {ref.stage}"):
        create_table_artifact(
            [{**row, "sample_ids": ", ".join(row["sample_ids"])} for row in rows],
            key=f"checks-{ref.stage}",
            description=f"{passed} of {len(checks)} checks after {ref.stage} passed",
        )
