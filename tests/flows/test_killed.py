"""kill -9 at any moment: the same command again comes to the same release."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from tests.flows.conftest import ROOT, SAMPLE, Built, Command

KILLS = 5


def test_a_build_killed_again_and_again_ends_in_the_undisturbed_release(
    server: str, command: Command, demo: Built, tmp_path: Path
) -> None:
    arguments = ("build", SAMPLE, "--home", tmp_path, "--profile", "deploy/demo/evergreen.toml", "--json")
    moments = random.Random(3)
    killed = 0
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.cli", *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, "PREFECT_API_URL": server},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(moments.uniform(5, 14))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
    assert killed, "every run ended before it was killed"
    done = command(*arguments)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["release_id"][11:] == demo.release.name[11:]
    assert summary["funnel"] == json.loads((demo.release / "manifest.json").read_bytes())["funnel"]
