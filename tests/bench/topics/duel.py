"""The two contenders one after the other, and the report."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.bench.topics import measure, report
from tests.bench.topics.result import QUALITY

# More than UMAP compares by brute force, so that the compiled code of every step is on disk afterwards.
_WARM_UP_ROWS: Final = 5_000
_MEASURED: Final = "measured.json"


def fight(corpus: Path, work: Path, result: Path, about: dict[str, Any], *, resume: bool) -> None:
    """Measure and judge both contenders, print the table and write topics.json and topics.png.

    Args:
        corpus: a folder of `corpus.write_corpus`.
        work: homes, and what the contenders found.
        result: where the report goes.
        about: what the report says of the machine and the corpus.
        resume: keep what a contender found before.
    """
    contenders = {"evergreen": _evergreen, "bertopic": _bertopic}
    todo = [name for name in contenders if not (resume and (work / name / _MEASURED).is_file())]
    if todo:
        _warm_up(corpus, work, [contenders[name] for name in todo])
    for name in todo:
        print(f"{name} …", flush=True)
        (work / name / _MEASURED).unlink(missing_ok=True)
        load = measure.environment()["load"]
        figures = contenders[name](corpus, work, work / name, about["rows"])
        (work / name / _MEASURED).write_text(json.dumps({**figures, "load_before": load}), encoding="utf-8")
    results = [_judged(name, corpus, work / name) for name in ("bertopic", "evergreen")]
    report.write(result, about, results)
    if not results[1]["is_reproduced"]:
        sys.exit("Another process did not find the topics that are stored: the layout judged is not theirs.")
    print("Another process found the same topics.")


def _bertopic(corpus: Path, _work: Path, found: Path, _rows: int) -> dict[str, float]:
    return measure.run("contenders", "bertopic", corpus, found)


def _evergreen(corpus: Path, work: Path, found: Path, rows: int) -> dict[str, float]:
    """Before the clock starts, the home is made; after it has stopped, what is in it is read."""
    home = work / "home"
    measure.run("homes", corpus, home, rows)
    figures = measure.run("contenders", "evergreen", home)
    measure.run("contenders", "collect", home, found)
    return figures


def _warm_up(
    corpus: Path, work: Path, contenders: list[Callable[[Path, Path, Path, int], dict[str, float]]]
) -> None:
    """Run them on few rows: libraries are in the page cache then, and Numba has stored what it can."""
    print("warming up …", flush=True)
    measure.run("corpus", "--head", corpus, work / "warm-up", _WARM_UP_ROWS)
    for contender in contenders:
        contender(work / "warm-up", work / "warm-up", work / "warm-up" / "found", _WARM_UP_ROWS)


def _judged(name: str, corpus: Path, found: Path) -> dict[str, Any]:
    print(f"judging {name} …", flush=True)
    measure.run("judge", corpus, found)
    measured = json.loads((found / _MEASURED).read_text(encoding="utf-8"))
    return {"contender": name, **measured, **json.loads((found / QUALITY).read_text(encoding="utf-8"))}
