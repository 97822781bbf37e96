# `make` lists what there is. Needs GNU make 3.81 or newer, a POSIX shell and Python 3.11 or newer.

PY := .venv/bin/python
STARTED := $(shell date +%s)

# A lock whose content changed has another stamp, so its packages are installed again.
stamp = .venv/.$(1)-$(firstword $(shell cat $(2) | cksum))
SHOP := $(call stamp,shop,requirements.txt)
DEV := $(call stamp,dev,requirements-dev.txt)

START = STARTED=$(STARTED) exec $(PY) start.py
PYTEST = FLASK_SKIP_DOTENV=1 $(PY) -m pytest -n 2 --dist worksteal -r s
MUTMUT = $(PY) -c 'from mutmut.__main__ import cli; cli()'
# `sudo make update` does what it does as the owner of this folder, but for the restart.
OWNER = $(shell ls -ld . | awk '{print $$3}')
AS = $(if $(filter-out $(shell id -un),$(OWNER)),sudo -Hu $(OWNER))
stop = { echo "$(1) The shop was not started anew." >&2; exit 1; }
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

.PHONY: help install run serve update updated reset test check check-all soak mutation bench lock

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile

run: $(SHOP) ## the whole demonstration shop at http://localhost:8000 (PORT=, HOST=)
	@$(START) run

serve: $(SHOP) ## the production server over the environment's settings (WORKERS=, PORT=, HOST=)
	@$(START) serve

install: $(SHOP) ## the packages of the shop alone
	@:

update: ## on a server: a backup, the newest version, its packages and migrations, a restart
	@$(AS) git diff --quiet HEAD || $(call stop,Files of the program were changed: see git status.)
	@$(AS) $(PY) -m flask --app wsgi backup || $(call stop,There is no backup.)
	@$(AS) git pull --quiet --ff-only || $(call stop,The newest version could not be fetched.)
	@$(AS) $(MAKE) --no-print-directory updated || $(call stop,The newest version is not ready.)
	@if systemctl cat shop-web.service >/dev/null 2>&1; then \
		systemctl restart shop-web shop-jobs && echo "Updated, and started anew."; \
	else \
		echo "Updated. Now stop the shop, and start it again."; \
	fi

updated: $(SHOP)
	@$(PY) -m flask --app wsgi db upgrade
	@$(PY) -m flask --app wsgi search rebuild

reset: $(SHOP) ## a fresh demonstration shop: removes what was done in the old one
	@$(START) reset

test: $(DEV) ## all quick tests; what is not on this machine is named
	@$(PYTEST) -m 'not slow and not long'

check: $(DEV) ## the gate: format, lint, types, import contracts, templates, every test
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m ruff check --quiet .
	@$(PY) -m mypy
	@$(PY) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()' --no-logo
	@$(PY) -m djlint --lint --quiet templates
	@REQUIRE_ALL=1 $(PYTEST) -m 'not long'

check-all: ## the gate, then everything else there is
	@$(MAKE) check
	@REQUIRE_ALL=1 $(PYTEST) -m long
	@$(MAKE) soak
	@$(MAKE) mutation
	@$(MAKE) bench

soak: $(DEV) ## everything at once, with faults and kills, on each database (MINUTES=, 10 unless told)
	@SOAK_MINUTES=$(or $(MINUTES),10) FLASK_SKIP_DOTENV=1 $(PY) -m pytest -q tests/integrity/test_soak.py

mutation: $(DEV) ## figures: how many small mistakes in stock and money the tests see
	@rm -rf mutants
	@PATH="$(abspath $(dir $(PY))):$$PATH" FLASK_SKIP_DOTENV=1 $(MUTMUT) run --max-children 2
	@$(PY) -m bench.mutants

bench: $(DEV) ## figures: how fast, beside bare Flask on the same server
	@$(PY) -m bench

lock: ## write the locked requirements anew (needs uv)
	@$(COMPILE) requirements.in -o requirements.txt
	@$(COMPILE) requirements-dev.in -o requirements-dev.txt

$(SHOP): | .venv/bin/pip
	@echo "Installing the shop's packages: about half a minute, this once."
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.txt
	@rm -f .venv/.shop-* && touch $@

$(DEV): | .venv/bin/pip
	@echo "Installing the shop's packages and the checks': about a minute, this once."
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@rm -f .venv/.shop-* .venv/.dev-* && touch $@ $(SHOP)

# The first of these that is new enough; PYTHON= names another.
.venv/bin/pip:
	@for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		"$$python" -c 'import ensurepip, venv' 2>/dev/null && exec "$$python" -m venv --clear .venv; \
		lacking=$$python; \
	done; \
	if [ "$$lacking" ]; then \
		echo "$$lacking has no venv module; install it (Debian, Ubuntu: apt install python3-venv)." >&2; \
	else \
		echo "Python 3.11 or newer is needed; name one: make run PYTHON=/path/to/python3.11" >&2; \
	fi; \
	exit 1
