"""Where things lie that many tests read."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
DEMO: Final = ROOT / "deploy" / "demo"
SAMPLE: Final = DEMO / "conversations.jsonl"
PROFILE: Final = DEMO / "evergreen.toml"
GOOD_HOME: Final = ROOT / "tests" / "expectations" / "good_home.sql"
REAL_DATA: Final = ROOT.parent / "shared" / "data"
