# The habits of this project: `make help` lists them. Everything sets itself up; nothing heavy lands in the clone but target/.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
FUNCTIONS := kickoff plan scrape cluster measure summarise split
# These know no AWS.
DOMAIN_CRATES := tables sampling imagery measures clustering survey report synthetic store contracts study

S3_SUITE := s3_keeps_what_every_store_promises

# Puts the pinned tools first in the path, installing them on first use.
TOOLS := tools="$$(tools/setup.sh)"; export PATH="$$tools/bin:$$PATH";
TEST_TOOLS := tools="$$(tools/setup.sh tests)"; export PATH="$$tools/bin:$$PATH";

.PHONY: help
help: ## What can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Install the pinned Python tools (local stack, cargo-lambda, linters) into a cache
	@tools/setup.sh

.PHONY: demo
demo: programs ## Cluster made-up towns, and the grid of $TRANSECT_DATA, by real Lambdas under a real state machine
	@$(TOOLS) exec python tools/demo.py --programs "$(TARGET)/release" --out "$(TARGET)/demo"

.PHONY: stack
stack: programs ## Deploy to a local stack and keep it running until Ctrl-C
	@$(TOOLS) exec python tools/local_stack.py --programs "$(TARGET)/release"

# What demo, stack and tests run. Tests are not built for it: what both depend on is compiled once (crates/workspace-hack).
.PHONY: programs
programs:
	@cargo build --release --workspace --bins

.PHONY: test
test: test-rust test-stack ## Every test: unit, property, golden, documentation, and end to end on a local stack

# Tests marked "needs TRANSECT_DATA" or "needs GDAL" run where both are. The suite of stores over S3 needs the local stack's bucket:
# tests/test_store.py runs it.
.PHONY: test-rust
test-rust: programs ## The tests written in Rust
	@all=; if [ -n "$$TRANSECT_DATA" ] && command -v gdal_translate >/dev/null; then all=yes; else \
		echo "left out: the tests that need TRANSECT_DATA and GDAL (apt-get install gdal-bin)"; fi; \
	if cargo nextest --version >/dev/null 2>&1; then \
		cargo nextest run --release --workspace --lib --bins --tests --no-fail-fast --status-level fail \
			$${all:+--run-ignored all} -E 'not test(=$(S3_SUITE))'; \
	else \
		cargo test --release --workspace --lib --bins --tests --no-fail-fast --quiet \
			-- $${all:+--include-ignored} --skip $(S3_SUITE); \
	fi
	@cargo test --release --workspace --doc --quiet

.PHONY: bless
bless: programs ## Accept what the schemas and golden files say now; look at the difference before committing it
	@BLESS=1 cargo test --release --workspace --tests --no-fail-fast --quiet

.PHONY: test-stack
test-stack: programs wheel ## The tests that cross crates, on a local stack; PYTEST='-k kickoff' picks some
	@$(TEST_TOOLS) export TRANSECT_PROGRAMS="$(TARGET)/release"; python -m pytest tests $(PYTEST)

.PHONY: bench
bench: bench-cluster bench-measures bench-filling bench-roads bench-chips bench-scrape ## Every benchmark, each beside its peers in one run

.PHONY: bench-cluster
bench-cluster: programs ## Clustering beside METIS and the published Python approach; BENCH=--towns for other shapes, BENCH=--large
	@cargo build --release --workspace --examples --quiet
	@python3 benches/cluster.py --programs "$(TARGET)/release" $(BENCH)

.PHONY: bench-measures
bench-measures: ## Green share beside OpenCV
	@cargo build --release --workspace --examples --quiet
	@python3 benches/measures.py --program "$(TARGET)/release/examples/green_throughput"

.PHONY: bench-chips
bench-chips: programs ## Labelled chips of a local raster beside rasterio
	@python3 benches/chips.py --programs "$(TARGET)/release" $(BENCH)

.PHONY: bench-scrape
bench-scrape: ## Pictures from a server with 50 ms latency beside img2dataset and requests
	@cargo build --release --workspace --examples --quiet
	@python3 benches/scrape.py --program "$(TARGET)/release/examples/scrape" $(BENCH)

.PHONY: bench-filling
bench-filling: need-data ## Roads: errors of filling on the hidden readings of a whole town, by order of visits and method
	@cargo test --release --workspace --test newport --quiet -- --nocapture

