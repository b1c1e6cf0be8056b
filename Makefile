# Two commands do everything on a fresh machine with Python 3.11 and make:
#   make run [MIRROR=dir]   install, build a snapshot, serve the map
#   make test               install, test everything
# and for who runs it on a server (docs/exploitation.md):
#   make install            install what the lock names, nothing else
#   make reseau             install OSRM beside, for `geoapp trajets --reseau` (Python 3.12 or later)
# and for who changes the code:
#   make test-heavy         the same on many more random examples
#   make mutants            changes of the core rooms that no test sees
#   make lint               formatter, rules, types
#   make sbom               bill of materials of what is installed (CycloneDX), in build/
#   make lock               take the newest versions that requirements*.txt allow
# The Python of a distribution is built with its profile, an eighth faster than one compiled by hand.
PYTHON ?= $(shell /usr/bin/python3.11 -c 'import ensurepip, venv' 2>/dev/null \
	&& echo /usr/bin/python3.11 || echo python3)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
MIRROR ?=

.PHONY: run install reseau python-reseau test test-heavy mutants lint style rules types sbom lock build vendor bench clean

run: build
	$(BIN)/geoapp serve

install: $(VENV)/.run

# OSRM has wheels from Python 3.12 on: an environment of its own, from the first one found.
PYTHON_RESEAU ?= $(shell for one in python3 python3.12 python3.13 python3.14 \
	$(HOME)/.pyenv/versions/3.1[2-9]*/bin/python3; do \
	"$$one" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo "$$one" && break; \
	done)

reseau: .venv-reseau/.fait

.venv-reseau/.fait: requirements-reseau.lock
	@$(MAKE) --no-print-directory python-reseau
	$(PYTHON_RESEAU) -m venv .venv-reseau
	$(call install_lock,.venv-reseau,requirements-reseau.lock,--only-binary :all: $(COMPILED))
	touch $@

python-reseau:
	@test -n "$(PYTHON_RESEAU)" || { echo "Python 3.12 ou plus est introuvable :" \
		"make reseau PYTHON_RESEAU=/chemin/python3.12" >&2; exit 1; }

build: $(VENV)/.run
	$(BIN)/geoapp build $(if $(MIRROR),--mirror $(MIRROR))

# One more than cores: a test waits for a browser or a server a third of its time.
JOBS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

# What is compiled is kept, whatever the machine says: each process would compile everything again.
test test-heavy: export PYTHONDONTWRITEBYTECODE =

test: $(VENV)/.test
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: style rules types

style: $(VENV)/.test
	$(BIN)/ruff format --check .

rules: $(VENV)/.test
	$(BIN)/ruff check .

types: $(VENV)/.test
	$(BIN)/python -m mypy geoapp

# Thousands of random examples, thirty killed builds: by night, or before a release.
test-heavy: $(VENV)/.test
	HYPOTHESIS_PROFILE=night GEOAPP_KILLS=30 GEOAPP_FUZZ=1000 $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

# Changes of the core rooms that no test sees; ARGS: files of geoapp (benchmarks/mutants.py).
mutants: $(VENV)/.test
	$(PIP) install 'mutmut>=3.8,<4'
	$(BIN)/python -m benchmarks.mutants $(ARGS)

bench: $(VENV)/.test
	$(BIN)/python -m benchmarks.build

# What a run installs, each file by its digest; the same lock gives the same bytes.
sbom: $(VENV)/.test
	mkdir -p build
	$(BIN)/cyclonedx-py requirements requirements.lock --output-reproducible \
		--mc-type application --output-format JSON --output-file build/sbom.cdx.json

vendor: $(VENV)/.run
	$(BIN)/python -m geoapp.web.vendor

# COMPILED=--no-compile leaves it to what imports it: half of it never is where only tests are run.
COMPILED ?=

# uv installs a lock for a seventh of the processor that pip takes; where it cannot be had or fails,
# pip does.  It reads nothing of what pip is told: where to look is handed to it.
TOLD = $(shell $(BIN)/python -m pip config list 2>/dev/null | sort -r | sed -n \
	-e 's/.*[.]index-url=/UV_DEFAULT_INDEX=/p' -e 's/.*extra-index-url=/UV_INDEX=/p' \
	-e 's/.*find-links=/UV_FIND_LINKS=/p' -e 's/.*no-index=/UV_NO_INDEX=/p')
LOCKED = --no-deps --require-hashes -r
install_lock = $(TOLD) $(BIN)/uv pip install --quiet --system-certs \
	--index-strategy unsafe-best-match --python $(1)/bin/python \
	$(if $(findstring --no-compile,$(3)),,--compile-bytecode) $(filter-out --no-compile,$(3)) \
	$(LOCKED) $(2) || \
	$(PIP:$(BIN)%=$(1)/bin%) install $(3) $(LOCKED) $(2)

# The locks name each version with the digests of its files, for every platform: the same everywhere.
# They name all of them: nothing is left to look for, which took a third of the install.
$(VENV)/.run: requirements.lock setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	-sed -n '/^uv==/,/[^\]$$/p' requirements-test.lock | $(PIP) install $(LOCKED) /dev/stdin
	$(call install_lock,$(VENV),requirements.lock,$(COMPILED))
	$(PIP) install --no-deps --no-build-isolation -e .
	$(if $(findstring --no-compile,$(COMPILED)),,$(BIN)/python -m compileall -q geoapp)
	touch $@

# Compiled where it is imported: half of it never is.
$(VENV)/.test: $(VENV)/.run requirements-test.lock
	$(call install_lock,$(VENV),requirements-test.lock,--no-compile)
	touch $@

COMPILE := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate

# The builder of the package comes with the others: nothing is fetched outside the locks.
lock: $(VENV)/.test
	echo 'setuptools>=77' | $(COMPILE) requirements.txt - -o requirements.lock
	$(COMPILE) -c requirements.lock requirements.txt requirements-test.txt -o requirements-test.lock
	$(COMPILE) -c requirements-test.lock requirements-national.txt -o requirements-national.lock
	$(COMPILE:3.11=3.12) requirements-reseau.txt -o requirements-reseau.lock

clean:
	rm -rf $(VENV) .venv-reseau build *.egg-info
