"""The flow `publish`: a release that waits becomes the latest."""

from prefect import flow

from flows.scope import run_on
from tasks.publish.task import approve
from tasks.refs import Ref
from tasks.settings import Settings

_DEFAULTS = Settings()


@flow(name="publish", flow_run_name="publish {release_id}", persist_result=False)
def publish(release_id: str, home: str = ".evergreen", settings: Settings = _DEFAULTS) -> Ref:
    """Make a release of a home the latest, here and at `publish.target`.

    Args:
        release_id: Its id, as the artifact `report` of the run that made it says.
        home: Folder that holds the warehouse and the releases.
        settings: One table a stage; `publish` has the target.
    """
    with run_on(home, "publish", settings) as run:
        latest: Ref = approve(run, release_id, settings.publish)
    return latest
