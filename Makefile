# Two commands are enough: "make run" to try Winnow, "make test" to check it. Each does the set-up that it needs.

GO      ?= go
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo development)
export CGO_ENABLED ?= 0

.PHONY: help deps npm assets build run test check race fuzz screens bench vuln clean

help: ## list what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

# What the tests drive for real. A fresh machine has Go, Node, git, make and apt.
PACKAGES = chromium libreoffice-writer poppler-utils postgresql fonts-liberation fonts-noto-color-emoji

deps: node_modules/.installed ## install what the tests need (Debian packages, npm packages, Go modules)
	@missing=; for p in $(PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	  sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  $$sudo apt-get -q update && DEBIAN_FRONTEND=noninteractive $$sudo apt-get -q install -y --no-install-recommends $$missing; fi
	$(GO) mod download

node_modules/.installed: package.json package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

assets: internal/web/static/dist/.built

internal/web/static/dist/.built: node_modules/.installed $(shell find internal/web/style internal/web/script internal/web/build -type f 2>/dev/null)
	$(GO) run ./internal/web/build
	@touch $@

build: assets ## build bin/winnow
	$(GO) build -trimpath -ldflags="-s -w -X main.version=$(VERSION)" -o bin/winnow ./cmd/winnow

run: build ## build and start Winnow at http://127.0.0.1:8008 with a demonstration department
	bin/winnow serve --demo --organisation "Department for Coasts and Waterways"

test: deps build ## run all tests, with all set-up
	$(GO) test ./...
	PREVIEW=$$(mktemp -d) $(GO) test -tags browser ./internal/web

check: ## formatting, vet, staticcheck
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$unformatted" ] || { echo "not gofmt-ed:"; echo "$$unformatted"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

race: ## run the tests of the concurrent parts under the race detector (needs gcc)
	CGO_ENABLED=1 $(GO) test -race ./internal/vault ./internal/session ./internal/note ./internal/bus ./internal/room ./internal/wire ./internal/matrix

FUZZTIME ?= 30s

fuzz: ## fuzz every parser, FUZZTIME for each
	@for f in $$(git grep -l '^func Fuzz' -- '*_test.go'); do for t in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' $$f); do \
	  echo "$$t in $$(dirname $$f)"; $(GO) test -run '^$$' -fuzz "^$$t\$$" -fuzztime $(FUZZTIME) ./$$(dirname $$f) || exit 1; done; done

screens: deps build ## play the demonstration and take the pictures of docs/screens
	$(GO) test -tags screens -count=1 -run TestScreens ./internal/story

bench: build ## run the benchmarks
	$(GO) test -run '^$$' -bench . -benchmem -benchtime 300ms ./...

vuln: ## look for known vulnerabilities (needs the Go vulnerability database)
	$(GO) tool govulncheck ./...

clean: ## remove what was built
	rm -rf bin node_modules internal/web/static/dist/.built
	find internal/web/static/dist -type f ! -name placeholder.txt -delete
