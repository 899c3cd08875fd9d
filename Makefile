# make help lists the targets. ARGS passes further arguments on, such as
#   make run ARGS="--set target.shots=1"        make unit ARGS="-k center_loss"

# Any Python 3.8 or newer; set-up itself finds the interpreter that fits this host.
HOST_PYTHON ?= python3
ARGS ?=
VENV := .venv/bin
# Two workers: importing TensorFlow and TFX takes one core, and most of a short run.
PYTEST := $(VENV)/python -m pytest --numprocesses 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help setup run test lint unit e2e bench sbom format lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make .venv for this host; does nothing when it is up to date
	@command -v $(HOST_PYTHON) >/dev/null || { echo "Set-up stopped: $(HOST_PYTHON) is not on PATH. \
	Install Python 3.8 or newer, or name one: make HOST_PYTHON=/path/to/python." >&2; exit 1; }
	@$(HOST_PYTHON) -m scripts.setup_environment

run: setup ## the main job: MNIST carried over to optdigits
	$(VENV)/warmstart run configs/mnist_to_optdigits.yaml $(ARGS)

test: lint ## everything: set-up, lint, types, unit tests, end-to-end tests
	$(PYTEST) -m "not e2e" $(ARGS)
	$(PYTEST) -m e2e $(ARGS)

lint: setup ## style, format and types
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy

unit: setup ## the tests that take seconds
	$(PYTEST) -m "not e2e" $(ARGS)

e2e: setup ## the tests that run the whole pipeline
	$(PYTEST) -m e2e $(ARGS)

bench: setup ## measure speed; writes benchmarks/results.json and prints a table
	$(VENV)/python -m benchmarks.run $(ARGS)

sbom: setup ## list what is installed, with licences, as CycloneDX
	@mkdir -p runs
	$(VENV)/cyclonedx-py environment --sv 1.5 --output-reproducible \
		--output-file runs/sbom.cdx.json $(VENV)/python $(ARGS)

format: setup ## fix style and format where a tool can
	$(VENV)/ruff check --fix .
	$(VENV)/ruff format .

lock: setup ## pin what setup.py asks for, on both stacks (ARGS=--upgrade for newer versions)
	$(VENV)/uv pip compile --universal --python-version 3.10 setup.py --all-extras \
		--no-emit-index-url --no-header --quiet --output-file requirements.txt $(ARGS)

clean: ## remove build products and caches; .venv and runs stay
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -path ./.venv -prune -o -path ./runs -prune -o -name __pycache__ -type d -exec rm -rf {} +
