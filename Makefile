# Needs Python 3.11+ and make. Everything is kept in .venv and var; `rm -rf .venv var` starts afresh.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
RUN    := $(VENV)/.run-$(shell cat requirements.txt pyproject.toml scripts/bootstrap.py | cksum | cut -d' ' -f1)
DEV    := $(VENV)/.dev-$(shell cat requirements.txt requirements-dev.txt pyproject.toml scripts/bootstrap.py | cksum | cut -d' ' -f1)
# Parsers by which tests read Oracle's SQL, from npm.
PARSERS := tests/oracle_parsers/node_modules/.installed-$(shell cat tests/oracle_parsers/package-lock.json | cksum | cut -d' ' -f1)
TESTS  ?= tests
# Two at a time, a file's tests in one process: the servers that they share are made once per process. The long files begin first, in the
# order of tests/conftest.py, so that no process waits for the other's last file.
WORKERS ?= 2
PARALLEL = -n $(WORKERS) --dist loadfile --no-loadscope-reorder

export GX_ANALYTICS_ENABLED := False

.PHONY: help run up down test test-full lint bench lock clean

help: ## Shows this list
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

run: $(RUN) ## Builds the demo world, runs three nights in Airflow, shows what was found
	@$(BIN)/python -m hedui.local.run

up: $(RUN) ## Starts Airflow with the demo site in the background; prints its URL and users
	@$(BIN)/python -m hedui.local.up

down: ## Stops what `make up` (or a killed `make run`) has started
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m hedui.local.down; else echo "Nothing is installed, nothing runs."; fi

test: $(DEV) $(PARSERS) ## Runs all tests but the slow full settings
	@$(BIN)/python -m pytest -m "not slow" $(PARALLEL) $(PYTEST) $(TESTS)

test-full: $(DEV) $(PARSERS) ## Runs all tests, the slow ones too
	@$(BIN)/python -m pytest $(PYTEST) $(TESTS)

lint: $(DEV) ## Checks style (ruff), formatting and types (mypy)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy -p hedui -p hedui_airflow

bench: $(DEV) ## Measures us beside our peers and our limits, see benchmarks/RESULTS.md
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash benchmarks/run.sh

lock: $(DEV) ## Resolves requirements.in and requirements-dev.in anew
	@$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 requirements.in -o requirements.txt
	@$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 requirements-dev.in -o requirements-dev.txt

clean: down ## Removes .venv and var
	@rm -rf $(VENV) var

$(RUN):
	@$(PYTHON) scripts/bootstrap.py $(VENV) requirements.txt
	@touch $@

$(DEV): $(RUN)
	@$(PYTHON) scripts/bootstrap.py $(VENV) requirements.txt requirements-dev.txt
	@touch $@

$(PARSERS):
	@command -v npm >/dev/null || { echo "The tests parse Oracle's SQL with two npm packages: install Node.js 18+ and npm (Debian: apt install nodejs npm)."; exit 1; }
	@cd tests/oracle_parsers && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@
