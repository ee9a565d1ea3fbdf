# `make run` sets everything up and runs the study; `make test` runs the tests. `make help` lists the rest.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help prune check list watch run test lint format benchmark rehearse clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/run.done ## set up and run the study to results/summary.csv
	$(BIN)/snakemake

# The path as it was given, whatever is in it.
GIVEN = '$(subst ','\'',$(value PHOTOS))'

check: $(VENV)/run.done ## say what is in a data set, before anything trains: make check PHOTOS=~/my_photos
	@$(if $(value PHOTOS),,echo "The data set of config.yaml; another: make check PHOTOS=~/my_photos")
	@$(BIN)/snakemake check --quiet all $(if $(value PHOTOS),--config dataset=$(GIVEN))

list: $(VENV)/run.done ## list the experiments of config.yaml, and what their runs are called
	@$(BIN)/snakemake list --quiet all

watch: $(VENV)/run.done ## watch a study that runs elsewhere: in another terminal, or as a cluster's jobs
	@$(BIN)/python workflow/scripts/watch.py

test: $(VENV)/test.done ## set up and run the tests
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint: $(VENV)/test.done ## check format, style, types, layers and the workflow
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check .
	$(BIN)/mypy
	PYTHONPATH=workflow/scripts $(BIN)/lint-imports --no-logo
	$(BIN)/snakemake --lint

format: $(VENV)/test.done ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt .

benchmark: .venv-benchmark/done ## measure speed against a script, peers and the hardware (about an hour)
	.venv-benchmark/bin/python benchmarks/run.py $(WORKLOADS)

rehearse: .venv-gpu/done ## rehearse benchmarks/gpu.sh here, with the versions of a machine with a GPU
	PYTHON=.venv-gpu/bin/python benchmarks/gpu.sh --rehearse

prune: $(VENV)/run.done ## remove runs that no study has any longer (asks first)
	@$(BIN)/python workflow/scripts/prune.py

clean: ## remove all results and resources (asks first)
	@printf 'Remove results/, resources/ and logs/? [y/N] '; read -r answer; [ "$$answer" = y ]
	rm -rf results/* resources logs .snakemake

TAKES = a few minutes, most of them for PyTorch
INSTALL = @echo "Installing the pinned packages into $(@D): $(TAKES)." && \
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r $<

$(VENV)/run.done: requirements.txt | $(VENV)/python.done
	$(INSTALL)
	@touch $@

$(VENV)/test.done: requirements-dev.txt requirements-slurm.txt requirements-trackers.txt requirements.txt | $(VENV)/python.done
	@command -v git > /dev/null || { echo "error: git is missing, and the tests need it: install git"; exit 1; }
	$(INSTALL)
	@touch $@ $(VENV)/run.done

# Where Python finds the packages of an environment.
PACKAGES = -c 'import sysconfig; print(sysconfig.get_path("purelib"))'

# The peers alone: all else is found in .venv, so that PyTorch is there once.
.venv-benchmark/done: private TAKES = a minute
.venv-benchmark/done: benchmarks/requirements.txt $(VENV)/run.done
	$(BIN)/python -m venv --clear $(@D)
	@$(BIN)/python $(PACKAGES) > "$$($(@D)/bin/python $(PACKAGES))/venv.pth"
	$(INSTALL)
	@touch $@

.venv-gpu/done: benchmarks/gpu/requirements.txt | $(VENV)/python.done
	$(PYTHON) -m venv --clear $(@D)
	$(INSTALL)
	@touch $@

$(VENV)/python.done:
	@command -v $(PYTHON) > /dev/null || { echo "error: $(PYTHON) is missing: install Python 3.11 or newer, or run make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $$($(PYTHON) --version) is too old: install Python 3.11 or newer, or run make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2> /dev/null || { echo "error: $(PYTHON) cannot make virtual environments: install its venv and pip (on Debian: apt install python3-venv python3-pip)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@
