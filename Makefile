# Everything below needs python3 (3.11 or newer, with venv), pip and make; the rest is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PORT ?= 8000
# Two at a time: the machine that checks has two cores.
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help run test lint format bench sample archive clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Broadtape needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

run: $(STAMP) ## the demo newsroom on a local address, which it prints
	$(BIN)/broadtape demo --port $(PORT)

test: $(STAMP) ## all tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

lint: $(STAMP) ## style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## put the code in the form that lint asks for
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench: $(STAMP) ## measure, each figure beside the peer it is compared with
	@for script in bench/bench_*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

sample: $(STAMP) ## build the sample data again from the packages they came from
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,sample]'
	$(BIN)/python tools/build_sample.py

archive: $(STAMP) ## write the sample instance's articles anew (ARGS=--check: only tell what differs)
	$(BIN)/python tools/build_archive.py $(ARGS)

clean: ## remove what can be made again
	rm -rf $(VENV) build dist var/cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
