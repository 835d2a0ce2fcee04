# Two commands do everything on a fresh machine with Python 3.11+:  make book  and  make test.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The locks name everything, so pip has nothing to resolve.
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps
LOCK_FLAGS ?=
# FRESH=1 executes every notebook again, whatever was kept from earlier runs.
FRESH ?=
FRESH_FLAG := $(if $(FRESH),--fresh,)
# What is looked for on every page of a built book.
BOOK_TESTS := $(patsubst %,tests/companion/pages/test_%.py,browser accessibility search weight)

.PHONY: help book test env run verify site check-site editions mutants mutation-score bench portability robustness \
  lint format lock clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

book: run verify site check-site  ## Set up, execute, verify and build the book into _build/html

test: env  ## Set up, then run linter, type checker and all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

env: $(READY)  ## Make the virtual environment from requirements.lock

$(READY): requirements.lock requirements-cpu.lock requirements-cuda.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than Python 3.11; name a newer one: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "$(PYTHON) lacks venv or pip; on Debian and Ubuntu install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@$(INSTALL) --requirement requirements-cpu.lock 2>/dev/null || \
	  echo "No torch without CUDA is to be had from the package indexes that pip knows; taking the general one."
	$(INSTALL) --requirement requirements.lock
	@if $(BIN)/python -m pip check | grep '^torch .* requires' >/dev/null; then \
	  echo "This torch was built for CUDA and does not start without these packages, some 3 GB:"; \
	  set -x; $(INSTALL) --requirement requirements-cuda.lock; \
	fi
	$(INSTALL) --no-build-isolation --editable .
	$(BIN)/python -m pip check
	@touch $@

run: env  ## Execute the notebooks whose inputs have changed (all with FRESH=1)
	$(BIN)/ntp run --all $(FRESH_FLAG)

verify: env  ## Compare every figure with its reference
	$(BIN)/ntp verify

site: env  ## Build the HTML pages from the executed notebooks
	$(BIN)/ntp book $(FRESH_FLAG)

check-site: env  ## Open every built page in headless Chromium, where one is installed
	@if ! command -v chromium >/dev/null; then \
	  echo "No chromium on this machine: the built pages were NOT opened in a browser."; \
	elif [ -z "$(FRESH)" ] && cmp -s _build/html/.build-key _build/opened-key; then \
	  echo "The pages are those that were last opened in a browser."; \
	else \
	  BOOK_HTML=_build/html $(BIN)/pytest -m browser -k of_the_book $(BOOK_TESTS) && \
	  cp _build/html/.build-key _build/opened-key; \
	fi

editions: env  ## PDF, EPUB, single files and plain text of the built book, in _build/editions (some minutes; Chromium)
	$(BIN)/ntp editions $(FRESH_FLAG)

portability: env  ## Verify every figure on two BLAS kernels, on one and two threads (half an hour); FRESH=1 starts over
	$(BIN)/ntp portability $(FRESH_FLAG)

mutants: run verify  ## Break the library in many ways; list what noticed and what did not
	$(BIN)/pytest -m mutation -n 2 --dist worksteal tests/mutation

mutation-score: env  ## Share of small changes to the mathematics that its tests notice; FOLDERS="loss data" for some
	$(BIN)/python tests/mutation/score.py $(FOLDERS)

bench: env  ## Measure the library beside its peers (about 20 minutes, a quiet machine); FRESH=1 starts over
	$(INSTALL) --requirement requirements-bench.lock
	$(BIN)/ntp bench $(FRESH_FLAG)

lint: env  ## Linter and type checker alone
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: env  ## Format the sources and strip notebook outputs
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/nbstripout notebooks/*.ipynb

lock: env  ## Resolve pyproject.toml anew into the locks; LOCK_FLAGS="--upgrade-package NAME" lets versions move
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python .ci/lock.py $(LOCK_FLAGS)

clean:  ## Remove everything that was built, and the environment
	rm -rf _build mutants $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
