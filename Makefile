# `make run` tries the product, `make test` checks it; both set up what they need. See README.md.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
AS_OF ?= 2023-06-01
SERVE ?= 1
BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check -qq
# A process a core; which tests stay together says tests/conftest.py.
PYTEST := $(BIN)/pytest --numprocesses=logical --dist=loadscope
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate pyproject.toml

.PHONY: run test check lint bench lock clean

run: .venv/.run
	@XINGFU_HOME=.xingfu $(BIN)/xingfu demo --as-of $(AS_OF) $(if $(filter 0,$(SERVE)),--no-serve,--serve)

test: .venv/.dev lint
	@$(PYTEST)

# While editing: everything but what starts servers, browsers or a whole year.
check: .venv/.dev lint
	@$(PYTEST) -m "not heavy and not browser and not postgresql" -x

lint: .venv/.dev
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports > .venv/imports.log || { cat .venv/imports.log; exit 1; }

bench: .venv/.dev
	@$(BIN)/python -m tests.benchmarks

lock: .venv/.dev
	$(UV_COMPILE) --group build -o requirements/run.txt --upgrade
	$(UV_COMPILE) --group dev -c requirements/run.txt -o requirements/dev.txt --upgrade

clean:
	rm -rf .venv .xingfu

# The lock lists every dependency with its hash, so pip resolves nothing (--no-deps).
.venv/.run: requirements/run.txt pyproject.toml
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	@$(PIP) install --no-deps --require-hashes -r requirements/run.txt
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.run
	@$(PIP) install --no-deps --require-hashes -r requirements/dev.txt
	@touch $@
