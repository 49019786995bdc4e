# Each target makes the virtual environment if it is missing: with uv where it is, else with pip.
SHELL := /bin/sh
BIN := .venv/bin

# Modules are compiled once; a caller's wish to the contrary would triple the start of each command.
unexport PYTHONDONTWRITEBYTECODE

# Tests wait for processes as long as they compute: half as many again as there are cores.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) \* 3 / 2)

.PHONY: help smoke test check style types tools coverage bench soak schemas lock clean

help:
	@echo "make smoke   start the five services, verify them, print the verdict, end them"
	@echo "make test    run the tests"
	@echo "make check   format, lint and types; workflows, images, YAML, scripts, OpenAPI documents"
	@echo "make coverage run the tests, and see that they cover 90 % of harness/"
	@echo "make bench   measure, side by side; a table, and JSON in bench/results"
	@echo "make soak    up and down a hundred times, 200 smoke runs, 50 releases, 30 gates killed, 20 journeys,"
	@echo "             500 killed services while somebody writes, five times the matrix of faults, every liar"
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

# What `make soak` runs anyway, as often as it is told, is left to it.
test: .venv/all
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -q \
		--ignore tests/story --ignore tests/harness/stack/test_soak.py \
		--ignore tests/harness/matrix/test_liars.py

# Side by side: what is slow about one is not what is slow about another.
check: .venv/all
	@$(MAKE) --no-print-directory --keep-going --jobs=2 types style tools

# Programs in Python whose names have no ending.
PROGRAMS = $(shell git grep --untracked -nIE '^\#!.*python' | sed -n 's/:1:.*//p')

style: .venv/all
	$(BIN)/ruff format --check . $(PROGRAMS)
	$(BIN)/ruff check . $(PROGRAMS)

types: .venv/all
	$(BIN)/mypy
	MYPYPATH=.github/scripts $(BIN)/mypy --scripts-are-modules $(PROGRAMS)

tools: .venv/all
	@.ci/tools
	@KEYARC_VERIFY_TOOLS=required $(BIN)/python -m pytest -q -p no:cacheprovider tests/tools

# Subprocesses are measured as well: pyproject.toml says how.
coverage: .venv/all
	rm -rf .coverage
	$(BIN)/coverage run -m pytest -n $(WORKERS) --dist worksteal -q
	$(BIN)/coverage combine --quiet
	rm -f .coverage/data.* # what killed processes began to write
	$(BIN)/coverage report

bench: .venv/all
	$(BIN)/python -m bench

# How often; `make soak ROUNDS=10 RUNS=20 GOOD=4 BAD=some KILLS=4 JOURNEYS=2 MATRIX=1` for less of it.
ROUNDS = 100
RUNS = 200
GOOD = 50
BAD = all
KILLS = 30
JOURNEYS = 20
SERVICE_KILLS = 500
RESTARTS = 50
MATRIX = 5

soak: .venv/all
	SOAK_ENV=local SOAK_ROUNDS=$(ROUNDS) $(BIN)/python -m pytest -q tests/harness/stack/test_soak.py
	SOAK_RUNS=$(RUNS) $(BIN)/python -m pytest -q tests/suites/test_steadiness.py
	STORY_GOOD=$(GOOD) STORY_BAD=$(BAD) STORY_KILLS=$(KILLS) STORY_JOURNEYS=$(JOURNEYS) \
		$(BIN)/python -m pytest -q -n 2 --dist loadfile tests/story --ignore tests/story/health
	STORY_SERVICE_KILLS=$(SERVICE_KILLS) STORY_RESTARTS=$(RESTARTS) STORY_MATRIX=$(MATRIX) LIES=all \
		$(BIN)/python -m pytest -q tests/story/health tests/harness/matrix/test_liars.py

# Whole or not at all: a command that fails must not leave an empty schema.
schemas: .venv/base
	$(BIN)/keyarc-verify env schema > environments/.schema.json
	mv environments/.schema.json environments/schema.json
	$(BIN)/keyarc-verify env schema --verdict > reports/.verdict.schema.json
	mv reports/.verdict.schema.json reports/verdict.schema.json

COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet
# For one Python on one system: no markers, which pip would decide by where it runs.
COMPILE_FOR_IMAGES := $(filter-out --universal,$(COMPILE)) --python-platform linux

lock:
	$(COMPILE) --all-extras pyproject.toml .ci/build-requirements.in -o requirements-all.lock
	$(COMPILE) pyproject.toml .ci/build-requirements.in -c requirements-all.lock -o requirements.lock
	$(COMPILE) .ci/tools.d/requirements.in -o .ci/tools.d/requirements.lock
	$(COMPILE) .ci/audit.d/requirements.in -o .ci/audit.d/requirements.lock
	$(COMPILE_FOR_IMAGES) services/requirements.in -c requirements-all.lock -o services/requirements.lock

clean:
	@[ ! -x $(BIN)/keyarc-verify ] || $(BIN)/keyarc-verify down
	rm -rf .venv .keyarc-verify .pytest_cache .mypy_cache .ruff_cache .hypothesis node_modules
	rm -rf reports/runs bench/results dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
