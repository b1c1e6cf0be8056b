# Two commands do everything on a fresh machine with Python 3.11 and make:
#   make run [MIRROR=dir]   install, build a snapshot, serve the map
#   make test               install, test everything
# and for who changes the code:
#   make lint               formatter, rules
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
MIRROR ?=

.PHONY: run test lint style rules types build vendor bench clean

run: build
	$(BIN)/geoapp serve

build: $(VENV)/.run
	$(BIN)/geoapp build $(if $(MIRROR),--mirror $(MIRROR))

test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

# `types` joins them when mypy is clean.
lint: style rules

style: $(VENV)/.test
	$(BIN)/ruff format --check .

rules: $(VENV)/.test
	$(BIN)/ruff check .

types: $(VENV)/.test
	$(BIN)/python -m mypy geoapp

bench: $(VENV)/.test
	$(BIN)/python -m benchmarks.build

vendor: $(VENV)/.run
	$(BIN)/python -m geoapp.web.vendor

$(VENV)/.run: requirements.txt setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.test: $(VENV)/.run requirements-test.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info
