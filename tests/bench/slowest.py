"""Where the suite's time goes: `pytest --junitxml=FILE`, then `python -m tests.bench.slowest FILE`.

Prints the slowest tests and files as Markdown. The seconds of a test include its set-up, so the first test
that asks for a fixture bears the cost of making it.
"""

import argparse
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

Row = tuple[float, str, str]


def timed(results: Path) -> Iterator[Row]:
    """Seconds, name and file of each test in JUnit's XML as pytest writes it."""
    for case in ElementTree.parse(results).iter("testcase"):
        file = case.attrib["classname"].removeprefix("tests.").replace(".", "/") + ".py"
        name = re.sub(r"[^\w\[\]\-.: ]", "·", case.attrib["name"])
        yield float(case.attrib["time"]), name, file


def print_table(titles: tuple[str, ...], rows: Iterable[tuple[float, *tuple[str, ...]]]) -> None:
    print("| s |", " | ".join(titles), "|")
    print("| ---: |", " | ".join("---" for _ in titles), "|")
    for seconds, *names in rows:
        print(f"| {seconds:.1f} |", " | ".join(names), "|")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--tests", type=int, default=60, help="how many tests to list")
    parser.add_argument("--files", type=int, default=20, help="how many files to list")
    asked = parser.parse_args()
    tests = sorted(timed(asked.results), reverse=True)
    files: Counter[str] = Counter()
    for seconds, _, file in tests:
        files[file] += seconds
    print(f"{len(tests):,} tests, {files.total():,.0f} seconds of the workers.\n")
    print_table(("test", "file"), tests[: asked.tests])
    print()
    print_table(("file",), [(seconds, file) for file, seconds in files.most_common(asked.files)])


if __name__ == "__main__":
    main()
