# Each target makes the virtual environment if it is missing: with uv where it is, else with pip.
SHELL := /bin/sh
BIN := .venv/bin

# Modules are compiled once; a caller's wish to the contrary would triple the start of each command.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help smoke test check bench soak schemas lock clean

help:
	@echo "make smoke   start the five services, verify them, print the verdict, end them"
	@echo "make test    run the tests"
	@echo "make check   format, lint and types, as CI does"
	@echo "make bench   measure, side by side; a table, and JSON in bench/results"
	@echo "make soak    up and down a hundred times, 200 smoke runs, 50 releases, 30 gates killed"
	@echo "make schemas write the JSON Schemas of environment files and of verdict.json"
	@echo "make lock    pin the dependencies anew (needs uv)"
	@echo "make clean   remove everything that was made here"

.venv/base: requirements.lock pyproject.toml .ci/venv .ci/lane
	.ci/venv base
	@touch $@

.venv/all: requirements-all.lock pyproject.toml .ci/venv .ci/lane
	.ci/venv all
	@touch $@ .venv/base

smoke: .venv/base
	@$(BIN)/keyarc-verify smoke --env local

test: .venv/all
	$(BIN)/python -m pytest -n auto --dist worksteal -q

check: .venv/all
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

bench: .venv/all
	$(BIN)/python -m bench

soak: .venv/all
	SOAK_ENV=local SOAK_ROUNDS=100 $(BIN)/python -m pytest -q tests/harness/stack/test_soak.py
	SOAK_RUNS=200 $(BIN)/python -m pytest -q tests/suites/test_steadiness.py
	STORY_GOOD=50 STORY_BAD=all STORY_KILLS=30 $(BIN)/python -m pytest -q -n 2 --dist loadfile tests/story

# Whole or not at all: a command that fails must not leave an empty schema.
schemas: .venv/base
	$(BIN)/keyarc-verify env schema > environments/.schema.json
	mv environments/.schema.json environments/schema.json
	$(BIN)/keyarc-verify env schema --verdict > reports/.verdict.schema.json
	mv reports/.verdict.schema.json reports/verdict.schema.json

COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet

lock:
	$(COMPILE) --all-extras pyproject.toml .ci/build-requirements.in -o requirements-all.lock
	$(COMPILE) pyproject.toml .ci/build-requirements.in -c requirements-all.lock -o requirements.lock

clean:
	@[ ! -x $(BIN)/keyarc-verify ] || $(BIN)/keyarc-verify down
	rm -rf .venv .keyarc-verify .pytest_cache .mypy_cache .ruff_cache .hypothesis node_modules
	rm -rf reports/runs bench/results dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
