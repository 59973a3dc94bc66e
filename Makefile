# The project's commands. Each can be repeated, and says what it does.
SHELL := /bin/sh
TARGET := $(or $(CARGO_TARGET_DIR),target)
STACK := $(TARGET)/debug/tessera-stack

.DEFAULT_GOAL := help
.PHONY: help setup build up down status demo test campaign bench lint clean distclean

help: ## Show the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

setup: ## Install what the machine lacks
	@dev/setup

build: setup
	@echo "build: tessera and tessera-stack (the first time takes some minutes)"
	@cargo build --locked -p cli -p stack

up: build ## Start everything in the background: database, cache, identity provider, tessera, two tenants
	@$(STACK) up

down: ## Stop what `make up` started
	@if [ -x $(STACK) ]; then $(STACK) down; else echo "down: nothing was ever built, so nothing runs"; fi

status: build ## Show what runs
	@$(STACK) status

demo: build ## Watch two tenants, a sign-in and a transfer between wallets, step by step
	@$(STACK) demo

test: setup ## Run every test: units, end to end, identity provider
	@dev/test

# TESSERA_TESTS_SEED repeats the chance of a run.
campaign: setup ## Kill, terminate and cut all around the ledger under load: nothing is lost, nothing repeated (about 10 minutes)
	@cargo build --locked -p cli
	@cargo test --locked -p tests -- --ignored --exact campaign::the_whole_campaign_loses_and_repeats_nothing

# PART=platform, PART=ledger or PART=http measures one part; TESSERA_BENCH_SECONDS=120 makes each run under load that long.
bench: setup ## Measure the promised speeds
	@echo "bench: an optimised build (the first time takes some minutes)"
	@cargo build --locked --release -p bench -p cli
	@cargo build --locked --release --manifest-path bench/peers/Cargo.toml --target-dir $(TARGET)
	@cargo run --locked --release -p bench -- $(PART)

lint: setup ## Check format, lints, documentation and duplicate dependencies
	@echo "lint: format"
	@cargo fmt --all --check
	@cargo fmt --manifest-path bench/peers/Cargo.toml --check
	@echo "lint: clippy"
	@cargo clippy --locked --workspace --all-targets -- -D warnings
	@echo "lint: documentation"
	@RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet
	@echo "lint: duplicate dependencies are listed in $(TARGET)/duplicates.txt"
	@cargo tree --locked --workspace -d >$(TARGET)/duplicates.txt

clean: ## Stop the stack and forget its data, passwords and keys
	@if [ -x $(STACK) ]; then $(STACK) down --forget; else echo "clean: nothing was ever built, so nothing is kept"; fi

distclean: clean ## Remove everything that was built or installed into the checkout
	@rm -rf .tessera dev/idp/node_modules
	@cargo clean
