"""The flow `withdraw`: a release that turned out bad makes room for the one before it."""

from prefect import flow

from flows.scope import run_on
from tasks.publish.task import withdraw as put_back
from tasks.refs import Ref
from tasks.settings import Settings

_DEFAULTS = Settings()


@flow(name="withdraw", flow_run_name="withdraw {home}", persist_result=False)
def withdraw(release_id: str = "", home: str = ".evergreen", settings: Settings = _DEFAULTS) -> Ref:
    """Withdraw a release; the one published before it is the latest again, here and at `publish.target`.

    Args:
        release_id: Its id; empty: the latest.
        home: Folder that holds the warehouse and the releases.
        settings: One table a stage; `publish` has the target.
    """
    with run_on(home, "withdraw", settings) as run:
        latest: Ref = put_back(run, release_id, settings.publish)
    return latest
