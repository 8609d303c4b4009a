"""The flow `calibrate`: how far the annotators agree with labels."""

from prefect import flow

from flows.scope import run_on
from tasks.calibrate.calibration import Calibration
from tasks.calibrate.task import calibrate as compare
from tasks.settings import Settings

_DEFAULTS = Settings()


@flow(name="calibrate", flow_run_name="calibrate {home}", persist_result=False)
def calibrate(labels: str, home: str = ".evergreen", settings: Settings = _DEFAULTS) -> Calibration:
    """Have labelled prompts marked by the annotators of the settings and by the heuristic, and compare.

    Args:
        labels: File of prompts with labels of the seven criteria.
        home: Folder that holds the journals: what an annotator was asked once, it is not asked again.
        settings: One table a stage.
    """
    with run_on(home, "calibrate", settings) as run:
        calibration: Calibration = compare(run, labels, settings)
    return calibration
