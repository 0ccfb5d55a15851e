# Two commands matter to a newcomer: `make demo` and `make test`. Both do all their set-up in .venv,
# from pins with hashes, and again only when the pins have changed. Tools are run as `python -m`,
# because the scripts in a virtual environment break where its path holds a space.

PY := .venv/bin/python
export PTB_TIMEDELTA := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# What to run: `make demo PORT=9000`, `make test ARGS="tests/dialogs -x"`, `make chaos KILLS=1000`.
PORT ?= 8080
ARGS ?=
KILLS ?= 30

.DEFAULT_GOAL := help
.PHONY: help demo test check bench chaos pins venv runtime testing benching

help:
	@echo "make demo    try Handrail in the browser, with a patient's and a counselor's phone"
	@echo "make test    run every test"
	@echo "make check   only the fast rules: ruff, mypy, import contracts"
	@echo "make bench   measure Handrail against what people would otherwise write"
	@echo "make chaos   kill it until convinced (KILLS=$(KILLS))"
	@echo "make pins    pin the dependencies of pyproject.toml anew"

demo: runtime
	@$(PY) -m bot demo --port $(PORT)

test: testing
	@$(PY) -m pytest -n 3 --dist worksteal $(ARGS)

check: testing
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@$(PY) -c "from importlinter.cli import lint_imports_command; lint_imports_command()"

bench: benching
	@$(PY) -m tests.bench $(ARGS)

chaos: testing
	@$(PY) -m pytest tests/chaos/controls.py tests/alerts/controls.py tests/store/controls.py
	@LONG=1 $(PY) -m pytest tests/alerts/test_machine.py tests/alerts/test_silence.py tests/store/test_machine.py tests/sender/test_machine.py
	@$(PY) -m tests.chaos.fuzz
	@$(PY) -m tests.chaos --kills $(KILLS) $(ARGS)

# The first python on the PATH that is new enough and whole. A virtual environment that no longer
# starts, or that an older one made, is made again.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))

venv:
	@$(PY) -c 'import pip; $(NEW_ENOUGH)' 2>/dev/null && exit 0; \
	for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	    $$python -c '$(NEW_ENOUGH)' 2>/dev/null || continue; \
	    found=$$python; \
	    $$python -c 'import venv, ensurepip' 2>/dev/null || continue; \
	    rm -rf .venv && exec $$python -m venv .venv; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "Handrail needs Python 3.11 or newer, and none was found on the PATH." >&2; \
	else \
	    echo "Python's venv is missing: install it first (on Debian and Ubuntu: apt-get install python3-venv)." >&2; \
	fi; exit 2

# $(call install,PINS,NAME): the pins are copied in beside what they installed, and compared next time.
# The pins of the tests and of the bench contain those of the program, so any of them will do for it.
define install
	@if ! cmp -s $(1) .venv/$(2).pins; then \
	    echo "Installing what $(1) pins into .venv ..." >&2; \
	    $(PY) -m pip install --quiet --require-hashes -r $(1) && cp $(1) .venv/$(2).pins; \
	fi
endef

runtime: venv
	$(call install,requirements.txt,runtime)

testing: runtime
	$(call install,tests/requirements.txt,testing)

benching: testing
	$(call install,tests/bench/requirements.txt,bench)

pins:
	@if ! command -v uv >/dev/null && ! [ -x .venv/bin/uv ]; then \
	    echo "Pinning needs uv: install it first (pip install uv)." >&2; exit 2; \
	fi
	@PATH="$$PATH:.venv/bin"; \
	compile() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate "$$@"; }; \
	compile pyproject.toml -o requirements.txt && \
	compile pyproject.toml --group test -o tests/requirements.txt && \
	if grep -q '^bench = ' pyproject.toml; then \
	    compile pyproject.toml --group test --group bench -o tests/bench/requirements.txt; \
	fi