.PHONY: bench-roads
bench-roads: ## Roads: ten million points planned and written, with the time and memory that it takes
	@cargo build --release --workspace --examples --quiet
	@"$(TARGET)/release/examples/timings" roads

.PHONY: need-data
need-data:
	@[ -n "$$TRANSECT_DATA" ] || { echo "error: set TRANSECT_DATA to the folder of real inputs" >&2; exit 1; }

.PHONY: lint
lint: ## Format, lints, documentation, purity and licences, state machines, templates
	@cargo fmt --all --check
	@cargo clippy --release --workspace --all-targets --quiet -- -D warnings
	@cargo clippy --release --workspace --all-targets --quiet --message-format json -- -D warnings | python3 tools/check_compiled.py
	@$(TEST_TOOLS) python -m pytest tests --collect-only -q -n 0 | python tools/check_collected.py tests
	@python3 tools/check_features.py
	@RUSTDOCFLAGS="-D warnings" cargo doc --release --workspace --no-deps --quiet
	@tools/check_purity.sh "aws-config aws-sdk-s3 aws-sdk-sfn lambda_runtime" $(DOMAIN_CRATES)
	@tools/check_purity.sh lambda_runtime store-s3 executions secrets transect
	@cargo metadata --locked --format-version 1 | python3 tools/check_dependencies.py
	@$(TOOLS) tools/lint_infra.sh

.PHONY: fmt
fmt: ## Format the Rust code
	@cargo fmt --all

.PHONY: audit
audit: ## Known vulnerabilities of the dependencies (needs cargo-deny, and the network for its database)
	@cargo deny --version >/dev/null 2>&1 || { echo "error: cargo-deny is missing: cargo install --locked cargo-deny" >&2; exit 1; }
	@cargo deny check advisories

.PHONY: build
build: build-arm64 build-x86-64 ## Package the functions for AWS, for both processors

.PHONY: build-arm64 build-x86-64
build-arm64: TRIPLE := aarch64-unknown-linux-gnu
build-x86-64: TRIPLE := x86_64-unknown-linux-gnu
build-arm64 build-x86-64: build-%:
	@tools/check_target.sh $(TRIPLE)
	@$(TOOLS) cargo lambda build --profile dist --$* --lambda-dir "$(TARGET)/lambda/$*" $(FUNCTIONS:%=-p %)

ARCH ?= arm64
.PHONY: deploy
deploy: need-stack build-$(ARCH) ## To AWS: make deploy STACK=name [ARCH=x86-64] [PARAMETERS='OnUpload=true Schedule="rate(1 day)"']
	@$(TOOLS) python tools/deployment.py deploy "$(STACK)" --lambda-dir "$(TARGET)/lambda/$(ARCH)" --parameters "$${PARAMETERS:-}"

.PHONY: destroy
destroy: need-stack ## From AWS, all but the buckets: make destroy STACK=name
	@$(TOOLS) python tools/deployment.py destroy "$(STACK)"

.PHONY: program
program:
	@cargo build --release -p transect

.PHONY: wheel
wheel: program ## The Python wheel, with the program in it: dist/transect-*.whl for CPython 3.10 and later
	@$(TOOLS) tools/package.sh share "$(TARGET)/release/transect" python/transect.data/data
	@$(TOOLS) maturin build --release --locked --manifest-path python/Cargo.toml --out dist

.PHONY: dist
dist: program ## The program with manual pages and completions: dist/transect-*.tar.gz and its sha256
	@tools/package.sh dist "$(TARGET)/release/transect" dist

PREFIX ?= $(HOME)/.local
.PHONY: install
install: program ## Install the program, manual pages and completions below PREFIX (~/.local)
	@tools/package.sh install "$(TARGET)/release/transect" "$(PREFIX)"

.PHONY: docs
docs: reference ## The documentation site in site/, its links checked
	@$(TOOLS) mkdocs build --strict --quiet
	@echo "$(CURDIR)/site/index.html"

.PHONY: reference
reference: program ## Write docs/reference and the drawing of the crates anew from the code
	@python3 tools/reference.py docs/reference --program "$(TARGET)/release/transect"
	@cargo metadata --no-deps --locked --format-version 1 | python3 tools/draw_architecture.py docs/images/architecture.svg

.PHONY: need-stack
need-stack:
	@[ -n "$(STACK)" ] || { echo "error: which stack? make $(firstword $(MAKECMDGOALS)) STACK=name" >&2; exit 1; }
