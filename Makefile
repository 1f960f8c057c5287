PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
    --no-emit-index-url --no-emit-find-links

.DEFAULT_GOAL := help
.PHONY: help demo test check lock migrations contract data-model rights clean

help:            ## show the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

$(STAMP): requirements-dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: $(STAMP)   ## run the main job from nothing to a summary
	$(BIN)/capliquify demo

test: $(STAMP)   ## run all tests, in two processes with servers of their own
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

check: $(STAMP)  ## static checks: style, types, architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock:            ## compile both locks again (needs uv): what runs, and what development needs beside it
	$(COMPILE) --output-file requirements.lock pyproject.toml
	$(COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

migrations: $(STAMP)  ## compile the tenant line to SQL
	$(BIN)/python -m shared.persistence.migrations.compiler

contract: $(STAMP)  ## write docs/jobs-contract.md from the tasks
	$(BIN)/python -m workers.contract

data-model: $(STAMP)  ## write docs/data-model.md from the model of the tables
	$(BIN)/python -m shared.persistence.tables.document

rights: $(STAMP)  ## write the rights on tables into docs/security.md from a migrated database
	$(BIN)/python -m workers.rights

clean:           ## remove the virtual environment and the local data
	-$(BIN)/capliquify services stop
	rm -rf $(VENV) .capliquify
