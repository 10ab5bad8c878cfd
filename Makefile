# The two commands of the README are `make demo` and `make test`; the rest serves them.

SWIFT ?= swift
# What `swift build` is given besides; .ci/run leaves out what only people at work on the sources need.
BUILD_FLAGS ?=
PROGRAMS := birthmark birthmark-factory birthmark-verifier birthmark-device birthmark-gateway birthmark-swtpm

.PHONY: programs demo offline-drill fleet incident soak test bench fuzz kill-matrix seeds lint law deps build

demo: programs
	@scripts/demo

# A ship without a network: every bound of a delayed grant refuses once.
offline-drill: programs
	@scripts/offline-drill

# Two gateways and twenty devices without a TPM: every part is killed, cut off and brought back.
fleet: programs
	@scripts/fleet

# A release is found to be bad: who took it, the end of their trust, the fixed one on them first, and the proof.
incident: programs
	@scripts/incident

# A verifier under mixed load for SOAK_SECONDS (120; an hour when it counts): killed, without room, slow, with a wrong clock.
soak: programs
	@scripts/soak

programs: deps
	@scripts/quietly "building the programs (the first build takes some minutes)" $(SWIFT) build $(BUILD_FLAGS) $(addprefix --product ,$(firstword $(PROGRAMS)))
	@for program in $(wordlist 2,9,$(PROGRAMS)); do scripts/quietly "building $$program" $(SWIFT) build $(BUILD_FLAGS) --product $$program || exit; done

test: deps lint
	@scripts/deps tests
	$(SWIFT) build $(BUILD_FLAGS) --build-tests
	scripts/law
	scripts/run-tests
	scripts/attacks
	scripts/edge-cases
	scripts/readme
	scripts/readme swtpm/README.md
	scripts/fleet --children 4
	scripts/incident --devices 9

# Twenty minutes on two idle cores of today, an hour and a half on slower ones, most of it for the large records; BENCH_RESUME=1 goes on where a run was interrupted.
bench: deps
	@scripts/quietly "building the benchmarks for release (the first build takes some minutes)" $(SWIFT) build -c release --product birthmark-bench
	@cc -O2 -shared -fPIC -o .build/release/count-allocations.so Benchmarks/count-allocations.c
	@LD_PRELOAD=$(CURDIR)/.build/release/count-allocations.so .build/release/birthmark-bench run $(if $(BENCH_RESUME),--resume)

# Apart from all other builds: the fuzzer watches every branch, which costs time.
INSTRUMENTED := env BIRTHMARK_FUZZ=1 $(SWIFT) build $(BUILD_FLAGS) --scratch-path .build-fuzz -c release -Xswiftc -sanitize=fuzzer

fuzz: deps
	@scripts/quietly "building the instrumented parsers" $(INSTRUMENTED) --product birthmark-fuzz
	scripts/fuzz $(TARGETS)

# Some thousand births and updates, each struck at another moment; KILL_MATRIX=births,updates takes parts of it.
kill-matrix: deps
	@scripts/quietly "building the tests" $(SWIFT) build $(BUILD_FLAGS) --build-tests
	scripts/kill-matrix

seeds: deps
	$(INSTRUMENTED) --product birthmark-seeds
	.build-fuzz/release/birthmark-seeds Fuzz/Seeds

lint:
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests Fuzz swtpm Benchmarks
	scripts/no-traps

law: build
	scripts/law

build:
	$(SWIFT) build $(BUILD_FLAGS)

deps:
	@scripts/deps
