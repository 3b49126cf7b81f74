# Everything a person does here, by name. Each target ends with one clear line, or stops at the first
# thing that is wrong.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
RUNTIME := .venv/.installed-runtime
DEV := .venv/.installed-dev
SCANNERS := build/scanners/.installed
WORKERS ?= 2
# What Python compiles is kept, whatever the shell says: tests start the program a hundred times.
export PYTHONDONTWRITEBYTECODE :=
# Of crash runs: each target has its own default where these are empty.
SEED ?=
SEEDS ?=
KILLS ?=
MESSAGES ?=
DATABASE ?= both
# Of the fault matrix: part of a case's name.
ONLY ?=
# Of the benchmarks: 1 for a million of everything.
FULL ?=

.PHONY: help setup demo serve test check crash crash-full faults attack bench screenshots lock clean

help:  ## Show what there is
	@echo "Llamado turns the news of an arrest into phones ringing on the right desks."
	echo
	awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

setup: $(DEV)  ## Install everything for working on the code, exactly as locked
	@echo "Ready. Next: make demo, or make test"

demo: $(RUNTIME)  ## Launch an invented alert to invented people, and look at it in a browser
	@$(BIN)/llamado demo

serve: $(RUNTIME)  ## Start the service on llamado.db, at http://127.0.0.1:8080
	@$(BIN)/llamado serve

test: $(DEV) check  ## The tests on SQLite, what a database decides on PostgreSQL too, a short crash run (10 minutes on 2 cores)
	@mkdir -p build
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not long" --junit-xml build/tests.xml
	echo "All tests passed."

check: $(DEV)  ## Style, types and the order of imports (under a minute)
	@echo "Style ..."
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	echo "Types ..."
	$(BIN)/mypy
	echo "Imports ..."
	$(BIN)/lint-imports --no-logo 2>&1 | tail -n 3
	echo "Style, types and imports are in order."

crash: $(DEV)  ## One crash run of SEED (by chance), KILLS (15), MESSAGES (2000), DATABASE (both)
	@seed=$(or $(SEED),$$RANDOM)
	$(BIN)/python -m tests.crash.full --seed "$$seed" --database $(DATABASE) --jobs $(WORKERS) \
	  --messages $(or $(MESSAGES),2000) --kills $(or $(KILLS),15)

crash-full: $(DEV)  ## 10,000 messages, 40 kills, SEEDS (20) seeds on each database; an hour or two
	@$(BIN)/python -m tests.crash.full --seeds $(or $(SEEDS),20) --first $(or $(SEED),1) \
	  --database $(DATABASE) --jobs $(WORKERS) --messages $(or $(MESSAGES),10000) --kills $(or $(KILLS),40)

faults: $(DEV)  ## Break one thing after the other (ONLY="disk full" for some) on each database; build/faults.md
	@$(BIN)/python -m tests.faults.matrix --workers $(WORKERS) --only "$(ONLY)"

attack: $(DEV) $(SCANNERS)  ## 67 attacks on a service of its own, then wapiti, sqlmap and bandit (10 minutes); build/attack.md
	@$(BIN)/python -m tests.attacks.outside --suite
	$(BIN)/python -m tests.attacks.tools --tools build/scanners/bin

bench: $(DEV)  ## Speed and memory, each figure beside a baseline (FULL=1: a million, an hour)
	@$(BIN)/python -m benchmarks.run $(if $(FULL),--full --rounds 3 --write benchmarks/RESULTS.md)

screenshots: $(DEV)  ## Take the pictures in docs/screenshots anew (a minute; needs Chromium)
	@PYTHONPATH=. $(BIN)/python docs/screenshots.py

lock: $(DEV)  ## Pin again every package, with hashes, after pyproject.toml changed
	@for extra in "" dev; do
	  $(BIN)/uv pip compile --quiet --python-version 3.11 --universal --generate-hashes \
	    --no-emit-index-url --custom-compile-command "make lock" --extra install \
	    $${extra:+--extra $$extra --constraint requirements.lock} pyproject.toml \
	    -o requirements$${extra:+-$$extra}.lock
	done
	$(BIN)/uv pip compile --quiet --python-version 3.11 --universal --generate-hashes \
	  --no-emit-index-url --custom-compile-command "make lock" \
	  tests/attacks/scanners.in -o tests/attacks/scanners.lock
	echo "Pinned. Commit the three locks together with pyproject.toml."

clean:  ## Remove the virtual environment and everything made by tools (never your data)
	@rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	echo "Removed."

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
	  echo "Llamado needs Python 3.11 or newer; $(PYTHON) is older or missing."
	  echo "Install one and say which: make PYTHON=python3.12"
	  exit 1
	}
	$(PYTHON) -m venv .venv || {
	  echo "The virtual environment could not be made; on Debian or Ubuntu: apt-get install python3-venv"
	  rm -rf .venv
	  exit 1
	}

# Installing the larger set includes the smaller one, so having it is enough for everything.
$(RUNTIME): requirements.lock pyproject.toml | .venv/bin/python
	@if test -e $(DEV); then exec $(MAKE) --no-print-directory setup; fi
	echo "Installing what Llamado needs to run (a minute or two, once) ..."
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation -e .
	touch $@

$(DEV): requirements-dev.lock pyproject.toml | .venv/bin/python
	@echo "Installing what working on Llamado needs (a few minutes, once) ..."
	$(PIP) --require-hashes -r requirements-dev.lock
	$(PIP) --no-deps --no-build-isolation -e .
	touch $@ $(RUNTIME)

# Apart from ours, for they pin what Llamado needs newer.
$(SCANNERS): tests/attacks/scanners.lock | .venv/bin/python
	@echo "Installing wapiti, sqlmap and bandit into build/scanners (a minute or two, once) ..."
	rm -rf build/scanners
	.venv/bin/python -m venv build/scanners
	build/scanners/bin/pip install --quiet --disable-pip-version-check --require-hashes \
	  -r tests/attacks/scanners.lock || {
	  echo "The scanners could not be installed: that needs a network. The 67 attacks alone do not:"
	  echo "  .venv/bin/python -m tests.attacks.outside"
	  exit 1
	}
	touch $@
