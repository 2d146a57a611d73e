# make demo, make test: the two commands. Everything lands in .venv, .tools and .home; `make clean` removes all three.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PERIODS ?= 3
SEEDS ?= 200
WORKERS ?= 2
TESTS ?= ml_connector_dagster_tests
export DAGSTER_DISABLE_TELEMETRY := 1

.PHONY: demo ui test unit lint soak bench screenshots tools clean

$(VENV)/.ready: pyproject.toml constraints.txt
	@if command -v uv >/dev/null; then uv venv -q --allow-existing --python $(PYTHON) $(VENV); else $(PYTHON) -m venv $(VENV); fi
	@if command -v uv >/dev/null; then uv pip install -q --python $(BIN)/python -c constraints.txt -e '.[test]'; \
	else $(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[test]'; fi
	@touch $@

demo: $(VENV)/.ready  ## load the demo companies' newest periods into the sandbox's Anaplan and show the tie-out
	@$(BIN)/ml-connector demo --periods $(PERIODS)

ui: $(VENV)/.ready    ## leave the Dagster UI and the sandbox running on loopback
	@$(BIN)/ml-connector ui

test: lint unit       ## everything

unit: $(VENV)/.ready tools
	ML_CONNECTOR_SEEDS=$(SEEDS) $(BIN)/python -m pytest $(TESTS) -n $(WORKERS) --dist loadgroup -q

lint: $(VENV)/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy

soak: $(VENV)/.ready  ## the seeded crash plans, 2,000 and more
	ML_CONNECTOR_SEEDS=2000 $(BIN)/python -m pytest ml_connector_dagster_tests/faults -n $(WORKERS) --timeout 3600 -q

bench: $(VENV)/.ready ## compare with dlt and tap-xero, write bench/RESULTS.md
	$(BIN)/python -m bench

screenshots: $(VENV)/.ready ## the pictures of README, taken from a running demo in headless Chromium
	$(BIN)/python -m ml_connector_dagster_tests.ui.screenshots

tools:                ## node tools and a browser for the contract and UI tests, where they can be had
	@if command -v npm >/dev/null && [ ! -x .tools/node_modules/.bin/prism ]; then \
	  mkdir -p .tools && npm install --silent --no-audit --no-fund --prefix .tools @stoplight/prism-cli@5 || echo "npm could not install Prism: its tests will be skipped, loudly"; fi
	@command -v chromium >/dev/null || echo "chromium is not installed: UI tests will be skipped, loudly"

clean:
	rm -rf $(VENV) .tools .home
