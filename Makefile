# Parley: what a person or a machine does with a checkout. `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PROFILE ?=
# A window opens where there is a display; elsewhere a browser is shown it.
DISPLAYED := $(or $(DISPLAY),$(WAYLAND_DISPLAY))
WINDOW_TAGS := desktop,production,webkit2_41

modules := frontend/node_modules/.installed.json
window := frontend/dist/index.html
linter := bin/tools/golangci-lint
vulncheck := bin/tools/govulncheck
window_sources := $(shell find frontend/src frontend/public frontend/index.html frontend/package.json \
	frontend/vite.config.ts frontend/tsconfig.json -type f 2>/dev/null)

.PHONY: help
help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1\t\2/' | column -t -s $$'\t'

# --- run -----------------------------------------------------------------

.PHONY: run demo
ifneq ($(DISPLAYED),)
run: parley ## open the window (PROFILE=name: that of a second, separate device)
	@exec bin/parley $(if $(PROFILE),--profile '$(PROFILE)')

demo: parley parley-node ## two devices side by side, with a sample space, thrown away afterwards
	@exec bin/parley-node demo
else
run: parley-node
	@exec bin/parley-node $(if $(PROFILE),--profile '$(PROFILE)') serve --web 127.0.0.1:0

demo: parley-node
	@exec bin/parley-node demo
endif

# --- build ---------------------------------------------------------------

.PHONY: build parley parley-node
build: parley parley-node ## both programs, in bin/

parley: $(window) | go-packages window-packages
	@go build -tags $(WINDOW_TAGS) -o bin/parley .

parley-node: $(window) | go-packages
	@go build -o bin/parley-node ./cmd/parley-node

# npm ci throws everything away before it starts, so it runs only when the lock
# file's content has changed; a checkout alone changes its time.
$(modules): frontend/package-lock.json | node
	@cmp -s $< $@ || (cd frontend && npm ci --no-progress)
	@cp $< $@

$(window): $(modules) $(window_sources)
	@cd frontend && npm run --silent build
	@touch frontend/dist/.keep $@

.PHONY: go node go-packages window-packages test-packages
go:
	@build/need go
node:
	@build/need node
go-packages: go
	@build/need packages build
window-packages:
	@build/need packages build window
test-packages:
	@build/need packages build window test

# --- test ----------------------------------------------------------------

.PHONY: test test-go test-frontend test-e2e screenshots fuzz
test: test-go test-frontend test-e2e ## everything: Go, the window's units, browsers, the desktop window

# The race detector runs where goroutines meet; it would make nothing but time
# of the packages that have none.
raced := ./crdt ./crdt/badger ./p2p ./app/...
test-go: $(window) | test-packages
	go vet ./...
	go test -timeout 15m ./...
	go test -timeout 30m -race -short $(raced)

test-frontend: $(modules)
	cd frontend && npx vitest run

test-e2e: parley parley-node | test-packages
	cd frontend && ../build/apart npx vitest run --config e2e/vitest.config.ts

screenshots: parley-node | test-packages ## pictures of every screen, in frontend/e2e/screenshots
	cd frontend && ../build/apart npx vitest run --config e2e/screens.config.ts

.PHONY: office
office: | go-packages ## LibreOffice opens what we write, and what it saves of it becomes test data
	@build/need packages office
	go test -tags office -count 1 -run '^TestLibreOffice' ./crdt/materialize/file

MUTATIONS ?= 10000000
.PHONY: mutate
mutate: | go-packages ## MUTATIONS spoilt inputs, through all that reads what others send: nothing may end the process
	PARLEY_MUTATIONS=$(MUTATIONS) go test -run '^TestNoInputEndsTheProcess$$' -timeout 0 -v ./crdt

KILLS ?= 1000
.PHONY: soak
soak: | test-packages ## KILLS kills -9 of a store that is written to, a tenth of them of a whole peer: nothing acknowledged may be lost (about ten minutes)
	go test -timeout 90m -v -run '^TestNothingAcknowledgedIsLostWhenTheProcessIsKilled$$' ./crdt -kill-rounds $(KILLS)
	go test -timeout 90m -v -run '^TestKillWhileWriting$$' ./cmd/parley-node -kill-rounds $$(( ($(KILLS) + 9) / 10 ))

SEEDS ?= 10000
.PHONY: sim
sim: | go-packages ## SEEDS simulated networks that go wrong, each from its seed (SEED: the first): all must end with the same and fall silent
	go test -timeout 12h -run '^TestSimulatedNetworks$$' ./p2p -sim-seeds $(SEEDS) -sim-seed $(or $(SEED),0)

SOAK ?= 20m
.PHONY: soak-network
soak-network: | test-packages ## SOAK of five people typing through a network that comes and goes: all must end with the same, and nothing may grow
	go test -timeout 12h -v -run '^TestSoakOfAFlappingNetwork$$' ./p2p -soak $(SOAK)

FUZZTIME ?= 20s
fuzz: | go-packages ## every fuzz test of every package, FUZZTIME each
	@go list -f '{{.Dir}}' ./... | while read -r dir; do \
		{ grep -hoE '^func Fuzz[A-Za-z0-9_]+' "$$dir"/*_test.go 2>/dev/null || true; } | cut -c6- | while read -r name; do \
			echo "$$name in $$dir"; go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$dir"; \
		done; \
	done

# --- measure -------------------------------------------------------------

.PHONY: bench
bench: export PARLEY_KEYRING = false
bench: parley-node | test-packages ## what is promised, measured (ONLY=group; BENCH_JSON=file for the figures as JSON)
	@go run ./bench $(if $(ONLY),-only '$(ONLY)')

# --- lint ----------------------------------------------------------------

.PHONY: lint lint-go lint-frontend vuln
lint: lint-go lint-frontend ## formatting, linters, the direction of imports, types

lint-go: $(linter) $(window) | window-packages
	$(linter) run ./...

lint-frontend: $(modules)
	cd frontend && npx biome ci . && npx tsc --noEmit && npx tsc --noEmit -p e2e

vuln: $(vulncheck) ## known vulnerabilities in what is called (asks a database on the network)
	$(vulncheck) -tags $(WINDOW_TAGS) ./...

$(linter) $(vulncheck): tools/go.mod tools/go.sum | go-packages
	@mkdir -p $(@D)
	go -C tools build -o ../bin/tools/ tool

# --- tidy up -------------------------------------------------------------

.PHONY: clean
clean: ## what was built; people's own data is elsewhere and stays
	rm -rf bin frontend/node_modules frontend/e2e/screenshots
	find frontend/dist -mindepth 1 ! -name .keep -delete
