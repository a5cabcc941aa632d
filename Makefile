# Two commands matter: `make run` and `make test`. bootstrap.py prepares what they need, and says why.

# Any Python on this machine; bootstrap.py picks the newest suitable one for .venv, or says what to install.
PYTHON := $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,$(shell command -v $(name))))
VENV := .venv/bin/python
# Passed to pytest, as in: make test ARGS="tests/science -x"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test lint bench bench-ingest bench-backlog bench-pressure drill drill-notices attack firmware-test clean messages python packages dev-packages

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: packages ## start everything on this machine: database, broker, web, simulated fleet; Ctrl-C stops it
	@exec $(VENV) manage.py run_demo

# The order is that of tests/conftest.py: the longest files first.
test: dev-packages ## run all tests but the benchmarks
	@$(PYTHON) bootstrap.py --tools
	@exec $(VENV) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: dev-packages ## check style, types, templates, and that no secret is in the files
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .
	$(VENV) -m mypy .
	$(VENV) -m djlint templates --lint --quiet
	$(VENV) -m tests.secret_scan

bench: dev-packages ## measure the promises: ingest rate, rollups, pages
	@if [ -d tests/bench ]; then exec $(VENV) -m pytest -s -o addopts="-p tests.environment" -o python_files="bench_*.py" tests/bench $(ARGS); else echo "There are no benchmarks yet."; fi

bench-ingest: dev-packages ## messages a second that this machine stores, all parts on it: ARGS="--tls --runs 3"
	@$(PYTHON) bootstrap.py --tools
	@exec $(VENV) -m tests.bench.ingest $(ARGS)

bench-backlog: dev-packages ## readings a second of a simulated backlog, and the delay of live readings
	@$(PYTHON) bootstrap.py --tools
	@exec $(VENV) -m tests.bench.backlog $(ARGS)

bench-pressure: dev-packages ## more than ingest can take, and PostgreSQL away for 5 minutes: ARGS="--minutes 1"
	@$(PYTHON) bootstrap.py --tools
	@exec $(VENV) -m tests.bench.pressure $(ARGS)

drill: dev-packages ## kill everything at random while devices send, then compare sent and stored: ROUNDS=200 SEED=...
	@$(PYTHON) bootstrap.py --tools
	@exec $(VENV) -m tests.drill --rounds $(or $(ROUNDS),200) $(if $(SEED),--seed $(SEED))

drill-notices: dev-packages ## kill the worker between alarms and their notices, then compare: ROUNDS=200
	@NOTICE_ROUNDS=$(or $(ROUNDS),200) exec $(VENV) -m pytest -q -s tests/alerts/test_killed_worker.py

attack: dev-packages ## hostile inputs of every kind against a demo of its own: what was tried, what held
	@$(PYTHON) bootstrap.py --tools
	@exec $(VENV) -m tests.attack $(ARGS)

firmware-test: dev-packages ## check the sensor node's firmware: tests, sanitizers, linters, fuzzing, sizes
	@$(PYTHON) bootstrap.py --tools
	@exec $(VENV) -m tests.firmware.checks $(ARGS)

# Removes only our own folders: a DATA_DIR elsewhere may hold other files, so it stays.
clean: ## remove .venv and var/ (the demo's database, logs and certificates)
	@if [ -x $(VENV) ] && [ -d var ]; then $(VENV) -m demo.instance var; fi
	@echo "Removing .venv and var (the demo's database, logs and certificates)"
	@rm -rf .venv var

messages: dev-packages ## collect translatable texts into locale/ and compile them
	$(VENV) manage.py makemessages --all --no-location --no-wrap --no-obsolete --ignore .venv --ignore var --ignore tests
	$(VENV) manage.py compilemessages --ignore .venv

python:
	@if [ -z "$(PYTHON)" ] || [ "$$($(PYTHON) -c 'print(1)' 2>/dev/null)" != 1 ]; then echo "Carbon Track needs Python 3.11 or newer and found none: install it (apt-get install python3 python3-venv)."; exit 1; fi

packages: python
	@$(PYTHON) bootstrap.py

dev-packages: python
	@$(PYTHON) bootstrap.py --dev
