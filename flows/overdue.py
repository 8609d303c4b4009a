"""Missed weeks are made up for by one run: the first to start passes over the others that are overdue."""

from datetime import UTC, datetime
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.logging.loggers import flow_run_logger

_COVERED = "Passed over: it was overdue when the run {name} started, and that one reads all that is new."


def pass_over_overdue(flow: object, flow_run: FlowRun, state: object) -> None:  # noqa: ARG001  (a hook's)
    """End the scheduled runs that are due by now and ask for what this one does; a hook for a run's start.

    With the worker down for five weeks, five runs wait for it, and it would work through them all. What falls
    due while this run is under way waits for it: it may find more.
    """
    if flow_run.deployment_id is None:
        return
    with get_client(sync_client=True) as client:
        due = client.read_flow_runs(flow_run_filter=_due(flow_run))
        covered = [run for run in due if _asks_the_same(run, flow_run)]
        message = _COVERED.format(name=flow_run.name)
        for run in covered:
            client.set_flow_run_state(
                run.id, State[Any](type=StateType.CANCELLED, name="Skipped", message=message)
            )
    if covered:
        logger = flow_run_logger(flow_run)  # a hook runs outside of the run, whose log other loggers miss
        logger.info("%d overdue runs are passed over: this one reads all that is new", len(covered))


def _due(flow_run: FlowRun) -> FlowRunFilter:
    return FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=[flow_run.deployment_id]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
        expected_start_time=FlowRunFilterExpectedStartTime(before_=datetime.now(UTC)),
    )


def _asks_the_same(run: FlowRun, this: FlowRun) -> bool:
    """Whether it comes from a schedule, has not begun, and has the parameters of this run."""
    return run.auto_scheduled and run.run_count == 0 and run.parameters == this.parameters
