"""`make server` again: what people did to schedules stays, all else is as deploy/prefect.yaml has it."""

import os

import yaml
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate, DeploymentUpdate
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.client.schemas.schedules import CronSchedule

from deploy.server import bootstrap, deploy
from tests.places import ROOT

DEPLOYMENTS = yaml.safe_load((ROOT / "deploy" / "prefect.yaml").read_text())["deployments"]
REFRESH = next(deployment for deployment in DEPLOYMENTS if deployment["name"] == "refresh")
WEEKLY = CronSchedule(**REFRESH["schedules"][0])
DAILY = CronSchedule(cron="30 3 * * *", timezone="Europe/Berlin")


def schedules(client: SyncPrefectClient) -> list[DeploymentSchedule]:
    found = client.read_deployment_by_name("refresh/refresh").schedules
    return sorted(found, key=lambda schedule: schedule.schedule != WEEKLY)


def test_what_people_did_to_schedules_outlives_a_restart(server: str, client: SyncPrefectClient) -> None:
    env = os.environ | {"PREFECT_API_URL": server}
    bootstrap(env)
    deploy(env)
    (weekly,) = schedules(client)
    assert (weekly.schedule, weekly.active) == (WEEKLY, True)

    refresh = client.read_deployment_by_name("refresh/refresh")
    ours = DeploymentScheduleCreate(schedule=DAILY, active=True, parameters={"home": "my-home"})
    client.create_deployment_schedules(refresh.id, [ours])
    client.update_deployment_schedule(refresh.id, weekly.id, active=False)
    client.pause_deployment(refresh.id)
    client.update_deployment(refresh.id, DeploymentUpdate(parameters={"home": "edited"}))
    before = schedules(client)
    deploy(env)
    assert schedules(client) == before
    assert [(schedule.schedule, schedule.active, schedule.parameters) for schedule in before] == [
        (WEEKLY, False, {}),
        (DAILY, True, {"home": "my-home"}),
    ]
    after = client.read_deployment_by_name("refresh/refresh")
    assert after.paused
    assert after.parameters == refresh.parameters  # those of prefect.yaml again, as the runbook says
