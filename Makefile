# make help says what there is. Everything happens in .venv; nothing is installed outside of it.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DEMO   ?= demo
# Tests in parallel processes; each uses one thread.
JOBS   ?= 2

CODE := .

.DEFAULT_GOAL := help
.PHONY: help install demo test lint format clean

help:  ## Say what there is
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed, but '$(PYTHON)' is $$($(PYTHON) --version 2>&1): name another one with 'make PYTHON=python3.12 ...'" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot create virtual environments: install the package python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Editable, so that the sources are used as they are; only a change of the requirements installs again.
$(VENV)/.installed: pyproject.toml constraints.txt README.md LICENSE | $(BIN)/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[test,train,slicer-test]'
	@touch $@

install: $(VENV)/.installed  ## Create .venv with the program in it

demo: $(VENV)/.installed  ## Simulate a head CT with hemorrhages, segment it, write a report to demo/
	$(BIN)/hemorrhage demo -o $(DEMO) --overwrite

lint: $(VENV)/.installed-test  ## Check style and types
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy

format: $(VENV)/.installed-test  ## Bring the code into the project's format
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

test: lint  ## Check style and types, then run all tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS)

clean:  ## Remove .venv, caches and the demo's output
	rm -rf $(VENV) build dist *.egg-info $(DEMO) .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find HemorrhageUncertainty training Testing -name __pycache__ -type d -prune -exec rm -rf {} +
