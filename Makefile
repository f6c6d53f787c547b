# Cellgate: `make demo` runs the whole thing, `make test` passes the tests. See README.md.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

# Compiled kernels are kept here between runs, and the servers that tests compile.
export CELLGATE_CACHE ?= $(CURDIR)/.cache/numba

# Installation is quiet; what it compiles once takes about a minute.
.PHONY: demo test check bench lock format clean debian foreign

demo: $(VENV)/.runtime
	$(BIN)/cellgate demo $(ARGS)

# Four at a time on any machine, a file's tests in one process: most of a test is waiting.
test: $(VENV)/.dev debian foreign check
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

bench: $(VENV)/.dev debian
	$(BIN)/python -m benchmarks $(ARGS)

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Debian packages that the tests talk to (brokers, databases, a browser); daemons are not started.
debian:
	sh tests/debian/install.sh

# Servers from npm that the driver tests talk to.
foreign:
	sh tests/foreign/install.sh

# Two machines get the same packages: versions and hashes, no registry's address.
lock: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-index-url \
	  --no-emit-find-links --no-emit-trusted-host --no-annotate --output-file requirements/runtime.txt \
	  pyproject.toml requirements/build.in
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-index-url \
	  --no-emit-find-links --no-emit-trusted-host --no-annotate --extra dev \
	  --output-file requirements/dev.txt pyproject.toml requirements/build.in

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Cellgate needs Python 3.11 or newer; $(PYTHON) is older (or missing). Set PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv module is missing. On Debian: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(VENV)/bin/python
	@test -f $(VENV)/.dev || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.txt
	@test -f $(VENV)/.dev || $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@test -f $(VENV)/.dev || echo "compiling the control kernels (about a minute, once) ..."
	@$(BIN)/cellgate prime
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/cellgate prime
	@touch $@

clean:
	rm -rf $(VENV) .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis build artefacts *.egg-info
