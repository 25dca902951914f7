# Dateline. `make` lists the targets; each sets up what it needs.

PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
INDEX ?= var/demo
PORT ?= 8000
NEWSROOM ?= ["38bdc98f7a968277f8cc", "c09b71d4943cd03e49cc", "2669ff67a06d581488fb"]
export HF_HUB_OFFLINE ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test lint types bench bench-peers openapi fuzz fuzz-queries contract faults test-browser test-engines test-cluster clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'

setup: .venv/.ready  ## Create .venv with the pinned dependencies
	@echo "Ready. Next: make demo (sample corpus and search page) or make test"

.venv/.ready: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Dateline needs Python 3.11 or newer; install it, or say which: make PYTHON=/path/to/python3"; exit 2; }
	@echo "1/3 creating .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv
	@echo "2/3 installing PyTorch (the largest download, once)"
	@$(BIN)/pip install -qq --disable-pip-version-check -c constraints.txt torch
	@echo "3/3 installing the other dependencies"
	@$(BIN)/pip install -qq --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch .venv/.ready

demo: .venv/.ready  ## Ingest the sample corpus (the first time builds its generation), start the service
	@$(BIN)/dateline ingest data/sample --index $(INDEX)
	@echo
	@echo "Search page   http://127.0.0.1:$(PORT)/"
	@echo "Newsroom      http://127.0.0.1:$(PORT)/demo/  (three pages; their Related News block is the widget)"
	@echo "API           http://127.0.0.1:$(PORT)/docs"
	@echo "Stop with Ctrl-C."
	@DATELINE_DEMO='$(NEWSROOM)' $(BIN)/dateline serve --index $(INDEX) --port $(PORT)

serve: .venv/.ready  ## Start the service on INDEX (var/demo)
	@$(BIN)/dateline serve --index $(INDEX) --port $(PORT)

test: .venv/.ready  ## Run the tests, the relevance floors with the real model among them
	@$(BIN)/python -m pytest -q

lint: .venv/.ready  ## Check style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: .venv/.ready  ## Check types
	@$(BIN)/mypy

openapi: .venv/.ready  ## Write docs/openapi.json anew
	@$(BIN)/python scripts/export_openapi.py

bench: .venv/.ready  ## Measure FOLDER (the sample), and BULK=passages at SIZES=..., into docs/benchmarks.md
	@$(BIN)/python scripts/benchmark.py $(or $(FOLDER),data/sample/articles.jsonl) --queries docs/benchmark_queries.txt \
		$(if $(BULK),--bulk $(BULK)) $(if $(SIZES),--sizes $(SIZES)) --write docs/benchmarks.md

bench-peers: .venv/.ready benchmarks/.venv/.ready  ## Measure BULK=passages (the sample) beside txtai, Chroma and LanceDB
	@$(BIN)/python -m benchmarks.peers $(BULK) $(PEERS) $(if $(BULK),--write docs/benchmarks.md)

benchmarks/.venv/.ready: benchmarks/requirements.txt
	@echo "installing the peers into benchmarks/.venv"
	@$(BIN)/python -m venv benchmarks/.venv
	@benchmarks/$(BIN)/pip install -qq --disable-pip-version-check -c benchmarks/requirements.txt torch
	@benchmarks/$(BIN)/pip install -qq --disable-pip-version-check -r benchmarks/requirements.txt
	@touch benchmarks/.venv/.ready

fuzz: .venv/.ready  ## Read 10,000 damaged inputs of each format (INPUTS=...)
	@DATELINE_FUZZ=$(or $(INPUTS),10000) $(BIN)/python -m pytest -q --timeout=0 --hypothesis-profile=exploring tests/property/test_sources.py

fuzz-queries: .venv/.ready  ## Read 100,000 invented queries (STRINGS=...), and search for a part of them
	@DATELINE_FUZZ_QUERIES=$(or $(STRINGS),100000) $(BIN)/python -m pytest -q --timeout=0 --log-cli-level=INFO tests/property/test_query_fuzz.py

contract: .venv/.ready  ## Hold the service to its OpenAPI description with 100 requests (EXAMPLES=...) of each kind
	@DATELINE_CONTRACT=$(or $(EXAMPLES),100) $(BIN)/python -m pytest -q --timeout=0 tests/contract

faults: .venv/.ready  ## Kill processes 200 times under load (KILLS=...), fill a disk, damage every kind of file
	@DATELINE_KILLS=$(or $(KILLS),200) $(BIN)/python -m pytest -q --timeout=0 --log-cli-level=INFO tests/faults tests/integration/test_resuming.py

test-engines: .venv/.ready  ## Run what make test leaves out of engines and bulk embedding: Milvus Lite behind a port, DATELINE_MILVUS_URI
	@$(BIN)/python -m pytest -q -m "thorough or not thorough" tests/engines tests/integration/test_bulk_embed.py

test-browser: .venv/.ready  ## Drive the pages in a real browser (CHROMIUM, else chromium on the path)
	@$(BIN)/pip install -qq --disable-pip-version-check -c constraints.txt -e '.[dev,browser]'
	@$(BIN)/python -m pytest -q -m browser tests/browser

# The version of milvus stands here and not in constraints.txt: only its binaries are used, and the client it asks for is a pymilvus
# older than 2.4, which the engine does not work with.
test-cluster: .venv/.ready  ## Start a Milvus cluster (etcd on the path) and kill its processes under load
	@command -v etcd >/dev/null || { echo "No etcd on the path; install it: apt-get install etcd-server"; exit 2; }
	@$(BIN)/pip install -qq --disable-pip-version-check -c constraints.txt -e '.[dev,cluster]'
	@$(BIN)/pip install -qq --disable-pip-version-check -c constraints.txt --no-deps milvus==2.3.5
	@$(BIN)/python -m pytest -q -m cluster --log-cli-level=INFO tests/cluster

clean:  ## Remove .venv, indexes and caches
	rm -rf .venv benchmarks/.venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis
