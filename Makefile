# make test installs what the tests need (Debian: Samba) and runs everything.
GO ?= go

.PHONY: test go-test lint fmt bench install

test: install lint
	LANDFALL_REQUIRE_SAMBA=$${LANDFALL_REQUIRE_SAMBA-1} $(GO) test -race -timeout 14m ./...

install:
	.ci/install

lint:
	@out=$$(gofmt -l .); if [ -n "$$out" ]; then echo "gofmt: $$out"; exit 1; fi
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	.ci/vulncheck

fmt:
	gofmt -w .

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./lang/... ./planner/... ./bench/...
