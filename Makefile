# The front door. Underneath are tools/setup, CMake presets and Ninja; `make help` lists the targets.
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := build

PREFIX ?= /usr/local
DESTDIR ?=
# Executions per fuzz target.
N ?= 100000

configure_options = $(if $(EDGEOPT_CACHE),-DEDGEOPT_DEPS_DIR=$(abspath $(EDGEOPT_CACHE)))
# Off a terminal Ninja would print a line per file.
ninja_options := $(shell test -t 1 || echo --quiet)

# $(call compile,PRESET,FOLDER,TARGET): configures once, then builds what changed.
define compile
@test -f $(2)/build.ninja || cmake --preset $(1) $(configure_options) >/dev/null
@cmake --build $(2) --target $(3) -- $(ninja_options)
endef

.PHONY: help
help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' Makefile | expand -t 14

.PHONY: setup
setup: ## install Debian packages and fetch the pinned third-party parts
	@tools/setup --quiet

.PHONY: setup-checks
setup-checks:
	@tools/setup --quiet --checks

.PHONY: build
build: setup ## the program, build/edgeopt (the default)
	$(call compile,release,build,edgeopt)

.PHONY: run
run: build ## the main job on examples/fashion_resnet10.onnx
	@tools/run-example

.PHONY: build-tests
build-tests:
	@tools/setup --quiet --tests
	$(call compile,release,build,all)
	-@tools/prepare-tests build

.PHONY: test
test: build-tests ## build and run all tests of the fast tier
	@tools/run-tests

.PHONY: test-all
test-all: setup-checks build-tests ## also the long tests, sanitizers, fuzzing, clang-tidy
	@tools/run-tests --long
	$(call compile,asan,build-asan,all)
	@tools/run-tests --build build-asan
	@$(MAKE) fuzz N=20000
	@$(MAKE) tidy

.PHONY: fuzz
fuzz: setup-checks ## run each fuzz target N times (make fuzz N=1000000)
	$(call compile,fuzz,build-fuzz,fuzzers)
	@tools/run-fuzzers build-fuzz $(N)

.PHONY: node-cases
node-cases: build-tests ## ONNX's node cases in LiteRT, a table in docs/formats/
	@EDGEOPT_CASES_TABLE=docs/formats/tflite-node-cases.md build/test_pipeline \
	  --gtest_brief=1 --gtest_filter='ConvertNodeCasesLongTest.*' | tail -1
	@sed -n '5,12p' docs/formats/tflite-node-cases.md

.PHONY: tidy
tidy: setup-checks ## clang-tidy over src/
	$(call compile,debug,build-debug,edgeopt_tflite_schema)
	@tools/run-tidy build-debug

.PHONY: check
check: ## layers, file lengths, left-overs, format (part of `make test`)
	@tools/check

.PHONY: format
format: ## clang-format every source file in place
	@git ls-files --cached --others --exclude-standard '*.cc' '*.h' | xargs clang-format-14 -i

.PHONY: arm64
arm64: ## cross-build for arm64 into build-arm64
	@tools/setup --quiet --arch aarch64
	$(call compile,arm64,build-arm64,edgeopt)

.PHONY: bench
bench: build ## measure edgeopt beside its peers (bench/README.md)
	@bench/setup
	@bench/run

.PHONY: install
install: build ## install under $(DESTDIR)$(PREFIX)
	@DESTDIR="$(DESTDIR)" cmake --install build --prefix "$(PREFIX)" | tail -n +2

.PHONY: deb
deb: build ## a Debian package in build/
	@cd build && cpack -G DEB --config CPackConfig.cmake | grep -F .deb

.PHONY: clean
clean: ## remove the build folders (the third-party cache stays)
	@rm -rf build build-debug build-asan build-fuzz build-arm64
