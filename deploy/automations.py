"""Prefect's automations: what the server does by itself when something happens to a run.

They hold for runs of the deployments in prefect.yaml, told by their tag: only those have the short heartbeat.
"""

from datetime import timedelta
from typing import Any

from prefect.automations import AutomationCore, EventTrigger, Posture
from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.filters import FlowRunFilterTags as Tags
from prefect.client.schemas.objects import StateType
from prefect.events import emit_event
from prefect.events.actions import CallWebhook, ChangeFlowRunState
from prefect.events.schemas.automations import Automation
from prefect.types import SecretDict
from pydantic import SecretStr

from tasks.stage import TAG, TAGGED

# Three heartbeats (PREFECT_FLOWS_HEARTBEAT_FREQUENCY in prefect.yaml; Prefect has none below 30 s). The lease
# of a run's turn outlives it by 75 s or more: its death should be known by then. A turn whose lease has run
# out is given back once more when the run is marked as crashed, and by then it may be another run's.
SILENCE = timedelta(seconds=90)

_RUNS = {"prefect.resource.id": "prefect.flow-run.*"}
_HEARTBEAT = "prefect.flow-run.heartbeat"
_WATCHED = "evergreen.run.watched"
_AT_REST = ("Completed", "Failed", "TimedOut", "Crashed", "Cancelled", "Paused", "Suspended")
_POSTPONED = ("Scheduled", "AwaitingRetry", "AwaitingConcurrencySlot")

_SILENT = "evergreen: mark silent runs as crashed"
_BLOCK = "evergreen-notify"
# Of each automation that tells: what for, the events, and the words between a run's name and its address.
_CASES = {
    "evergreen: tell of failed runs": (
        "A run failed or crashed.",
        {f"prefect.flow-run.{name}" for name in ("Failed", "TimedOut", "Crashed")},
        '" ~ flow_run.state.name ~ ": " ~ (flow_run.state.message or "") ~ "',
    ),
    "evergreen: tell of releases that wait": (
        "A release waits for a person to publish it.",
        {"evergreen.release.waits"},
        "made a release that waits to be published: the artifact `report` says what to look at.",
    ),
}
_MESSAGE = (
    "It fell silent: its process, its worker or the machine died. Run it again: it goes on from what is done."
)
# Slack, Mattermost and the like show `text`; the rest is for programs.
_PAYLOAD = """\
{% set url = flow_run | ui_url or "" %}{
  "text": {{ (flow_run.name ~ " WHAT " ~ url) | tojson }},
  "event": {{ event.event | tojson }},
  "run": {{ flow_run.name | tojson }},
  "state": {{ flow_run.state.name | tojson }},
  "message": {{ (flow_run.state.message or "") | tojson }},
  "url": {{ url | tojson }}
}"""


def end_silent_runs(client: SyncPrefectClient, silence: timedelta = SILENCE) -> None:
    """Have runs marked as crashed that give no sign of life: a dead run would keep its turn for ever.

    Those under way are put under watch: of a run that died while the server was down, no event ever comes.

    Args:
        client: of the server.
        silence: how long a run may be silent, at least 10 seconds.
    """
    trigger = EventTrigger(
        posture=Posture.Proactive,
        match=_RUNS,
        match_related=TAGGED,
        for_each={"prefect.resource.id"},
        after={_HEARTBEAT, "prefect.flow-run.Pending", _WATCHED},
        expect={_HEARTBEAT, *(f"prefect.flow-run.{name}" for name in _AT_REST + _POSTPONED)},
        threshold=1,
        within=silence,
    )
    crash = ChangeFlowRunState(state=StateType.CRASHED, name="Crashed", message=_MESSAGE)
    _save(client, _SILENT, "A run of a deployment that sends no heartbeat any more.", trigger, crash)
    under_way = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PENDING, StateType.RUNNING]))
    for run in client.read_flow_runs(flow_run_filter=FlowRunFilter(state=under_way, tags=Tags(all_=[TAG]))):
        resource = {"prefect.resource.id": f"prefect.flow-run.{run.id}", "prefect.resource.name": run.name}
        emit_event(_WATCHED, resource, related=[TAGGED])


def tell(client: SyncPrefectClient, url: str) -> None:
    """Have a webhook called when a run failed or crashed, and when a release waits for a person."""
    headers = SecretDict({"Content-Type": "application/json"})
    block = Webhook(url=SecretStr(url), headers=headers).save(_BLOCK, overwrite=True)
    for name, (description, events, what) in _CASES.items():
        trigger = EventTrigger(
            posture=Posture.Reactive,
            match=_RUNS,
            match_related=TAGGED,
            for_each={"prefect.resource.id"},
            expect=events,
        )
        call = CallWebhook(block_document_id=block, payload=_PAYLOAD.replace("WHAT", what))
        _save(client, name, description, trigger, call)


def is_telling(client: SyncPrefectClient) -> bool:
    """Whether notifications were set up before."""
    return any(client.read_automations_by_name(name) for name in _CASES)


def _save(
    client: SyncPrefectClient,
    name: str,
    description: str,
    trigger: EventTrigger,
    action: ChangeFlowRunState | CallWebhook,
) -> None:
    """Make an automation, or bring it up to date; one that a person paused stays paused."""
    wanted = AutomationCore(name=name, description=description, trigger=trigger, actions=[action])
    known = client.read_automations_by_name(name)
    if not known:
        client.create_automation(wanted)
    elif _content(known[0]) != _content(wanted):  # an update forgets which runs it is watching
        client.update_automation(known[0].id, wanted.model_copy(update={"enabled": known[0].enabled}))


def _content(automation: AutomationCore | Automation) -> dict[str, Any]:
    return automation.model_dump(include={"description", "trigger", "actions"})
