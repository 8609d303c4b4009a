"""kill -9 at any moment: the same command again comes to the same release."""

import json
import os
import random
from pathlib import Path

from tests.flows.conftest import SAMPLE, Built, Command
from tests.flows.forks import start_command

KILLS = 5


def test_a_build_killed_again_and_again_ends_in_the_undisturbed_release(
    server: str, command: Command, demo: Built, tmp_path: Path
) -> None:
    profile = "deploy/demo/evergreen.toml"
    arguments = ("build", SAMPLE, "--home", tmp_path / "home", "--profile", profile, "--json")
    moments = random.Random(3)
    killed = 0
    for _ in range(KILLS):
        process = start_command([*map(str, arguments)], {**os.environ}, server, tmp_path)
        process.join(moments.uniform(1, 12))
        if process.is_alive():
            process.kill()
            process.join()
            killed += 1
    assert killed, "every run ended before it was killed"
    done = command(*arguments)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["release_id"][11:] == demo.release.name[11:]
    assert summary["funnel"] == json.loads((demo.release / "manifest.json").read_bytes())["funnel"]
