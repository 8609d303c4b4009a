"""A home in which every check passes."""

import shutil
from pathlib import Path

import pytest

from tasks import warehouse


@pytest.fixture(scope="session")
def good_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good_home")
    warehouse.migrate(str(folder))
    with warehouse.transaction(str(folder)) as con:
        con.execute((Path(__file__).parent / "good_home.sql").read_text())
        keys = {"run_id": "run-1", "taxonomy_id": "tax-1", "annotator": "heuristic-1"}
        warehouse.run(con, "release/add_funnel", {**keys, "funnel_run_id": "run-1"})
    return folder


@pytest.fixture
def home(good_home: Path, tmp_path: Path) -> Path:
    shutil.copy(good_home / warehouse.WAREHOUSE, tmp_path)
    return tmp_path
