# Everything runs in a private environment, .venv, which the first target makes. It needs python3 (3.11 to 3.13) with
# its venv module, and pip's index. Nothing is installed twice: a stamp in .venv stands for each set of extras.

VENV := .venv
BIN := $(VENV)/bin

# A system's python3 may be newer than torch and coremltools allow: take the first that fits.
ifndef PYTHON
PYTHON := $(shell for python in python3 python3.13 python3.12 python3.11; do \
	if $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; \
	then echo $$python; break; fi; done)
endif

.PHONY: help diagnostic-pages demo test slow lint format types bench bench-conversion bench-torchscript bench-graph mil-suite mil-operations zoo advisor-table screenshots clean
.DEFAULT_GOAL := help

help:
	@echo 'make demo         export an example for real into out/, say what was checked, open the window on it'
	@echo 'make test         run the tests'
	@echo 'make slow         run the slow tests too (tiny transformers; some minutes)'
	@echo 'make lint         ruff: format and lint'
	@echo 'make format       let ruff correct what it can'
	@echo 'make types        mypy, strict, on core/ and gui/'
	@echo 'make advisor-table  what the advisor says of each model of its corpus'
	@echo 'make bench        measure against plain scripts and a bare Qt window'
	@echo 'make bench-conversion  measure converting, byte-equal to plain coremltools; changed metadata; memory'
	@echo 'make bench-torchscript measure what is added to torch.jit.trace: seconds, and memory with 500 MB of weights'
	@echo 'make bench-graph  measure layouts and frames of graphs with 1,000 to 100,000 nodes'
	@echo 'make zoo          convert and run some forty architectures, and write docs/zoo.md'
	@echo 'make mil-suite    run N=300 of coremltools own operation tests on the executor (REPORT=docs/mil-suite.md)'
	@echo 'make mil-operations  write docs/mil-operations.md'
	@echo 'make screenshots  make the pictures of docs/images'
	@echo 'make clean        remove .venv and everything that was made'

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo 'ExportDesk needs Python 3.11, 3.12 or 3.13: make PYTHON=/path/to/python3.12 ...'; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo 'python3 -m venv failed: on Debian and Ubuntu, apt install python3-venv'; exit 1; }
	@touch $@

# pip alone decides where torch comes from: a CPU build that its configuration offers is taken.
# Editable: what is tested and shown is this folder; tests/architecture builds and installs the wheel as well.
$(VENV)/.installed: $(VENV)/.made pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.%: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	@touch $@

demo: $(VENV)/.installed
	@BIN=$(BIN) sh .ci/demo

test: $(VENV)/.test
	$(BIN)/python -m pytest $(TESTS)

slow: $(VENV)/.test $(VENV)/.zoo
	$(BIN)/python -m pytest -m 'slow or not slow' $(TESTS)

lint: $(VENV)/.lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: $(VENV)/.lint
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The sources are imported as exportdesk.core and exportdesk.gui; a link of that name makes the checkout findable.
types: $(VENV)/.lint
	@links=$$(mktemp -d) && trap 'rm -rf "$$links"' EXIT && ln -s "$(CURDIR)" "$$links/exportdesk" && \
	cd "$$links" && MYPYPATH="$$links" "$(CURDIR)/$(BIN)/mypy" --config-file "$(CURDIR)/pyproject.toml" \
	--cache-dir "$(CURDIR)/.mypy_cache" --python-executable "$(CURDIR)/$(BIN)/python" -p exportdesk.core -p exportdesk.gui

diagnostic-pages: $(VENV)/.installed
	$(BIN)/python -m exportdesk.resources.diagnostic_pages docs/diagnostics

bench: $(VENV)/.installed
	$(BIN)/python tests/bench

bench-conversion: $(VENV)/.installed
	$(BIN)/python tests/bench/convert_bench.py

bench-torchscript: $(VENV)/.installed
	$(BIN)/python tests/bench/torchscript_bench.py

bench-graph: $(VENV)/.installed
	$(BIN)/python tests/bench/graph_bench.py

N ?= 300
SEED ?= 0
mil-suite: $(VENV)/.test
	$(BIN)/python tests/mil_suite --sample $(N) --seed $(SEED) $(if $(REPORT),--report $(REPORT))

zoo: $(VENV)/.test $(VENV)/.zoo
	$(BIN)/python tests/zoo/run.py --write docs/zoo.md

advisor-table: $(VENV)/.test
	$(BIN)/python tests/core/advisor/table.py

mil-operations: $(VENV)/.installed
	$(BIN)/python tests/mil_suite/operation_table.py docs/mil-operations.md

screenshots: $(VENV)/.installed
	@BIN=$(BIN) sh .ci/screenshots

clean:
	rm -rf $(VENV) build dist out *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .bench
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
