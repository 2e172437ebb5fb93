# The commands of the project. People and CI use the same ones.
#   make demo    set up, run `xent compare` on the embedded data, say where the results are
#   make test    set up, run every test
#   make check   set up, run ruff, mypy --strict, and the tests of layers and documentation
#   make clean   remove everything that these commands made

PYTHON ?= python3
VENV ?= .venv
DEMO_OUT ?= results/demo
BIN := $(VENV)/bin
STAMP := $(VENV)/installed

# A spinning OpenMP barrier costs milliseconds on a busy machine, a passive one microseconds.
export OMP_WAIT_POLICY ?= passive

.PHONY: demo test check clean

demo: $(STAMP)
	$(BIN)/xent compare --out $(DEMO_OUT)

test: $(STAMP)
	$(BIN)/python -m pytest -n 2 tests

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_layers.py tests/test_public_names.py

$(STAMP): pyproject.toml constraints.txt
	@echo "Setting up $(VENV), once; it takes a few minutes and holds 1.4 GB, most of it torch."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e ".[test,check]"
	@touch $(STAMP)

clean:
	rm -rf $(VENV) build dist results .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
