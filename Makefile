# Everything runs in a virtual environment of this checkout, made when it is missing.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready
SERVE_FLAGS ?=
TEST_FLAGS ?= -n 4 --dist worksteal
BENCH_FLAGS ?=

.PHONY: help serve test bench lint catalog clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(READY): pyproject.toml
	@echo "==> making a virtual environment in $(VENV) and installing steersman with its development tools"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

serve: $(READY) ## Run an API server on https://127.0.0.1:6443 (state in .steersman/)
	@echo "==> serving; the next line says where, Ctrl-C stops"
	@$(BIN)/steersman serve $(SERVE_FLAGS)

test: $(READY) ## Run all tests
	@echo "==> running the tests"
	$(BIN)/python -m pytest $(TEST_FLAGS)

bench: $(READY) ## Measure this checkout: one table
	@$(BIN)/python -m bench $(BENCH_FLAGS)

lint: $(READY) ## Check style, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

catalog: $(READY) ## Build the data files of built-in kinds again (downloads their sources from the package index)
	$(BIN)/python hack/build_catalog.py
	$(BIN)/python hack/build_protobuf.py
	$(BIN)/python hack/build_kinds.py

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .build .mypy_cache .pytest_cache .ruff_cache .hypothesis
