# make            lists the targets
# make test ARGS='-m core,adapters/fs -- -run TestName -count 5'

MAKEFLAGS += --no-print-directory
REPO = GOWORK=off go -C tools run ./repo -root ..
ARGS ?=
FUZZTIME ?= 10s
BENCH ?= .
COUNT ?= 5
SEEDS ?= 1000000

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## load 1,700 earthquakes into ./data and ask questions; run it twice
	@cd examples && GOWORK=off go run ./quickstart -data ../data

.PHONY: test
test: ## the tests of every module; ARGS for modules and flags of go test
	@$(REPO) test $(ARGS)

.PHONY: services
services: ## the servers that tests use: redis-server by the system's packages, the others built
	@.ci/services

.PHONY: images
images: ## images of those servers for the Docker engine here, without a registry
	@GOWORK=off go -C conformance/services run ./images

.PHONY: check
check: ## everything that must hold beside the tests
	@$(REPO) check

.PHONY: lint
lint: ## golangci-lint in every module
	@$(REPO) lint

.PHONY: tidy
tidy: ## siblings, go.work and go mod tidy in every module
	@$(REPO) tidy

.PHONY: deps-write
deps-write: ## accept the foreign modules of now into deps/; read the change
	@$(REPO) deps -write

.PHONY: release-check
release-check: ## build and run consumers of the modules as released
	@$(REPO) release-check

.PHONY: bench
bench: ## against the system calls, five runs and their spread; BENCH=regexp, COUNT=n
	@mkdir -p .cache
	@go -C conformance/engine test ./speed -run '^$$' -bench '$(BENCH)' -count $(COUNT) | tee .cache/bench.txt
	@go -C adapters/fs test . -run '^$$' -bench 'AgainstRaw/.*($(BENCH))' -count $(COUNT) | tee -a .cache/bench.txt
	@$$($(REPO) tool benchstat) .cache/bench.txt

.PHONY: fuzz
fuzz: ## every fuzz function for FUZZTIME (10s)
	@$(REPO) fuzz -time $(FUZZTIME) $(ARGS)

.PHONY: soak
soak: ## the simulation: SEEDS histories (1000000) of each workload; ARGS='-run TestName'
	@SB_SEEDS=$(SEEDS) GOWORK=off go -C conformance/simulation test -timeout 0 -v $(ARGS) .

.PHONY: cover
cover: ## share of statements that each package's own tests reach
	@$(REPO) each $(ARGS) go test -cover ./...

.PHONY: clean
clean: ## remove the data of the demo and local caches, not the tool cache
	@rm -rf data .cache
