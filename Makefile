# "make help" lists what can be made.

GO          ?= go
FUZZTIME    ?= 10s
TESTFLAGS   ?=
BENCHFLAGS  ?=
TELL         = $(GO) run ./internal/conformance -page=false
STATICCHECK  = honnef.co/go/tools/cmd/staticcheck@v0.8.2
PLATFORMS    = linux/amd64 linux/arm64 linux/386 darwin/arm64 windows/amd64 freebsd/amd64

.PHONY: build
build: ## build bin/sealane
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/ ./cmd/sealane

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: test
test: ## run the tests that need nothing but Go
	$(GO) test $(TESTFLAGS) ./...

.PHONY: race
race: ## run them under the race detector (needs a C compiler), in random order
	$(GO) test -json -race -shuffle=on $(TESTFLAGS) ./... | $(TELL)

.PHONY: long
long: ## the tests that take minutes: a clock of the wall that jumps, the time that a wrong name takes
	INTEROP_LONG=1 $(GO) test -count=1 -v -timeout 30m -run 'F09WallClock|S22Time' $(TESTFLAGS) ./ftpserver ./internal/daemon

.PHONY: interop
interop: ## run the tests against real clients; installs them on Debian
	interop/install.sh
	$(GO) test -tags interop -count=1 -v -run '^TestVersions$$' ./interop
	$(GO) test -json -tags interop -count=1 -p 2 -parallel 6 -timeout 30m $(TESTFLAGS) ./interop/... ./internal/cli | $(TELL)

.PHONY: durability
durability: ## kill the server and cut the power, 1,000 and 400 times; as root on Debian
	interop/install.sh
	INTEROP_LONG=1 INTEROP_REQUIRE=1 $(GO) test -tags interop -count=1 -v -timeout 2h $(TESTFLAGS) ./interop/durability

.PHONY: lint
lint: ## gofmt, go vet and staticcheck
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then \
		echo "these files are not formatted, run gofmt -w on them:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) vet -tags interop ./interop/... ./internal/cli
	$(GO) run $(STATICCHECK) ./...
	$(GO) run $(STATICCHECK) -tags interop ./interop/... ./internal/cli

.PHONY: cross
cross: ## type-check for every system that must compile, tests included
	@for p in $(PLATFORMS); do \
		echo "go vet for $$p"; \
		GOOS=$${p%/*} GOARCH=$${p#*/} CGO_ENABLED=0 $(GO) vet ./... || exit 1; \
	done

.PHONY: docs
docs: ## write the generated pages of docs/
	$(GO) run ./internal/docgen docs

.PHONY: check-docs
check-docs: ## fail if a generated page is out of date
	@tmp=$$(mktemp -d) && trap 'rm -rf "$$tmp"' EXIT && \
	$(GO) run ./internal/docgen "$$tmp" && cd "$$tmp" && \
	for page in $$(find . -type f); do \
		diff -u "$(CURDIR)/docs/$$page" "$$page" || { echo "docs/$${page#./} is out of date: run make docs"; exit 1; }; \
	done

.PHONY: conformance
conformance: ## run the tests and write docs/conformance.md from them
	$(GO) test -json $(TESTFLAGS) ./... | $(GO) run ./internal/conformance

.PHONY: check-conformance
check-conformance: ## run the tests, and fail also if docs/conformance.md is out of date
	$(GO) test -json $(TESTFLAGS) ./... | $(GO) run ./internal/conformance -check

.PHONY: bench
bench: ## measure against other servers, as root on Debian; flags in BENCHFLAGS
	bench/install.sh bin/bench-servers
	$(GO) run ./bench $(BENCHFLAGS)

.PHONY: bench-client
bench-client: ## measure against other clients, as root on Debian; flags in BENCHFLAGS
	bench/install.sh bin/bench-servers
	$(GO) run ./bench clients $(BENCHFLAGS)

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (10s)
	.ci/fuzz $(FUZZTIME)

.PHONY: clean
clean: ## delete what was built
	rm -rf bin
