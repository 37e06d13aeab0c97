# Every target makes .venv first if it is not there; Python 3.11 or newer is all a machine needs to have.
SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV := .venv/bin
DEMO_DIR ?= demo-out
HQ_DIR ?= .hq
HQ_PORT ?= 8765
# Tests side by side; 0 runs them one after the other in one process.
# One more than there are cores: tests wait for processes they started, but each that runs them reads all of them,
# which takes ten seconds. In a fresh clone one reads them first, so that not every one compiles all of them.
JOBS ?= 3
# Settings of whoever calls make are not those of the demo, the tests or the figures.
CLEAN_ENV := env -u CRM_PROFILE -u CRM_PASSPHRASE -u CRM_SERVER_DATA PYTHONDONTWRITEBYTECODE=
LINT := $(VENV)/ruff check . && $(VENV)/mypy && $(VENV)/lint-imports --no-logo
OFFSCREEN := $(CLEAN_ENV) QT_QPA_PLATFORM=offscreen

# The pictures docs/pictures/README.md shows in one look, named by its folder there.
toured = $(shell grep -o "$(1)/[a-z-]*[.]png" docs/pictures/README.md | sed 's|.*/||; s|\.png||')
comma := ,
space := $(subst ,, )
define tour
$(OFFSCREEN) $(VENV)/python -m crm_desktop.ui.pictures build/pictures/$(1) \
  --tour $(subst $(space),$(comma),$(strip $(call toured,$(1)))) $(2) && mkdir -p docs/pictures/$(1) && \
for name in $(call toured,$(1)); do \
  $(VENV)/python installer/reduce_picture.py build/pictures/$(1)/$$name.png docs/pictures/$(1)/$$name.png; done
endef

.PHONY: help setup demo test check bench soak app server pictures package clean

help: ## Show what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: ## Make .venv with all packages (every other target does it by itself)
	@installer/setup.sh

demo: setup ## One HQ, two laptops, offline edits, one sync: the whole program in one go, without a window
	@rm -rf demo-out # the one of last time; a folder named by DEMO_DIR is left alone
	@$(OFFSCREEN) $(VENV)/crm demo --no-window --dir $(DEMO_DIR)

test: ## Lint, types, import contracts and all tests
	@installer/setup.sh tests
	@$(LINT) & linting=$$!; \
	test -d tests/__pycache__ || $(OFFSCREEN) $(VENV)/python -m pytest --collect-only -q >/dev/null; \
	$(OFFSCREEN) $(VENV)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS); \
	tested=$$?; wait $$linting; exit $$((tested | $$?))

check: setup ## Lint, types and import contracts alone
	@$(LINT)

bench: setup ## Measure, and write docs/performance.md
	@$(OFFSCREEN) $(VENV)/python -m benchmarks

soak: setup ## Many laptops, bad networks, hours of edits in minutes: does everything arrive?
	@$(OFFSCREEN) $(VENV)/python -m benchmarks.soak

app: setup ## Open the window
	@$(VENV)/crm-desktop

server: setup ## Run an HQ of your own on this machine (HQ_DIR, HQ_PORT)
	@test -f $(HQ_DIR)/crm-server.toml || $(VENV)/crm-server --data $(HQ_DIR) init --admin admin
	@$(VENV)/crm-server --data $(HQ_DIR) serve --port $(HQ_PORT)

pictures: setup ## Draw the pictures of docs/pictures anew from the demo
	@rm -rf build/pictures
	@$(OFFSCREEN) $(VENV)/crm demo --no-window --dir build/pictures
	@for name in $$(grep -o 'docs/pictures/[a-z-]*\.png' README.md); do \
		$(VENV)/python installer/reduce_picture.py build/pictures/pictures/$$(basename $$name) $$name; done
	@$(call tour,light,)
	@$(call tour,dark-zh,--dark --language zh_CN)
	@$(call tour,large,--scale 2 --size 1600x1000)
	@$(call tour,empty,--empty)

package: setup ## Build the Linux package: a folder, an archive and a .deb in dist/
	@installer/linux/build.sh

clean: ## Remove what was made, but neither .venv nor an HQ of your own
	@rm -rf build dist demo-out .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -not -path './.venv/*' -not -path './.uv/*' -prune -exec rm -rf {} +
