# `make run` tries the product, `make test` checks it; both set up what they need. See README.md.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
AS_OF ?= 2023-06-01
SERVE ?= 1
BIN := .venv/bin
# Else each of the hundreds of processes that tests start would compile the product anew.
unexport PYTHONDONTWRITEBYTECODE
# Where memory is plenty, what tests write stays there: hundreds of databases wait for no disk.
ROOMY := $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4000000 { print "TMPDIR=/dev/shm" }')
# Which tests begin first and which stay together says tests/conftest.py.
PYTEST := $(ROOMY) $(BIN)/pytest --dist=loadscope --no-loadscope-reorder
# Tests wait for servers and processes: a worker more than cores; with two more, servers starve.
WORKERS ?= $(shell expr 1 + $$(getconf _NPROCESSORS_ONLN))
COVERED := -p tests.support.covered
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate

.PHONY: run test tests check storm lint coverage bench fuzz mutants lock clean

run: .venv/.run
	@XINGFU_HOME=.xingfu $(BIN)/xingfu demo --as-of $(AS_OF) $(if $(filter 0,$(SERVE)),--no-serve,--serve)

test: lint tests

# Every check but lint; MEASURED=1: and what of the core's branches its own fast tests reach.
tests: .venv/.dev
	@$(PYTEST) --numprocesses=$(WORKERS) $(if $(MEASURED),$(COVERED))

# While editing: everything but what starts servers, browsers or a whole year.
check: .venv/.dev lint
	@$(PYTEST) --numprocesses=logical --hypothesis-profile=brief \
		-m "not heavy and not browser and not postgresql" -x

# Everything, as often as can be: every kill, every spoilt workbook, both databases, random years,
# a hundred examples for a property.
SEEDS ?= 1-20
SEASONS ?= 1-300
storm: .venv/.dev
	@$(PYTEST) --numprocesses=$(WORKERS) --storm --seeds=$(SEEDS) --seasons=$(SEASONS) \
		--hypothesis-profile=storm

lint: .venv/.dev
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports > .venv/imports.log || { cat .venv/imports.log; exit 1; }

# What of the core's branches its own fast tests reach, by these alone.
coverage: .venv/.dev
	@$(PYTEST) --numprocesses=logical $(COVERED) -m "not heavy" tests/test_policy_* tests/test_states_*

bench: .venv/.dev
	@$(BIN)/python -m tests.benchmarks

# Coverage-guided, for so many seconds; what it finds is kept in .fuzz/.
FUZZ_SECONDS ?= 300
fuzz: .venv/.fuzz
	@mkdir -p .fuzz/corpus
	@$(BIN)/python -m tests.support.atheris_fuzz -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=3000 -timeout=20 \
		-max_len=200000 -len_control=0 -artifact_prefix=.fuzz/ .fuzz/corpus

# Changes states/ and policy/ place by place: of so many, 95 % must be seen by the core's own tests.
MUTANTS ?= 150
SEED ?= 2023
mutants: .venv/.mutants
	@$(BIN)/python -m tests.support.mutants $(MUTANTS) $(SEED)

lock: .venv/.dev
	$(UV_COMPILE) pyproject.toml --group build -o requirements/run.txt --upgrade
	$(UV_COMPILE) pyproject.toml --group dev -c requirements/run.txt -o requirements/dev.txt --upgrade
	$(UV_COMPILE) --group uv -c requirements/dev.txt -o requirements/uv.txt --upgrade
	$(UV_COMPILE) --group fuzz -c requirements/dev.txt -o requirements/fuzz.txt --upgrade
	$(UV_COMPILE) --group mutants -c requirements/dev.txt -o requirements/mutants.txt --upgrade

clean:
	rm -rf .venv .xingfu .fuzz

# The locks list every dependency with its hash, so that nothing is resolved.
.venv/.run: pyproject.toml
.venv/.dev: .venv/.run
.venv/.fuzz .venv/.mutants: .venv/.dev
.venv/.%: requirements/%.txt
	@PYTHON="$(PYTHON)" requirements/install $*
	@touch $@
