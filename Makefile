# Everything is built here, and only what has changed since. Each target does its own set-up.
SHELL := /bin/bash
# Without --norc, bash reads its start-up file when its input is a socket, as under wrangler.
.SHELLFLAGS := --norc -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# Node comes from npm: wrangler needs a newer one than a system may have.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
export WRANGLER_SEND_METRICS := false
export WRANGLER_HIDE_BANNER := true
export CLOUDFLARE_CF_FETCH_ENABLED := false
export CARGO_TERM_PROGRESS_WHEN := never

PORT ?= 8787
STATES ?= 5000000

files = $(shell find $(1) -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
CARGO := Cargo.toml Cargo.lock rust-toolchain.toml
CORE := $(CARGO) core/Cargo.toml $(call files,core/src)

MODULES := node_modules/.package-lock.json
TOOLS := .tools/.installed
WORKER := worker/build/.built
CLIENT := wasm-client/npm/dist/.built
PAGES := web/dist/.built
DEV_SFU := target/debug/samewire-dev-sfu

step = @if [ -t 1 ]; then printf '\033[1m▸ %s\033[0m\n' "$(1)"; else echo "▸ $(1)"; fi

.PHONY: help dev port test soak model bench build format clean

help: ## Says what there is.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

# Who sets PROVIDERS brings what they name.
dev: port build $(if $(PROVIDERS),,$(DEV_SFU)) .dev.vars ## Serves everything on PORT (8787) and says which link to open.
	@PORT=$(PORT) node scripts/dev.ts

port: $(MODULES)
	@PORT=$(PORT) node scripts/port.ts

test: $(MODULES) ## Runs every check and test, and says how many passed.
	@node scripts/test.ts

soak: build ## Runs the long tests, one after another. KILLS=20 RACES=100 is a short one.
	@node --test --test-force-exit --test-concurrency=1 'tests/soak/*.test.ts'
	@SAMEWIRE_RACES=$${RACES:-1000} node --test --test-force-exit tests/integration/one-wire.test.ts
	@scripts/packages.sh chromium
	@SAMEWIRE_LONG=1 playwright test -c tests --grep @long
	@SAMEWIRE_LONG=1 tests/lab/run --grep @long

model: ## Walks through many more states of the model than `make test` does. STATES=5000000 a scenario.
	@cargo run --quiet -p samewire-model --profile model --bin samewire-model -- $(STATES)

bench: build ## Measures, and writes bench/RESULTS.md. Ten to twelve minutes.
	@scripts/packages.sh chromium turnserver=coturn janus
	@node bench/run.ts

format: $(MODULES) ## Formats Rust and the rest.
	cargo fmt
	prettier --log-level warn --write .

clean: ## Removes what was built, and keeps the tools.
	rm -rf target build worker/build wasm-client/npm/dist web/dist .wrangler test-results

build: $(WORKER) $(CLIENT) $(PAGES) ## Builds the Worker, the npm package and the pages.

$(MODULES): package.json package-lock.json wasm-client/npm/package.json web/package.json
	$(call step,npm packages (half a minute))
	@npm ci --no-fund --no-audit --loglevel=error
	@touch $@

$(TOOLS): scripts/tools.sh
	$(call step,build tools into .tools (once; three minutes on an idle machine, more on a busy one))
	@scripts/tools.sh
	@touch $@

$(WORKER): $(TOOLS) $(MODULES) $(CORE) worker/Cargo.toml scripts/worker.sh $(call files,worker/src)
	$(call step,the Worker)
	@scripts/worker.sh
	@touch $@

$(CLIENT): $(TOOLS) $(MODULES) $(CORE) scripts/client.sh scripts/wasm.sh $(call files,wasm-client)
	$(call step,the npm package)
	@scripts/client.sh
	@touch $@

$(PAGES): $(CLIENT) $(MODULES) $(call files,web)
	$(call step,the pages)
	@vite build web --logLevel warn
	@touch $@

$(DEV_SFU): $(CARGO) dev-sfu/Cargo.toml $(call files,dev-sfu/src)
	$(call step,the SFU for development (once; two minutes on an idle machine))
	@cargo build --quiet --package samewire-dev-sfu
	@touch $@

.dev.vars: .dev.vars.example
	@scripts/dev-vars.sh
