# make demo   everything from nothing: environment, install, the demo, and where to look
# make test   everything from nothing: environment, install, and every test
.DEFAULT_GOAL := help
# --no-deps: the lock is complete, and older pips cannot match an extra (pandas[parquet]) against a hash.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
TESTING := $(VENV)/.testing

.PHONY: help demo test check bench lock clean

help:  ## Say what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

$(RUNTIME): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else f"Gatehold needs Python 3.11 to 3.13; {sys.executable} is {v[0]}.{v[1]}. Name another: make PYTHON=python3.12 ...")'
	@echo "Building the environment in $(VENV) (once; one to three minutes) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(TESTING): $(RUNTIME) requirements-test.lock
	@echo "Adding what the tests need ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes --requirement requirements-test.lock
	@touch $@

demo: $(RUNTIME)  ## Environment, install, and the whole story on simulated traffic
	@$(BIN)/gatehold demo demo

test: $(TESTING)  ## Environment, install, and every test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -n auto --dist loadfile

check: $(TESTING)  ## Lint, types and the fast tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow and not live"

bench: $(TESTING)  ## Ratios against a peer or a bare scan, measured in this run
	@$(BIN)/python -m pytest benchmarks -n 0 -s -o addopts="--strict-markers --strict-config -q"

lock:  ## Pin every dependency by hash again (needs uv on the path)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml infra/build.in --output-file requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml infra/build.in --extra test --output-file requirements-test.lock

clean:  ## Remove the environment and what the demo left
	rm -rf $(VENV) demo
