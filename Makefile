# Two commands do all the set-up, on a machine with Python 3.11+, git and make: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
SECONDS ?= 600

.PHONY: help demo test test-slow check format lock bench bench-smoke dna-tasks hard-data transfer faults fuzz reproduce reproduce-quick models docs pictures release-check clean

help: ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

.venv/installed: pyproject.toml constraints.txt scripts/install_torch.sh
	@$(PYTHON) -c 'import sys; sys.exit("seqnet needs Python 3.11 or newer: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	sh scripts/install_torch.sh $(BIN)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,docs,explain,export,hub,plm,tracks,tune,workflow]'
	@touch $@

demo: .venv/installed ## encode, train, evaluate and predict on the embedded, simulated data
	$(BIN)/python scripts/demo.py

test: .venv/installed ## the test suite
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

test-slow: .venv/installed ## the tests that take long: statistics and large files
	$(BIN)/python -m pytest -n 2 --dist worksteal -m slow

check: .venv/installed ## format, lint, strict types, docs in step
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python scripts/reference.py --check
	$(BIN)/python scripts/manpages.py --check
	$(BIN)/python scripts/site.py

format: .venv/installed ## format the code and repair what lint can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: .venv/installed ## the reference and manual pages from the program's own help, and the site, into build/site
	$(BIN)/python scripts/reference.py
	$(BIN)/python scripts/manpages.py
	$(BIN)/python scripts/site.py

pictures: .venv/installed ## the pictures of the documentation, by running the tutorials
	$(BIN)/python scripts/pictures.py

reproduce: .venv/installed ## the results table on the real sequences in ../shared/data (about an hour)
	$(BIN)/python -m benchmarks.reproduce

models: .venv/installed ## train the models that come with the package, on ../shared/data
	$(BIN)/python -m benchmarks.ship

reproduce-quick: .venv/installed ## the same with few epochs, to see that it runs
	$(BIN)/python -m benchmarks.reproduce --quick

bench: .venv/installed ## speed beside other programs, into benchmarks/results (an hour; needs the extra bench)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench,export]'
	for one in startup neighbours growth encode predict shards memory explain splitting tracks train distributed; do $(BIN)/python -m benchmarks.$$one || exit 1; done

bench-smoke: .venv/installed ## the same once, with little, to see that it runs
	for one in startup neighbours growth encode predict shards memory explain splitting tracks train distributed dna_tasks hard_data transfer faults; do $(BIN)/python -m benchmarks.$$one --smoke || exit 1; done
	$(BIN)/python -m benchmarks.gpu --device cpu --smoke

dna-tasks: .venv/installed ## public DNA tasks with default settings beside published models, into benchmarks/results (an hour)
	$(BIN)/python -m benchmarks.dna_tasks

hard-data: .venv/installed ## few labels, rare and many classes, short and long sequences, into benchmarks/results (an hour)
	$(BIN)/python -m benchmarks.hard_data

transfer: .venv/installed ## labels that train --from saves on sister tasks, into benchmarks/results (an hour)
	$(BIN)/python -m benchmarks.transfer

faults: .venv/installed ## kills, damaged files, full disks: counts of what comes of them, into benchmarks/results (an hour)
	$(BIN)/python -m benchmarks.faults

fuzz: .venv/installed ## random input for every reader and parser, for SECONDS, into benchmarks/results
	$(BIN)/python -m benchmarks.fuzz --seconds $(SECONDS)

lock: ## write constraints.txt anew from the newest versions that pyproject.toml admits
	sh scripts/lock.sh

release-check: .venv/installed ## sdist and wheel, built twice and tried on the oldest and newest Python and dependencies
	$(BIN)/python scripts/release_check.py

clean: ## remove what the other targets made
	rm -rf .venv demo-output build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
