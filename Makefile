# `make demo` and `make test` need only Python 3.11 or newer, git and make. Results of measurements go to benchmarks/results.
PYTHON ?= python3
BIN := .venv/bin
SECONDS ?= 600

.PHONY: help demo test test-slow check format lock bench bench-smoke dna-tasks hard-data transfer pretraining faults fuzz reproduce reproduce-quick models docs pictures release-check clean

help: ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

.venv/installed: pyproject.toml constraints.txt scripts/install_torch.sh
	@$(PYTHON) -c 'import sys; sys.exit("seqnet needs Python 3.11 or newer: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	sh scripts/install_torch.sh $(BIN)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,docs,explain,export,hub,plm,tracks,tune,workflow]'
	@touch $@

demo: .venv/installed ## encode, train, evaluate and predict with the simulated example data
	$(BIN)/python scripts/demo.py

test: .venv/installed ## the test suite
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

test-slow: .venv/installed ## the tests that take long: statistics and large files
	$(BIN)/python -m pytest -n 2 --dist worksteal -m slow

check: .venv/installed ## format, lint, types; generated pages and links are up to date
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python scripts/reference.py --check
	$(BIN)/python scripts/manpages.py --check
	$(BIN)/python scripts/site.py

format: .venv/installed ## format the code and fix lint errors
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: .venv/installed ## generate the reference and manual pages, and build the site in build/site
	$(BIN)/python scripts/reference.py
	$(BIN)/python scripts/manpages.py
	$(BIN)/python scripts/site.py

pictures: .venv/installed ## make the pictures of the documentation by running the tutorials
	$(BIN)/python scripts/pictures.py

reproduce: .venv/installed ## measure all presets on the real sequences in ../shared/data (about an hour)
	$(BIN)/python -m benchmarks.reproduce

models: .venv/installed ## train the models that come with the package, on ../shared/data
	$(BIN)/python -m benchmarks.ship

reproduce-quick: .venv/installed ## the same with few epochs, to check that it runs
	$(BIN)/python -m benchmarks.reproduce --quick

bench: .venv/installed ## measure the speed of seqnet and other programs (an hour)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench,export]'
	for one in startup neighbours growth readers encode predict shards memory explain splitting tracks train distributed; do $(BIN)/python -m benchmarks.$$one || exit 1; done

bench-smoke: .venv/installed ## the same with little data, to check that it runs
	for one in startup neighbours growth readers encode predict shards memory explain splitting tracks train distributed dna_tasks hard_data transfer pretraining faults; do $(BIN)/python -m benchmarks.$$one --smoke || exit 1; done
	$(BIN)/python -m benchmarks.gpu --device cpu --smoke

dna-tasks: .venv/installed ## compare the default settings with published models on public DNA tasks (an hour)
	$(BIN)/python -m benchmarks.dna_tasks

hard-data: .venv/installed ## measure the default settings on simulated data that are hard to learn (an hour)
	$(BIN)/python -m benchmarks.hard_data

transfer: .venv/installed ## measure how many labels train --from saves on related tasks (an hour)
	$(BIN)/python -m benchmarks.transfer

pretraining: .venv/installed ## measure whether learning from DNA without labels saves labels (an hour)
	$(BIN)/python -m benchmarks.pretraining

faults: .venv/installed ## inject faults, such as kills, damaged files and full disks, and count the outcomes (an hour)
	$(BIN)/python -m benchmarks.faults

fuzz: .venv/installed ## give random input to every reader and parser, for SECONDS
	$(BIN)/python -m benchmarks.fuzz --seconds $(SECONDS)

lock: ## update constraints.txt to the newest versions that pyproject.toml allows
	sh scripts/lock.sh

release-check: .venv/installed ## build sdist and wheel, and test them with the oldest and newest Python and dependencies
	$(BIN)/python scripts/release_check.py

clean: ## remove the files that the other targets made
	rm -rf .venv demo-output build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
