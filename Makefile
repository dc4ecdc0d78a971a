# Everything runs in .venv, which the first target builds from PyPI alone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check format proto clean

demo: $(READY)
	$(BIN)/hadir-demo $(ARGS)

# The fast tests run once, in check.
FAST := tests/unit tests/test_house_rules.py

test: check
	$(BIN)/python -m pytest $(addprefix --ignore=,$(FAST))

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd proto && ../$(BIN)/buf format --diff --exit-code && ../$(BIN)/buf lint
	$(BIN)/python -m pytest $(FAST)

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	cd proto && ../$(BIN)/buf format --write

proto: $(READY)
	cd proto && ../$(BIN)/buf format --write && ../$(BIN)/buf lint
	$(BIN)/python -m grpc_tools.protoc -I proto --python_out=proto --pyi_out=proto \
		--grpc_python_out=proto proto/hadir/v1/*.proto

# uv applies the override of pyproject.toml that keeps the GUI build of OpenCV out.
$(READY): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache demo-data
