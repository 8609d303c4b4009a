"""The home in which every check passes; `tests/expectations` has its rows."""

from pathlib import Path

import pytest

from tasks import warehouse

GOOD_HOME = Path(__file__).parents[2] / "expectations" / "good_home.sql"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    warehouse.migrate(str(tmp_path))
    with warehouse.transaction(str(tmp_path)) as con:
        con.execute(GOOD_HOME.read_text())
        keys = {"run_id": "run-1", "taxonomy_id": "tax-1", "annotator": "heuristic-1"}
        warehouse.run(con, "release/add_funnel", {**keys, "funnel_run_id": "run-1"})
    return tmp_path
