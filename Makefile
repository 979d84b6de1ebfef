# Everything starts here; README.md says what each of these is for. Needs make, Python >= 3.11 and a package index.

PYTHON ?= python3
VAR ?= $(or $(GATEWAY_VAR),var)
PORT ?= 8000
SEED ?= 1
ROUNDS ?= 20
STEPS ?= 100000
PYTEST_ARGS ?=

BIN := .venv/bin
export PYTHON PORT

.DEFAULT_GOAL := help
.PHONY: help run demo test properties check faults openapi screenshots install lock clean stop

help: ## what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

run: ## everything on one machine, until Ctrl-C (PORT=8000, VAR=var)
	@scripts/ensure_venv.sh run
	@exec $(BIN)/python -m embedded --var $(VAR) run --with-parent

demo: ## take real payments through API and checkout on free ports, check the books, stop
	@scripts/ensure_venv.sh run
	@exec $(BIN)/python -m embedded demo

stop: ## stop what runs on VAR, whoever started it
	@$(BIN)/python -m embedded --var $(VAR) stop

test: ## the whole suite
	@scripts/ensure_venv.sh dev
	@$(BIN)/python scripts/run_tests.py $(PYTEST_ARGS)

properties: ## 100,000 random steps against the model of orders, payments, refunds and balances (STEPS=100000)
	@scripts/ensure_venv.sh dev
	@HYPOTHESIS_PROFILE=nightly PROPERTY_STEPS=$(STEPS) $(BIN)/python -m pytest -q -s tests/properties

check: ## format, lint, types, import contracts, migrations, API snapshot, deployment, dependencies
	@scripts/ensure_venv.sh dev
	@$(BIN)/python scripts/check.py

faults: ## the fault suite (SEED=1 ROUNDS=20)
	@scripts/ensure_venv.sh dev
	@exec $(BIN)/python -m bench.faults --seed $(SEED) --rounds $(ROUNDS)

openapi: ## the OpenAPI document on standard output
	@scripts/ensure_venv.sh run
	@DJANGO_SETTINGS_MODULE=config.settings.test $(BIN)/python manage.py openapi

screenshots: ## every page, light, dark and phone width, into var/screenshots/
	@scripts/ensure_venv.sh dev
	@exec $(BIN)/python -m scripts.screenshots

install: ## only build .venv, with the development tools
	@scripts/ensure_venv.sh dev

lock: ## both lock files from pyproject.toml
	@scripts/ensure_venv.sh dev
	@$(BIN)/python scripts/lock.py

clean: ## stop everything and remove .venv, caches and all embedded data
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m embedded --var $(VAR) stop; fi
	rm -rf .venv $(VAR) staticfiles .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
