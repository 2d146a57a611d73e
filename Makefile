# make demo, make test: the two commands. Everything lands in .venv, .venv313, .tools and .home; `make clean` removes them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PERIODS ?= 3
SEEDS ?= 200
WORKERS ?= 3
TESTS ?= ml_connector_dagster_tests
FAST ?= $(addprefix ml_connector_dagster_tests/,ledger mapping transport staging sources components dagster_contract \
  contract/test_quickbooks_desktop_qbxml.py contract/test_quickbooks_desktop_soap.py)
# months of a sandbox's books, and a journal struck at each call, cost minutes and tell on 3.13 what they tell on 3.11
BOOKS := $(addprefix --ignore-glob=*,in_its_sandbox.py against_sandbox.py test_tie_out.py test_load.py test_budget.py) \
  -k "not any_one_misfortune"
EXTRA ?= test
# one worker more than the two cores we reckon with: the longest tests mostly wait for processes of their own
PYTEST := -m pytest -n $(WORKERS) --dist loadgroup --no-loadscope-reorder -q
export DAGSTER_DISABLE_TELEMETRY := 1
# tests start hundreds of processes: without bytecode each would compile all it imports
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo ui test unit lint python313 venv313 fast ready soak bench screenshots tools clean

$(VENV)/.ready: pyproject.toml constraints.txt
	@if command -v uv >/dev/null; then uv venv -q --allow-existing --python $(PYTHON) $(VENV); else $(PYTHON) -m venv $(VENV); fi
	@if command -v uv >/dev/null; then uv pip install -q --compile-bytecode --python $(BIN)/python -c constraints.txt -e '.[$(EXTRA)]'; \
	else $(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[$(EXTRA)]'; fi
	@touch $@

demo: $(VENV)/.ready  ## load the demo companies' newest periods into the sandbox's Anaplan and show the tie-out
	@$(BIN)/ml-connector demo --periods $(PERIODS)

ui: $(VENV)/.ready    ## leave the Dagster UI and the sandbox running on loopback
	@$(BIN)/ml-connector ui

test: $(VENV)/.ready  ## everything; lint keeps one core busy, so the other installs for 3.13 and npm waits for its network
	@$(MAKE) --no-print-directory -j3 lint venv313 tools
	@$(MAKE) --no-print-directory unit python313

unit: $(VENV)/.ready tools
	ML_CONNECTOR_SEEDS=$(SEEDS) $(BIN)/python $(PYTEST) $(TESTS)

# 3.13 alone tells of databases left to the collector, and blames whichever test it runs in; 3.11 has no such warning
fast: $(VENV)/.ready
	$(BIN)/python $(PYTEST) -W "ignore:unclosed database:ResourceWarning" -m "not slow and not postgres" $(BOOKS) $(FAST)

ready: $(VENV)/.ready

# Answers a Python 3.13 that runs, from the path, uv or pyenv; nothing where there is none.
FIND_313 = for found in python3.13 "$$(uv python find 3.13 2>/dev/null)" "$$(pyenv prefix 3.13 2>/dev/null)/bin/python3.13"; do \
	  if "$$found" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; then echo "$$found"; break; fi; done
# two workers: nothing there waits for processes, and each worker collects everything
ON_313 = $(MAKE) --no-print-directory VENV=.venv313 EXTRA=unit WORKERS=2 PYTHON

venv313:
	+@found=$$($(FIND_313)); [ -z "$$found" ] || $(ON_313)="$$found" ready

python313:            ## the fast part once more on Python 3.13, where that is installed
	+@found=$$($(FIND_313)); if [ -n "$$found" ]; then $(ON_313)="$$found" fast; \
	else echo "SKIPPED LOUDLY: no Python 3.13 on this machine; everything ran on $$($(BIN)/python --version) alone"; fi

lint: $(VENV)/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy

soak: $(VENV)/.ready  ## the seeded crash plans, 2,000 and more
	ML_CONNECTOR_SEEDS=2000 ML_CONNECTOR_POSTGRES_SEEDS=2000 $(BIN)/python $(PYTEST) --timeout 3600 ml_connector_dagster_tests/faults

bench: $(VENV)/.ready ## compare with dlt and tap-xero, write bench/RESULTS.md
	$(BIN)/python -m bench

screenshots: $(VENV)/.ready ## the pictures of README, taken from a running demo in headless Chromium
	$(BIN)/python -m ml_connector_dagster_tests.ui.screenshots

tools:                ## node tools and a browser for the contract and UI tests, where they can be had
	@if command -v npm >/dev/null && ! { [ -x .tools/node_modules/.bin/prism ] && [ -d .tools/node_modules/@freshbooks/api ]; }; then \
	  mkdir -p .tools && npm install --silent --no-audit --no-fund --fetch-retries=1 --fetch-timeout=60000 --prefix .tools @stoplight/prism-cli@5 @freshbooks/api@4.1.0 || echo "npm could not install Prism and FreshBooks' SDK: their tests will be skipped, loudly"; fi
	@command -v chromium >/dev/null || echo "chromium is not installed: UI tests will be skipped, loudly"

clean:
	rm -rf $(VENV) .venv313 .tools .home
