# make run    is all that a fresh machine needs. Settings, given before or after the command:
#   PYTHON=python3.12   the interpreter to build .venv with
#   UV=no               install with pip alone
#   PORT=8001           where the web process listens
#   ARGS="-k upload"    passed on to pytest, which then runs no browser tests

PYTHON ?= $(shell test -x .venv/bin/python && echo .venv/bin/python || echo python3)
INSTALL = $(PYTHON) install.py $(if $(filter no,$(UV)),--without-uv)
LEND = .venv/bin/python -m embedded exec --temporary --

.PHONY: help run test test-site test-beside faults bench lint lock messages sbom audit demo-reset shell clean install-dev

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Install what is missing, start everything and print the address; Ctrl-C stops it
	@$(INSTALL)
	@exec .venv/bin/python -m embedded run

test test-site test-beside: export DJANGO_SETTINGS_MODULE = clinic.settings.testing
test test-site test-beside: export MODEL_CACHE ?= $(CURDIR)/var/model-cache
test: install-dev ## Run the whole suite on a PostgreSQL and a broker of its own
ifneq ($(strip $(ARGS)),)
	@$(LEND) python -m pytest --ignore=tests/browser $(ARGS)
	@echo "Left out: tests/browser, because ARGS were given."
else
	@exec $(MAKE) --no-print-directory --jobs=2 --keep-going test-site test-beside
endif

# The models' tests, those of faults and of deployment, then the browser's run beside the others on a second core, and
# are shown when they are done.
test-site:
	@$(LEND) python -m pytest --ignore=tests/browser --ignore=tests/mlcore --ignore=tests/faults --ignore=tests/deployment

test-beside:
	@mkdir -p var
	@$(LEND) sh -c '\
		worst=0; \
		run() { name=$$1; shift; python -m pytest "$$@" > var/tests-$$name.txt 2>&1 || worst=$$?; cat var/tests-$$name.txt; }; \
		run mlcore tests/mlcore; \
		run faults tests/faults tests/deployment; \
		if command -v chromium > /dev/null; then run browser tests/browser; \
		else echo "Left out: tests/browser, because chromium is not installed (apt install chromium)."; fi; \
		exit $$worst'

faults: install-dev ## Hurt a site of its own in every way we know, and prove what it kept (ARGS="--random 10000", ARGS="--mutated 10000")
	@.venv/bin/python -m tests.faults --models var/model-cache $(ARGS)

bench: install-dev ## Measure speed, memory and lists against their goals: benchmarks/results.md (ARGS="--only lists")
	@.venv/bin/python -m benchmarks $(ARGS)

lint: export DJANGO_SETTINGS_MODULE = clinic.settings.testing
lint: install-dev ## Check format, rules, types, imports, migrations and production settings
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/lint-imports
	@$(LEND) sh -exc 'mypy .; python manage.py makemigrations --check --dry-run'
	DJANGO_SETTINGS_MODULE=clinic.settings.production ALLOWED_HOSTS=reader.hospital.example \
		$(LEND) python manage.py check --deploy --fail-level WARNING

lock: install-dev ## Renew the locked versions within what requirements*.in allow
	for name in requirements requirements-dev requirements-uv requirements-node; do \
		.venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --upgrade --quiet \
			--custom-compile-command 'make lock' $$name.in -o $$name.txt || exit 1; \
	done
	.venv/bin/python -m embedded.front_end lock

messages: install-dev ## Collect what pages say into locale/, to be translated
	@SECRET_KEY=none DATABASE_URL=postgres://nobody/nothing BROKER_URL=redis://nowhere \
		DJANGO_SETTINGS_MODULE=clinic.settings.testing .venv/bin/python manage.py collect_messages

sbom: install-dev ## List every locked package in var/sbom*.json (CycloneDX), for those who must know what runs
	@mkdir -p var
	@.venv/bin/python -W ignore -m cyclonedx_py requirements requirements.txt --pyproject pyproject.toml --mc-type application \
		--output-reproducible --of JSON -o var/sbom.json
	@.venv/bin/python -m embedded.front_end sbom var/sbom-front-end.json
	@echo "The lists are var/sbom.json and, of what pages load in the browser, var/sbom-front-end.json."

audit: install-dev ## Look up the locked packages among known vulnerabilities
	@.venv/bin/python deploy/audit.py
	@.venv/bin/python -m embedded.front_end audit

demo-reset: ## Put the demo back to how it was at the first make run; SURE=yes asks nothing
	@$(INSTALL)
	@exec .venv/bin/python -m embedded reset $(if $(filter yes,$(SURE)),--sure)

shell: ## Open Django's shell on the data of this folder
	@$(INSTALL)
	@exec .venv/bin/python -m embedded exec -- python manage.py shell

clean: ## Remove what can be made again: packages and caches, never the data in var/
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './var/*' -prune -exec rm -rf {} +

install-dev:
	@$(INSTALL) --dev
