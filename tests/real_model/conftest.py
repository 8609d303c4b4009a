"""A real model of 270 million parameters on a loopback port, and a home of ten prompts to ask it about."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tasks.clean.task import clean
from tasks.ingest.task import ingest
from tasks.refs import Ref, Run
from tasks.settings import CleanSettings, IngestSettings, LlmSettings
from tests.places import SAMPLE
from tests.plugins.homes import Copy, run_on

HERE = Path(__file__).parent
# Ten prompts of at most 90 characters are among the first forty conversations of the demo.
CONVERSATIONS, MAX_CHARS = 40, 90

ENDPOINT = """
gemma:
  model: gemma-3-270m
  base_url: {url}/v1
  api_key_env: ""
  concurrency: 4
  json_schema: true
  parameters: {{max_tokens: 24}}
  max_attempts: 1
  price: {{input: 1.0, output: 2.0}}
"""


@pytest.fixture(scope="session")
def model_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of llama.cpp's server with the model in it, in a process of its own."""
    if find_spec("xllamacpp") is None:
        pytest.skip("xllamacpp is not installed: it has no wheel for every platform")
    command = [sys.executable, HERE / "serve.py", tmp_path_factory.mktemp("model") / "model.gguf"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url, "the server ended"
        yield url
        process.stdin.close()


@pytest.fixture(scope="session")
def llm(model_url: str, tmp_path_factory: pytest.TempPathFactory) -> LlmSettings:
    """Settings with the model's endpoint, `gemma`."""
    file = tmp_path_factory.mktemp("endpoints") / "endpoints.yaml"
    file.write_text(ENDPOINT.format(url=model_url), encoding="utf-8")
    return LlmSettings(endpoints=str(file))


@pytest.fixture(scope="session")
def run(migrated: Path, copy: Copy) -> Run:
    """A run on a home of its own."""
    return run_on(copy(migrated))


@pytest.fixture(scope="session")
def prompts(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Ref:
    """Short prompts of the demo, ingested and cleaned."""
    source = tmp_path_factory.mktemp("source") / "conversations.jsonl"
    source.write_bytes(b"".join(SAMPLE.read_bytes().splitlines(keepends=True)[:CONVERSATIONS]))
    conversations = ingest.fn(run, [str(source)], IngestSettings())
    return clean.fn(run, conversations, CleanSettings(max_chars=MAX_CHARS))
