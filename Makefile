# The targets are CI's too. `uv` installs what is missing on first use.
RUN = uv run --group dev

.PHONY: check lint types imports test bench pins docker-lint

check: lint types imports docker-lint test

lint:
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) python -m flotia.catalogue check > /dev/null

types:
	$(RUN) mypy

imports:
	$(RUN) lint-imports

docker-lint:
	$(RUN) hadolint Dockerfile
	$(RUN) check-jsonschema --builtin-schema vendor.compose-spec compose.yaml

test:
	$(RUN) pytest

bench:
	$(RUN) python -m bench.startup
	$(RUN) python -m bench.engine
	$(RUN) --group bench python -m bench.draws
	$(RUN) python -m bench.bulk
	$(RUN) python -m bench.quality
	$(RUN) python -m bench.judgement
	$(RUN) python -m bench.identity

# The pins of the whole tree: constraints that `uv run` honours, and a hashed file for pip.
pins:
	python3 tools/pins.py
