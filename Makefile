# The commands of the project. People and CI use the same ones.
#   make demo    set up, run `xent compare` on the embedded data and `xent audit` on what it predicts, say where the
#                results are
#   make test    set up, run every test
#   make check   set up, run ruff, mypy --strict, and the tests of layers and documentation
#   make bench   set up, measure speed, memory and accuracy beside other losses; BENCH=--quick for a minute's look
#   make lint-suite   count what the linter finds of planted mistakes, and its false alarms, into docs/lint-suite.md
#   make sanitize   run the kernels on random problems under AddressSanitizer and UBSan; needs cmake and a C++ compiler
#   make install-check   install as where there is no C++ compiler, and compute a loss
#   make clean   remove everything that these commands made

PYTHON ?= python3
VENV ?= .venv
DEMO_OUT ?= results/demo
DEMO_AUDIT_OUT ?= results/audit
DEMO_AUDITED := ce-seed0 balanced-softmax-seed0
BENCH ?=
BENCH_OUT ?= results/bench
CMAKE ?= cmake
SANITIZE_BUILD ?= build/sanitize
INSTALL_CHECK ?= build/install-check
BIN := $(VENV)/bin
STAMP := $(VENV)/installed

# A spinning OpenMP barrier costs milliseconds on a busy machine, a passive one microseconds.
export OMP_WAIT_POLICY ?= passive

# Where there is a C++ compiler, a test asks for the native module, without which the package would work too.
export XENT_REQUIRE_NATIVE ?= $(if $(shell command -v $(CXX)),1)

NATIVE_SOURCES := CMakeLists.txt $(wildcard csrc/*.cpp csrc/*.h csrc/kernels/*)

.PHONY: demo test check bench lint-suite sanitize install-check clean

demo: $(STAMP)
	$(BIN)/xent compare --out $(DEMO_OUT)
	@for run in $(DEMO_AUDITED); do \
	    set -- $(DEMO_OUT)/runs/$$run.npz --out $(DEMO_AUDIT_OUT)/$$run; \
	    printf '\n%s\n\n' "$(BIN)/xent audit $$*"; \
	    $(BIN)/xent audit "$$@"; status=$$?; \
	    if [ $$status = 1 ]; then echo "Exit status 1: the audit found an error, shown above. It fails a CI job; the demo goes on."; \
	    elif [ $$status != 0 ]; then exit $$status; fi; \
	done

test: $(STAMP)
	$(BIN)/python -m pytest -n 2 tests

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_layers.py tests/test_public_names.py

bench: $(STAMP)
	$(BIN)/xent bench $(BENCH) --out $(BENCH_OUT)

lint-suite: $(STAMP)
	$(BIN)/python -m tests.linter.suite

sanitize:
	$(CMAKE) -S . -B $(SANITIZE_BUILD) -DXENT_SANITIZE=ON
	$(CMAKE) --build $(SANITIZE_BUILD) --parallel 2
	$(SANITIZE_BUILD)/fuzz_kernels

# In a build folder of its own: that of the installed module stays as it is.
install-check: $(STAMP)
	rm -rf $(INSTALL_CHECK)
	CC=/bin/false CXX=/bin/false $(BIN)/python -m pip wheel --disable-pip-version-check --no-deps \
	    -C build-dir=$(INSTALL_CHECK)/cmake -w $(INSTALL_CHECK) .
	$(BIN)/python .ci/check_pure_wheel.py $(INSTALL_CHECK)

$(STAMP): pyproject.toml constraints.txt $(NATIVE_SOURCES)
	@test -x $(BIN)/python || echo "Setting up $(VENV), once; it takes a few minutes and holds 1.4 GB, most of it torch."
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e ".[test,check]"
	@touch $(STAMP)

clean:
	rm -rf $(VENV) build dist results .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
