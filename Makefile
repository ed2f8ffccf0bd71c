# make demo   installs into .venv and shows the engine at work
# make test   the fast tests, three to five minutes on two cores
# make speed  the engine alone: one claim, a million lines, ten million
# make bench  the engine beside DuckDB, Polars and others, about six minutes (FULL=1: thirty)
# make check  style and types;  make slow  the long tests;  make soak  half a million simulated operations, half an hour

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help install demo test slow soak speed bench lint types check clean

help:
	@sed -n 's/^# //p' Makefile

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml .ci/install
	@PYTHON="$(PYTHON)" .ci/install $(VENV)

demo: $(VENV)/.installed
	@$(BIN)/python -m examples.demo

test: $(VENV)/.installed
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile

slow: $(VENV)/.installed
	$(BIN)/python -m pytest -m "slow and not alone" -n 2
	$(BIN)/python -m pytest -m alone

soak: $(VENV)/.installed
	$(BIN)/python -m pytest -m soak -n 2

speed: $(VENV)/.installed
	$(BIN)/python -m pytest benchmarks --benchmark-enable --benchmark-columns=min,median,rounds

bench: $(VENV)/.installed
	$(BIN)/python -m pip install -q -e .[peers]
	$(BIN)/python -m benchmarks.compare $(if $(FULL),--full)

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check adjudicator catalogs api tests examples benchmarks

types: $(VENV)/.installed
	$(BIN)/mypy

check: lint types

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
