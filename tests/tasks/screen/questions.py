"""Invented questions, paraphrases of them, and prompts about something else."""

from pathlib import Path

import yaml

PAIRS = yaml.safe_load((Path(__file__).parents[2] / "bench" / "paraphrases.yaml").read_text())
QUESTIONS = [pair["question"] for pair in PAIRS["light"]]
UNRELATED = [pair[side] for pair in PAIRS["free"] for side in ("question", "paraphrase")]
