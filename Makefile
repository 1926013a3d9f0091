# make test installs what the tests need (.ci/install) and runs everything. A
# LANDFALL_REQUIRE_ variable turns "skipped, there is no such program" into a failure;
# make test LANDFALL_REQUIRE_SAMBA=0 allows it again.
GO ?= go

.PHONY: test lint fmt bench install pictures

test: export LANDFALL_REQUIRE_SAMBA ?= 1
test: export LANDFALL_REQUIRE_BROWSER ?= 1
test: export LANDFALL_REQUIRE_BACKENDS ?= 1
test: install lint
	$(GO) test -race -timeout 25m ./...
	# What skips under the race detector: 900 processes, and the largest plans.
	$(GO) test -timeout 25m -run '^TestKilled|Of20000|Of6000' ./cmd/landfall ./planner/report

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

# pictures makes the screenshots of README.md again, of examples/tenant-migration/plan.html.
pictures: install
	LANDFALL_REQUIRE_BROWSER=1 LANDFALL_PICTURES=$(CURDIR)/docs/pictures $(GO) test -count=1 -run TestExamplePagesInABrowser ./planner/report

# bench reads nothing but what it generates, on loopback; see bench/bench_test.go.
# ldapsearch (Debian: ldap-utils) is compared with when it is there.
# lang/syncexpr and planner: BenchmarkEval and BenchmarkFlow are what a flow costs on
# one core; BenchmarkMillionUsers (a minute, 4 GB) flows 68 attributes of 1,000,000
# users; BenchmarkBuild is a whole plan.
bench:
	$(GO) test -run '^$$' -bench . -benchmem -timeout 30m ./lang/... ./planner/...
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 30m ./bench
