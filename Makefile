# Each target sets up what it needs; `make help` lists them.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
CHAPTER ?=
# More than the cores: many tests wait, for a kernel to start or a time limit to pass.
JOBS ?= $(shell $(PYTHON) -c "import os; print(2 * (os.cpu_count() or 1))")

.DEFAULT_GOAL := help
.PHONY: help lab test lint test-chapter nbval grade notebooks prove bench reach clean

help:
	@echo "make lab         work through the course: installs, opens JupyterLab on chapter 1"
	@echo "make grade       grade a sample class of every chapter (CHAPTER=4 for one) and show a table"
	@echo "make test        lint, unit tests, banks, hostile submissions, every notebook (nbval)"
	@echo "make notebooks   build chapters from solutions/ (CHAPTER=4 for one)"
	@echo "make prove       every known mistake and other right answer of the banks"
	@echo "make bench       time the grader, the library and its peers side by side"
	@echo "make reach       what each method reaches on each data set (long)"

# The virtual environment, made again when the list of packages changes.
$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
	  (echo "Python 3.11 or later is needed; name one with PYTHON=python3.12" && exit 1)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e .
	@touch $@

$(VENV)/.test-installed: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -e ".[test]"
	@touch $@

lab: $(VENV)/.installed
	$(BIN)/cs231n lab

notebooks: $(VENV)/.installed
	$(BIN)/cs231n build $(CHAPTER)

prove: $(VENV)/.installed
	$(BIN)/cs231n prove $(CHAPTER)

grade: $(VENV)/.installed
	$(BIN)/cs231n sample $(CHAPTER)

lint: $(VENV)/.test-installed
	$(BIN)/ruff check .

# Tests run side by side, one thread each: sums then come out in one order on every machine.
nbval test test-chapter: export OMP_NUM_THREADS = 1
nbval test test-chapter: export OPENBLAS_NUM_THREADS = 1

nbval: $(VENV)/.test-installed
	$(BIN)/python -m pytest --nbval --nbval-cell-timeout=120 -n $(JOBS) --dist loadfile \
	  -p no:cacheprovider solutions

test: lint
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile tests
	$(MAKE) nbval

test-chapter: $(VENV)/.test-installed
	$(BIN)/cs231n prove $(CHAPTER)
	$(BIN)/python -m pytest tests/test_chapters.py tests/test_banks.py -k "$(CHAPTER)"
	$(BIN)/python -m pytest --nbval --nbval-cell-timeout=120 -p no:cacheprovider \
	  $$($(BIN)/cs231n path $(CHAPTER))

bench: $(VENV)/.test-installed
	$(BIN)/python -m benchmarks

reach: $(VENV)/.installed
	$(BIN)/python benchmarks/reach.py

clean:
	rm -rf $(VENV) build *.egg-info
