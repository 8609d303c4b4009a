"""Apply deploy/prefect.yaml to a Prefect server, at any time again: what people did to schedules stays.

`prefect deploy` by itself puts the schedules of prefect.yaml in the place of all others: it deletes those
that people made in the UI, and starts again what they paused. So a deployment is given schedules once, when
it is made; from then on these, and whether it is paused, are the server's. All else counts each time.

    PREFECT_API_URL=http://127.0.0.1:4200/api python -m deploy.apply
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound

from deploy.server import PREFECT, ROOT

FILE = ROOT / "deploy" / "prefect.yaml"


def main() -> None:
    """Deploy all; the exit code is Prefect's."""
    project = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    with get_client(sync_client=True) as client:
        for deployment in project["deployments"]:
            known = find(client, deployment)
            if known:
                deployment.pop("schedules", None)  # given none, Prefect leaves alone those that it has
                deployment["paused"] = known.paused
            print(f"{deployment['name']}: {'schedules as they were' if known else 'new'}", flush=True)
    sys.exit(deploy(project))


def find(client: SyncPrefectClient, deployment: dict[str, Any]) -> DeploymentResponse | None:
    """The same deployment on the server; flows are named as their functions are."""
    flow = deployment["entrypoint"].rpartition(":")[2]
    try:
        return client.read_deployment_by_name(f"{flow}/{deployment['name']}")
    except ObjectNotFound:
        return None


def deploy(project: dict[str, Any]) -> int:
    """Have Prefect deploy all of a project, from the root of the repository: runs start in that folder."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "prefect.yaml"
        file.write_text(yaml.safe_dump(project, sort_keys=False), encoding="utf-8")
        command = [*PREFECT, "deploy", "--all", "--prefect-file", str(file)]
        return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    main()
