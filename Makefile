# What can be done here: run, demo, setup, test, check, bench, weights, lock.
PYTHON ?= python3
PORT ?= 8000
RUNS ?= 3
EVENTS ?= 1000000
BIN := .venv/bin

export COMMUNIQUE_PORT := $(PORT)
export PORT

.DELETE_ON_ERROR:
.PHONY: run demo setup test check bench weights lock

run: setup
	@echo "Communiqué on http://127.0.0.1:$(PORT) (Ctrl-C ends it)"
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec $(BIN)/honcho start

demo: .venv/.dev
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec $(BIN)/python -m tests.world.demo

setup: .venv/.run

test: .venv/.dev
	$(BIN)/python -m pytest

check: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_imports.py

# Medians of RUNS runs: three take about ten minutes, one about four; and a log of EVENTS events, which takes ten
# minutes for a million.
bench: .venv/.dev
	$(BIN)/python -m bench $(RUNS) $(EVENTS)

# Fits the weights of extraction to the labelled announcements (half a minute); needed after a change to either.
weights: .venv/.dev
	$(BIN)/python -m bench.weights

# The locks hold versions and hashes only. The first is what an installation needs; the second adds what
# the tests, the checks, the demo and the benchmark need.
.venv/.run: requirements.lock pyproject.toml | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.run
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Communiqué needs Python 3.11 or newer; name one with PYTHON=…" >&2; exit 1; }
	$(PYTHON) -m venv .venv

# Needs uv. Universal: one lock for every platform and Python from 3.11 on.
lock:
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --upgrade pyproject.toml --extra build -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --upgrade pyproject.toml --extra build --group dev -c requirements.lock -o requirements-dev.lock
