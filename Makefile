# Needs make and Python 3.11 or later. Everything else is installed into .venv, in the versions of requirements.lock.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format bench lock clean
MAKEFLAGS += --no-print-directory
# With this set, each command that a test starts would compile casework again.
unexport PYTHONDONTWRITEBYTECODE

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## Install casework and its tools into .venv

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "casework needs Python 3.11 or later")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## Start casework with data of an invented school
	$(BIN)/casework demo

test: setup ## Run the tests on SQLite and PostgreSQL; ARGS="-k name" is passed to pytest
	@# All tests of a file run in one worker, so that its fixtures are set up only once.
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: setup ## Check style, types and the import contracts; change nothing
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## Fix what ruff can fix, and format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: setup ## Measure the speed of casework and print a table
	$(BIN)/python -m benchmarks

lock: ## Update requirements.lock from pyproject.toml; ARGS="--upgrade" takes newer versions
	$(PYTHON) -m venv .lock-venv
	.lock-venv/bin/python -m pip install --quiet --disable-pip-version-check pip-tools
	.lock-venv/bin/pip-compile --quiet --extra dev --generate-hashes --allow-unsafe --strip-extras --no-header \
		--no-emit-options --no-emit-index-url --no-emit-find-links --no-emit-trusted-host $(ARGS) \
		--output-file requirements.lock pyproject.toml

clean: ## Remove everything that was installed, built or cached
	rm -rf .venv .lock-venv build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
