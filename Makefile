# Two commands matter: `make demo` and `make test`. Each sets up what it needs, from a Python with venv and this tree.
PYTHON ?= python3
VENV ?= .venv
URL ?=
ARGS ?= -n auto --dist worksteal
BIN := $(VENV)/bin
PLUGINS := $(foreach plugin,$(wildcard plugins/*/pyproject.toml),-e $(dir $(plugin)))
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
SOURCES := pyproject.toml constraints.txt $(wildcard plugins/*/pyproject.toml)

.DEFAULT_GOAL := help
.PHONY: help demo test soak lint format docs dist clean

help:
	@echo "make demo             build a store, save it, bring it up elsewhere, compare (URL=gs://bucket/x for there)"
	@echo "make test             the whole test suite (ARGS=... for pytest, instead of -n auto --dist worksteal)"
	@echo "make soak             hundreds of kills and random runs, an hour (every night on GitHub)"
	@echo "make lint             format, lint, types, layers"
	@echo "make docs             the docs site, into site/, with warnings as errors"
	@echo "make dist             wheels of the core and the plugins, into dist/"

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(SOURCES) | $(VENV)/bin/python
	$(INSTALL) -e . $(PLUGINS)
	@touch $@

$(VENV)/.test: $(SOURCES) | $(VENV)/bin/python
	$(INSTALL) -e ".[test]" $(PLUGINS)
	@touch $@ $(VENV)/.demo

$(VENV)/.dev: $(SOURCES) | $(VENV)/bin/python
	$(INSTALL) -e ".[dev]" $(PLUGINS)
	@touch $@ $(VENV)/.test $(VENV)/.demo

$(VENV)/.docs: $(SOURCES) | $(VENV)/bin/python
	$(INSTALL) -e ".[docs]" $(PLUGINS)
	@touch $@

# All in one: pip takes its time for each call, and two at once would break an environment.
$(VENV)/.all: $(SOURCES) | $(VENV)/bin/python
	$(INSTALL) --no-compile -e ".[dev,docs,benchmarks]" $(PLUGINS)
	@$(BIN)/python -W ignore -m compileall -q -j 0 $(VENV)/lib >/dev/null 2>&1 || true  # pip would take one core for it
	@touch $@ $(VENV)/.dev $(VENV)/.docs $(VENV)/.test $(VENV)/.demo

demo: $(VENV)/.demo
	$(BIN)/thoth-storage demo $(URL)

test: $(VENV)/.test
	$(BIN)/python -m pytest $(ARGS)

soak: $(VENV)/.test
	THOTH_STORAGE_SOAK=1 $(BIN)/python -m pytest -m "soak or exhaustive" -o timeout=3600 $(ARGS) tests

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

dist: $(VENV)/.dev
	rm -rf dist
	$(INSTALL) "hatchling>=1.27"
	$(BIN)/python -m build --no-isolation --outdir dist .
	for plugin in plugins/*/; do $(BIN)/python -m build --no-isolation --wheel --outdir dist $$plugin || exit 1; done

clean:
	rm -rf $(VENV) dist build site demo-out .mypy_cache .ruff_cache .pytest_cache .hypothesis
